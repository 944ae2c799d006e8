"""Changes on one time line: merged, ordered, held against the onset; and how each source tells."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.change import Change, ChangeSource, in_order, nearest
from bot.domain.errors import ToolError
from bot.domain.evidence import EvidenceState, Window
from bot.domain.spans import stamp
from bot.tools.changes.argo import syncs
from bot.tools.changes.dating import rollout_times
from bot.tools.changes.happenings import happenings
from bot.tools.changes.nodes import node_changes
from bot.tools.changes.rollouts import rollouts, shortly
from bot.tools.changes.spelling import onset_of, spelled, window_of
from bot.tools.changes.timeline import MAX_ROWS, timeline
from bot.tools.changes.writes import writes
from tests.unit.kube_fake import NOW, ago, event, thing

ONSET = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
DAY = Window(start=ONSET - timedelta(hours=12), end=ONSET + timedelta(hours=12))


def change(minutes: float, what: str = "written", **more: Any) -> Change:
    """A change so many minutes after the onset."""
    given_ = {"object": "deployment/web", "source": ChangeSource.ROLLOUT, "place": "prod"} | more
    return Change(at=ONSET + timedelta(minutes=minutes), what=what, **given_)


changes = st.builds(
    change,
    st.integers(min_value=-600, max_value=600),
    st.sampled_from(["written", "synced", "cordoned"]),
    source=st.sampled_from(list(ChangeSource)),
)


class TestOrder:
    def test_changes_of_all_sources_come_oldest_first_and_once(self) -> None:
        late, early = change(5, source=ChangeSource.CONFIG), change(-5)
        assert in_order([late, early, late]) == (early, late)

    def test_what_is_outside_the_window_is_left_out(self) -> None:
        window = Window(start=ONSET, end=ONSET + timedelta(minutes=1))
        assert in_order([change(-1), change(0), change(1), change(2)], window=window) == (
            change(0),
            change(1),
        )

    def test_of_two_as_near_the_one_before_the_onset_is_kept(self) -> None:
        assert nearest([change(10), change(-10)], onset=ONSET, limit=1) == (change(-10),)

    @given(st.lists(changes, max_size=30), st.integers(min_value=1, max_value=10))
    def test_the_nearest_are_in_order_and_no_more_than_asked_for(
        self, found: list[Change], limit: int
    ) -> None:
        kept = nearest(found, onset=ONSET, limit=limit)
        assert list(kept) == sorted(kept, key=lambda one: one.at)
        assert len(kept) == min(limit, len(set(found)))


class TestTimeline:
    @given(st.lists(changes, min_size=1, max_size=20))
    def test_the_onset_stands_between_what_came_before_and_after_it(
        self, found: list[Change]
    ) -> None:
        answer = timeline(in_order(found), onset=ONSET, window=DAY, gaps=())
        assert answer.grid is not None
        marks = [row[1] for row in answer.grid.rows]
        place = marks.index(">>> onset")
        assert all(mark.startswith("-") for mark in marks[:place])
        assert all(mark.startswith("+") for mark in marks[place + 1 :])
        assert len(marks) == len(set(found)) + 1

    def test_a_row_says_how_far_it_is_from_the_onset(self) -> None:
        answer = timeline([change(-12), change(3)], onset=ONSET, window=DAY, gaps=())
        assert answer.grid is not None
        assert [row[1] for row in answer.grid.rows] == ["-12m", ">>> onset", "+3m"]
        assert answer.state is EvidenceState.OK

    def test_a_gap_makes_it_truncated_and_is_named(self) -> None:
        answer = timeline([change(-1)], onset=ONSET, window=DAY, gaps=["applications: denied"])
        assert answer.state is EvidenceState.TRUNCATED
        assert answer.cut_bytes > 0
        assert "NOT READ: applications: denied" in answer.body

    def test_nothing_found_with_a_gap_proves_nothing(self) -> None:
        gone = timeline([], onset=ONSET, window=DAY, gaps=["nodes: no answer"])
        assert gone.state is EvidenceState.TRUNCATED
        assert timeline([], onset=ONSET, window=DAY, gaps=()).state is EvidenceState.EMPTY

    def test_of_too_many_the_furthest_are_counted_out(self) -> None:
        found = [change(-minutes) for minutes in range(MAX_ROWS + 5, 0, -1)]
        answer = timeline(found, onset=ONSET, window=DAY, gaps=())
        assert answer.state is EvidenceState.TRUNCATED
        assert "5 more changes, further from the onset" in answer.body
        assert stamp(found[-1].at) in answer.body
        assert stamp(found[0].at) not in answer.body


class TestSpelling:
    def test_the_onset_is_now_when_none_is_given(self) -> None:
        assert onset_of(None, now=NOW) == NOW

    @pytest.mark.parametrize("around", ["yesterday", "", "25:00", "2026-13-01T00:00:00Z"])
    def test_what_is_no_time_is_explained(self, around: str) -> None:
        with pytest.raises(ToolError, match="is no time; write it like"):
            onset_of(around, now=NOW)

    def test_a_time_to_come_is_refused(self) -> None:
        with pytest.raises(ToolError, match="still to come"):
            onset_of("2027-01-01T00:00:00Z", now=NOW)

    def test_a_look_ends_now_at_the_latest_and_says_so(self) -> None:
        onset = NOW - timedelta(minutes=30)
        window = window_of(onset, hours_before=6, hours_after=1, now=NOW)
        assert window.end == NOW
        assert spelled(onset, window, ["web"]) == (
            "what_changed web --around=2026-11-20T11:30:00Z --before=6h --after=30m"
        )


def replica_set(name: str, number: int, created: str, **fields: Any) -> dict[str, Any]:
    owner = {"kind": fields.pop("kind", "Deployment"), "metadata": {"name": "web", "uid": "u"}}
    key = "rollout.argoproj.io" if owner["kind"] == "Rollout" else "deployment.kubernetes.io"
    made = thing(
        "ReplicaSet",
        name,
        owner=owner,
        annotations={f"{key}/revision": str(number)},
        spec={"template": {"spec": {"containers": [{"name": "app"} | fields]}}},
    )
    made["metadata"]["creationTimestamp"] = created
    return made


class TestRollouts:
    def test_each_says_what_it_changed_images_first(self) -> None:
        before = replica_set(
            "web-1", 1, ago(hours=5), image="web:1", resources={"limits": {"memory": "1Gi"}}
        )
        after = replica_set(
            "web-2", 2, ago(hours=1), image="web:2", resources={"limits": {"memory": "1Mi"}}
        )
        first, second = rollouts("prod", [after, before], [])
        assert first.what == "revision 1, the oldest kept: web:1"
        assert second.what == (
            "revision 2: ~ [app].image: web:1 -> web:2; ~ [app].resources.limits.memory: 1Gi -> 1Mi"
        )
        assert (second.object, second.namespace) == ("deployment/web", "shop")

    def test_a_changed_variable_is_named_without_its_value(self) -> None:
        sets = [
            replica_set(f"web-{n}", n, ago(hours=9 - n), env=[{"name": "PASSWORD", "value": v}])
            for n, v in ((1, "canary-one"), (2, "canary-two"))
        ]
        told = list(rollouts("prod", sets, []))[-1].what
        assert "PASSWORD" in told
        assert "canary" not in told

    def test_an_undone_rollout_is_dated_by_the_deployments_progress(self) -> None:
        sets = [
            replica_set("web-new", 2, ago(hours=2), image="web:2"),
            replica_set("web-old", 3, ago(hours=9), image="web:1"),
        ]
        progress = [{"type": "Progressing", "lastUpdateTime": ago(hours=1)}]
        deployment = thing("Deployment", "web", status={"conditions": progress})
        back = list(rollouts("prod", sets, [deployment]))[-1]
        assert stamp(back.at) == ago(hours=1)
        assert back.what.startswith("revision 3, back to ReplicaSet web-old: ")
        assert len(list(rollouts("prod", sets, []))) == 1

    def test_argo_rollouts_keep_replica_sets_as_well(self) -> None:
        (told,) = rollouts("prod", [replica_set("web-1", 1, ago(hours=1), kind="Rollout")], [])
        assert told.object == "rollout/web"

    def test_many_differences_are_counted(self) -> None:
        assert shortly([f"+ field{number}: x" for number in range(6)]).endswith("; and 2 more")

    @given(st.lists(st.integers(min_value=0, max_value=50), max_size=6))
    def test_only_the_newest_can_be_dated_by_progress(self, hours: list[int]) -> None:
        created = [NOW + timedelta(hours=hour) for hour in hours]
        latest = NOW + timedelta(hours=100)
        times = rollout_times(created, progressed_at=latest)
        assert len(times) == len(created)
        assert latest not in times[:-1]
        known = [at for at in times if at is not None]
        assert known == sorted(known)


def written(kind: str, name: str, *entries: dict[str, Any], **fields: Any) -> dict[str, Any]:
    made = thing(kind, name, **fields)
    made["metadata"]["managedFields"] = list(entries)
    return made


class TestWrites:
    def test_a_config_maps_write_names_keys_and_writer_but_no_value(self) -> None:
        entry = {
            "manager": "kubectl-edit",
            "time": ago(minutes=9),
            "fieldsV1": {"f:data": {".": {}, "f:PAGE_SIZE": {}}},
        }
        item = written("ConfigMap", "web", entry, data={"PAGE_SIZE": "canary"})
        made, changed = writes("prod", [item], ChangeSource.CONFIG)
        assert made.what == "created"
        assert changed.what == "written; the writer holds data.PAGE_SIZE"
        assert (changed.actor, stamp(changed.at)) == ("kubectl-edit", ago(minutes=9))
        assert "canary" not in str((made, changed))

    def test_what_controllers_write_on_their_own_is_left_out(self) -> None:
        item = written(
            "Deployment",
            "web",
            {"manager": "kube-controller-manager", "time": ago(minutes=1)},
            {"manager": "argocd", "time": ago(minutes=2), "subresource": "status"},
            {"manager": "kubectl", "time": ago(minutes=3), "subresource": "scale"},
        )
        told = list(writes("prod", [item], ChangeSource.WORKLOAD))
        assert [one.actor for one in told] == ["", "kubectl"]

    def test_a_lock_of_a_leader_is_no_config(self) -> None:
        key = "control-plane.alpha.kubernetes.io/leader"
        lock = written("ConfigMap", "lock", annotations={key: "{}"})
        root = written("ConfigMap", "kube-root-ca.crt")
        assert list(writes("prod", [lock, root], ChangeSource.CONFIG)) == []

    @given(
        st.recursive(
            st.none() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(["metadata", "managedFields", "time", "manager", "fieldsV1"]),
                    inner,
                )
            ),
            max_leaves=12,
        )
    )
    def test_any_shape_of_object_is_survived(self, value: Any) -> None:
        item = {"kind": "ConfigMap", "metadata": value}
        for found in (
            writes("prod", [item], ChangeSource.CONFIG),
            node_changes("prod", [item | {"status": value, "spec": value}]),
            syncs("prod", [item | {"status": value, "spec": value}], namespace=None),
            happenings("prod", [item | {"involvedObject": value, "reason": "Rebooted"}], []),
        ):
            assert all(one.at.tzinfo is not None for one in found)


class TestHappenings:
    def test_scaling_that_carries_out_a_rollout_is_not_told_twice(self) -> None:
        web = thing("Deployment", "web")
        rolled = change(0, namespace="shop")
        at = stamp(ONSET + timedelta(minutes=2))
        later = stamp(ONSET + timedelta(hours=2))
        scaled = [event("ScalingReplicaSet", web, at=one, kind="Normal") for one in (at, later)]
        for one in scaled:
            one["involvedObject"]["namespace"] = "shop"
        (told,) = happenings("prod", scaled, [rolled])
        assert stamp(told.at) == later
        assert told.source is ChangeSource.SCALE

    def test_a_cordon_and_a_reboot_are_told_of_the_node(self) -> None:
        node = thing("Node", "ip-1", None)
        events = [
            event("NodeNotSchedulable", node, at=ago(minutes=9), message="now: NodeNotSchedulable"),
            event("Rebooted", node, at=ago(minutes=5), count=2),
            event("NodeHasSufficientMemory", node, at=ago(minutes=1)),
        ]
        told = list(happenings("prod", events, []))
        assert [(one.object, one.namespace) for one in told] == [("node/ip-1", "")] * 2
        assert told[1].what == "Rebooted: Rebooted happened (2 times)"


class TestNodes:
    def test_a_new_node_says_what_it_is_and_a_cordon_when_it_was(self) -> None:
        node = thing(
            "Node",
            "ip-1",
            None,
            labels={"node.kubernetes.io/instance-type": "m6i.large"},
            spec={
                "taints": [{"key": "node.kubernetes.io/unschedulable", "timeAdded": ago(minutes=4)}]
            },
            status={
                "nodeInfo": {"kubeletVersion": "v1.34.0"},
                "conditions": [
                    {
                        "type": "Ready",
                        "status": "Unknown",
                        "lastTransitionTime": ago(minutes=2),
                        "message": "Kubelet stopped posting node status.",
                    }
                ],
            },
        )
        assert [one.what for one in node_changes("prod", [node])] == [
            "joined (m6i.large, kubelet v1.34.0)",
            "cordoned",
            "not ready: Kubelet stopped posting node status.",
        ]


def application(**fields: Any) -> dict[str, Any]:
    spec = {"destination": {"server": "https://kubernetes.default.svc", "namespace": "shop"}}
    return thing("Application", "shop", "argocd", spec=spec | fields.pop("spec", {}), **fields)


class TestArgo:
    def test_a_sync_names_both_revisions_and_who_began_it(self) -> None:
        history = [
            {"revision": "a" * 40, "deployedAt": ago(hours=9)},
            {
                "revision": "b" * 40,
                "deployedAt": ago(hours=1),
                "source": {"path": "apps/shop"},
                "initiatedBy": {"username": "dora"},
            },
        ]
        told = list(syncs("prod", [application(status={"history": history})], namespace="shop"))
        assert told[1].what == f"synced {'a' * 12} -> {'b' * 12} (apps/shop)"
        assert told[1].actor == "dora"

    def test_a_failed_sync_that_the_history_lacks_is_told(self) -> None:
        state = {
            "phase": "Failed",
            "finishedAt": ago(minutes=5),
            "message": "one object failed",
            "syncResult": {"revision": "c" * 40},
            "operation": {"initiatedBy": {"automated": True}},
        }
        (told,) = syncs("prod", [application(status={"operationState": state})], namespace="shop")
        assert told.what == f"sync {'c' * 12} failed: one object failed"
        assert told.actor == "auto-sync"

    def test_a_sync_that_the_history_has_is_told_once(self) -> None:
        at = ago(minutes=5)
        status = {
            "history": [{"revision": "a" * 40, "deployedAt": at}],
            "operationState": {"phase": "Succeeded", "finishedAt": at},
        }
        assert len(list(syncs("prod", [application(status=status)], namespace="shop"))) == 1

    @pytest.mark.parametrize(
        "destination",
        [
            {"server": "https://kubernetes.default.svc", "namespace": "payments"},
            {"server": "https://eks.example.com", "namespace": "shop"},
            {"name": "staging", "namespace": "shop"},
        ],
    )
    def test_what_deploys_elsewhere_is_left_out(self, destination: dict[str, str]) -> None:
        elsewhere = application(
            spec={"destination": destination},
            status={"history": [{"revision": "a", "deployedAt": ago(hours=1)}]},
        )
        assert list(syncs("prod", [elsewhere], namespace="shop")) == []
        assert len(list(syncs("prod", [elsewhere], namespace=None))) == 1
