from __future__ import annotations

import json
from typing import Any

import yaml

from bot.domain.errors import UpstreamError
from bot.domain.evidence import EvidenceState
from bot.domain.kinds import Kind
from tests.unit.kube_fake import FakeCluster, pod, thing
from tests.unit.kubectl_reading import read


def deployment(name: str = "web", **fields: Any) -> dict[str, Any]:
    spec = {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": {}}
    return thing("Deployment", name, spec=spec | fields.pop("spec", {}), **fields)


def test_several_kinds_come_under_a_heading_each() -> None:
    found = read(FakeCluster(pod("a"), deployment()), "kubectl get pods,deploy,svc")
    assert found.body.startswith("# pods\nNAME")
    assert "# deployments\nNAME" in found.body
    assert found.body.endswith("none: services")
    assert (found.source, found.rows) == ("pods,deployments,services", 2)


def test_what_is_missing_is_named_beside_what_is_there() -> None:
    found = read(FakeCluster(pod("a")), "kubectl get pod a b")
    assert found.state is EvidenceState.OK
    assert found.body.endswith("prod has no pod b")


def test_what_is_missing_can_be_ignored() -> None:
    found = read(FakeCluster(pod("a")), "kubectl get pod a b --ignore-not-found")
    assert "has no pod" not in found.body


def test_label_columns_and_all_labels_are_added() -> None:
    labelled = pod("a", labels={"app": "web", "x/tier": "front"})
    found = read(FakeCluster(labelled, pod("b")), "kubectl get pods -L x/tier --show-labels")
    assert found.grid is not None
    assert found.grid.columns == ("NAME", "AGE", "TIER", "LABELS")
    assert found.grid.rows == (
        ("a", "5m", "front", "app=web,x/tier=front"),
        ("b", "5m", "", "<none>"),
    )


def test_restarts_are_sorted_as_numbers() -> None:
    cluster = FakeCluster(pod("a", restarts=10), pod("b", restarts=9), pod("c"))
    path = ".status.containerStatuses[0].restartCount"
    found = read(cluster, f"kubectl get pods --sort-by={path}")
    assert found.grid is not None
    assert [row[0] for row in found.grid.rows] == ["c", "b", "a"]


def test_names_are_qualified_and_have_no_header() -> None:
    found = read(FakeCluster(pod("a"), deployment()), "kubectl get pods,deploy -o name")
    assert found.body == "pod/a\ndeployment.apps/web"


def test_headers_can_be_left_out() -> None:
    assert read(FakeCluster(pod("a")), "kubectl get pods --no-headers").body == "a   5m"


def test_one_object_as_yaml_is_that_object_without_its_secrets() -> None:
    config = thing("ConfigMap", "c", data={"key": "hunter2"})
    found = read(FakeCluster(config), "kubectl get cm c -o yaml")
    shown = yaml.safe_load(found.body)
    assert shown["kind"] == "ConfigMap"
    assert shown["data"] == {"key": "\u2039redacted, 7 bytes\u203a"}


def test_several_objects_as_json_are_a_list() -> None:
    found = read(FakeCluster(pod("a"), pod("b")), "kubectl get pods -o json")
    assert [item["metadata"]["name"] for item in json.loads(found.body)["items"]] == ["a", "b"]
    assert found.rows == 2


def test_a_custom_kind_of_the_team_is_read_like_any_other() -> None:
    widget = Kind(kind="Widget", plural="widgets", group="example.com")
    found = read(FakeCluster(thing("Widget", "w")), "kubectl get widgets", extra=(widget,))
    assert (found.query, found.rows) == ("kubectl get widgets.example.com -n shop", 1)


def test_a_kind_the_server_cut_is_said_in_yaml_too() -> None:
    cluster = FakeCluster(pod("a"))
    cluster.more.add("pods")
    found = read(cluster, "kubectl get pods -o yaml --sort-by=.metadata.name")
    assert found.state is EvidenceState.TRUNCATED
    assert found.body.endswith("CUT: the server holds more pods; narrow with -l")


def test_a_name_can_be_looked_for_in_all_namespaces() -> None:
    cluster = FakeCluster(pod("a"), thing("Pod", "a", "payments"))
    found = read(cluster, "kubectl get pod a -A")
    assert found.grid is not None
    assert [row[:2] for row in found.grid.rows] == [("shop", "a"), ("payments", "a")]
    assert read(cluster, "kubectl get pod b -A -o yaml").body == (
        "prod has no pod b in any namespace"
    )


def test_every_kind_failing_is_the_failure_itself() -> None:
    cluster = FakeCluster()
    for plural in ("pods", "deployments"):
        cluster.fails[plural] = UpstreamError("no answer in 15 s", system="kubernetes prod")
    found = read(cluster, "kubectl get pods,deploy")
    assert found.state is EvidenceState.UNREACHABLE
    assert found.body == "no answer in 15 s"
