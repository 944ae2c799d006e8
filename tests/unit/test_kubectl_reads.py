"""Events, usage, rollouts and what the server says of itself, over a cluster in memory."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.errors import UpstreamError
from bot.domain.evidence import EvidenceState
from tests.unit.kube_fake import FakeCluster, ago, event, pod, thing
from tests.unit.kubectl_reading import read


def node(name: str) -> dict[str, Any]:
    return thing(
        "Node",
        name,
        None,
        spec={"taints": [{"key": "gpu", "value": "yes", "effect": "NoSchedule"}]},
        status={
            "allocatable": {"cpu": "4", "memory": "8Gi", "pods": "58"},
            "conditions": [{"type": "Ready", "status": "False", "reason": "KubeletDead"}],
            "nodeInfo": {"kubeletVersion": "v1.33.1"},
        },
    )


def deployment(name: str = "web", **fields: Any) -> dict[str, Any]:
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": {}}
    return thing("Deployment", name, spec=spec | fields.pop("spec", {}), **fields)


def revision(number: int, owner: dict[str, Any], image: str, **env: str) -> dict[str, Any]:
    variables = [{"name": key, "value": value} for key, value in env.items()]
    container = {"name": "app", "image": image, "env": variables}
    return thing(
        "ReplicaSet",
        f"{owner['metadata']['name']}-{number}",
        owner=owner,
        labels={"app": owner["metadata"]["name"]},
        annotations={
            "deployment.kubernetes.io/revision": str(number),
            "kubernetes.io/change-cause": f"release {number}",
        },
        spec={"replicas": 2, "template": {"spec": {"containers": [container]}}},
        status={"readyReplicas": 1},
    )


class TestEvents:
    def test_they_are_listed_newest_last_with_their_window(self) -> None:
        web = pod("web")
        cluster = FakeCluster(
            event("B", web, at=ago(minutes=1)), event("A", web, at=ago(minutes=5), count=3)
        )
        found = read(cluster, "kubectl events")
        assert found.grid is not None
        assert [row[3] for row in found.grid.rows] == ["A", "B"]
        assert found.grid.rows[0][:2] == ("5m", "2026-11-20T11:55:00Z")
        assert found.grid.rows[0][5] == "3"
        assert found.window is not None
        assert (found.window.end - found.window.start).total_seconds() == 240

    def test_they_can_be_asked_for_one_object_and_one_type(self) -> None:
        web, db = pod("web"), pod("db")
        cluster = FakeCluster(
            event("A", web, at=ago(minutes=1)),
            event("B", web, at=ago(minutes=1), kind="Normal"),
            event("C", db, at=ago(minutes=1)),
        )
        found = read(cluster, "kubectl events --for=pod/web --types=Warning")
        assert found.grid is not None
        assert [row[3] for row in found.grid.rows] == ["A"]

    def test_none_is_empty_and_says_how_long_they_are_kept(self) -> None:
        found = read(
            FakeCluster(thing("Namespace", "shop", None)), "kubectl events --types=Warning"
        )
        assert found.state is EvidenceState.EMPTY
        assert found.body.startswith("There are no Warning events in namespace shop")


class TestTop:
    def usage(self, name: str, cpu: str, memory: str) -> dict[str, Any]:
        containers = [{"name": "app", "usage": {"cpu": cpu, "memory": memory}}]
        return thing("PodMetrics", name, containers=containers)

    def test_usage_is_set_beside_the_limits(self) -> None:
        limits = {"limits": {"cpu": "500m", "memory": "256Mi"}}
        cluster = FakeCluster(pod("a", spec={"containers": [{"name": "app", "resources": limits}]}))
        cluster.pod_usage = (self.usage("a", "250m", "192Mi"), self.usage("b", "900m", "10Mi"))
        found = read(cluster, "kubectl top pods --sort-by=cpu")
        assert found.grid is not None
        assert found.grid.rows == (
            ("b", "900m", "10Mi", "-", "-"),
            ("a", "250m", "192Mi", "50%", "75%"),
        )

    def test_no_metrics_api_is_no_zero(self) -> None:
        found = read(FakeCluster(), "kubectl top pods")
        assert found.state is EvidenceState.UNREACHABLE
        assert found.body == "prod has no metrics API"

    def test_a_pod_without_usage_is_told_from_one_that_does_not_exist(self) -> None:
        cluster = FakeCluster(pod("a"), thing("Namespace", "shop", None))
        cluster.pod_usage = ()
        assert "pod a exists" in read(cluster, "kubectl top pod a").body
        assert read(cluster, "kubectl top pod b").body == "prod has no pod b"

    def test_nodes_are_measured_against_what_they_can_give(self) -> None:
        cluster = FakeCluster(node("n1"))
        cluster.node_usage = (
            thing("NodeMetrics", "n1", None, usage={"cpu": "1", "memory": "6Gi"}),
        )
        found = read(cluster, "kubectl top nodes")
        assert found.grid is not None
        assert found.grid.rows == (("n1", "1000m", "25%", "6144Mi", "75%"),)


class TestRollouts:
    def cluster(self) -> FakeCluster:
        web = deployment()
        return FakeCluster(
            thing("Namespace", "shop", None),
            web,
            revision(9, web, "app:1", API_KEY="aaaa"),
            revision(10, web, "app:2", API_KEY="bbbb"),
            revision(3, deployment("other"), "app:7"),
        )

    def test_history_is_in_order_with_what_each_revision_changed(self) -> None:
        found = read(self.cluster(), "kubectl rollout history deploy/web")
        assert found.grid is not None
        assert [row[0] for row in found.grid.rows] == ["9", "10"]
        assert found.grid.rows[1][5:] == ("app:2", "release 10")
        assert "Revision 10 against 9:" in found.body
        assert "~ spec.containers[app].image: app:1 -> app:2" in found.body
        assert "(the hidden value changed)" in found.body
        assert "bbbb" not in found.body

    def test_one_revision_shows_its_template(self) -> None:
        body = read(self.cluster(), "kubectl rollout history deploy/web --revision=10").body
        assert "image: app:2" in body
        assert "change-cause: release 10" in body

    def test_a_revision_that_is_gone_names_those_kept(self) -> None:
        found = read(self.cluster(), "kubectl rollout history deploy/web --revision=4")
        assert found.state is EvidenceState.EMPTY
        assert found.body.endswith("has no revision 4; kept are 9, 10")

    @pytest.mark.parametrize(
        ("status", "said"),
        [
            ({"replicas": 2, "updatedReplicas": 1}, "waiting: 1 of 2 new replicas are updated"),
            ({"replicas": 3, "updatedReplicas": 2}, "waiting: 1 old replicas are still"),
            ({"replicas": 2, "updatedReplicas": 2}, "waiting: 0 of 2 updated replicas are"),
            (
                {"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2},
                "rolled out, 2 of 2 replicas are available",
            ),
            (
                {"conditions": [{"reason": "ProgressDeadlineExceeded", "message": "timed out"}]},
                "FAILED, the progress deadline is exceeded: timed out",
            ),
        ],
    )
    def test_status_says_how_far_a_rollout_is(self, status: dict[str, Any], said: str) -> None:
        found = read(FakeCluster(deployment(status=status)), "kubectl rollout status deploy/web")
        assert said in found.body

    @pytest.mark.parametrize(
        ("spec", "status", "said"),
        [
            ({}, {"readyReplicas": 1}, "waiting: 1 of 2 pods are ready"),
            (
                {},
                {"readyReplicas": 2, "currentRevision": "a", "updateRevision": "b"},
                "waiting: 0 of 2 pods are at the newest revision",
            ),
            ({}, {"readyReplicas": 2}, "rolled out, 2 of 2 pods are ready"),
            (
                {"updateStrategy": {"rollingUpdate": {"partition": 1}}},
                {"readyReplicas": 2, "updatedReplicas": 1},
                "rolled out up to partition 1, 1 pods are updated",
            ),
            ({"updateStrategy": {"type": "OnDelete"}}, {}, "only when its pods are deleted"),
        ],
    )
    def test_status_of_a_stateful_set(
        self, spec: dict[str, Any], status: dict[str, Any], said: str
    ) -> None:
        db = thing("StatefulSet", "db", spec={"replicas": 2} | spec, status=status)
        assert said in read(FakeCluster(db), "kubectl rollout status sts/db").body

    @pytest.mark.parametrize(
        ("updated", "available", "said"),
        [
            (1, 1, "waiting: 1 of 3 new pods are updated"),
            (3, 2, "waiting: 2 of 3 updated pods are available"),
            (3, 3, "rolled out, 3 of 3 pods are available"),
        ],
    )
    def test_status_of_a_daemon_set(self, updated: int, available: int, said: str) -> None:
        status = {
            "desiredNumberScheduled": 3,
            "updatedNumberScheduled": updated,
            "numberAvailable": available,
        }
        agent = thing("DaemonSet", "agent", spec={}, status=status)
        assert said in read(FakeCluster(agent), "kubectl rollout status ds/agent").body

    def test_a_change_the_controller_has_not_seen_is_said(self) -> None:
        web = deployment(status={"observedGeneration": 3})
        web["metadata"]["generation"] = 4
        found = read(FakeCluster(web), "kubectl rollout status deploy/web")
        assert "the controller has not seen the newest specification yet" in found.body

    def test_a_workload_without_revisions_is_empty(self) -> None:
        cluster = FakeCluster(thing("Namespace", "shop", None), deployment())
        found = read(cluster, "kubectl rollout history deploy/web")
        assert found.state is EvidenceState.EMPTY
        assert "no ReplicaSet belongs to it" in found.body


class TestServer:
    def test_can_i_answers_for_the_bots_own_credentials(self) -> None:
        cluster = FakeCluster()
        assert read(cluster, "kubectl auth can-i list pods").body.startswith("yes: the bot's own")
        assert read(cluster, "kubectl auth can-i delete pod x").body == (
            "no: the bot's credentials may not delete pods x in namespace shop"
        )
        assert cluster.calls == ["can_i list pods None shop", "can_i delete pods x shop"]

    def test_whoami_names_user_and_groups(self) -> None:
        body = read(FakeCluster(), "kubectl auth whoami").body
        assert body == "user: system:serviceaccount:ops:nightdesk\ngroups: system:authenticated"

    def test_api_resources_tells_what_can_be_read_here(self) -> None:
        found = read(FakeCluster(), "kubectl api-resources")
        assert found.grid is not None
        assert [(row[0], row[-1]) for row in found.grid.rows] == [
            ("pods", "yes"),
            ("secrets", "no"),
        ]

    def test_explain_walks_through_lists_and_references(self) -> None:
        cluster = FakeCluster()
        image = {"type": "string", "description": "Image name. More about it."}
        container = {"type": "object", "required": ["image"], "properties": {"image": image}}
        spec = {
            "allOf": [{"properties": {"containers": {"type": "array", "items": container}}}],
            "description": "What is wanted.",
        }
        cluster.schemas["pods"] = {"description": "A pod.", "properties": {"spec": spec}}
        found = read(cluster, "kubectl explain pod.spec.containers")
        assert "FIELD: spec.containers <[]Object>" in found.body
        assert "  image <string> required  Image name" in found.body
        missing = read(cluster, "kubectl explain pod.spec.container")
        assert missing.state is EvidenceState.EMPTY
        assert missing.body.startswith(
            "pods.spec has no field container; the closest are containers"
        )

    def test_a_cluster_that_fails_while_a_missing_namespace_is_checked_leaves_the_answer(
        self,
    ) -> None:
        cluster = FakeCluster()
        cluster.fails["namespaces"] = UpstreamError("gone", system="kubernetes prod")
        found = read(cluster, "kubectl get pods")
        assert (found.state, found.body) == (
            EvidenceState.EMPTY,
            "There are no pods in namespace shop",
        )
