"""A cluster's lists as a graph: what leads to pods, what they stand on, whom policies let call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.topology import EdgeKind
from bot.triage.topology.graphing import above, graph_of, selecting_nobody, starts_of
from bot.triage.topology.incidents import MAX_LINES, topology_of
from bot.triage.topology.traffic import query_of
from bot.triage.topology.vertices import vertex_of
from tests.unit.triage_estates import container, deployment, estate, pod, ref, replica_set
from tests.unit.triage_surroundings import (
    autoscaler,
    budget,
    claim,
    ingress,
    labelled,
    policy,
    service,
    workload,
)

if TYPE_CHECKING:
    from bot.triage.estate import Estate

NAME_LABEL = "kubernetes.io/metadata.name"


def shop(*more: dict[str, Any]) -> Estate:
    """A workload `app` with all that stands around it."""
    own = labelled(pod("app-1", container(ready=True), ready=True, claim="data"), app="app")
    bound = claim(phase="Bound")
    bound["spec"]["volumeName"] = "pv-1"
    return estate(
        workload("app", app="app"),
        replica_set(),
        own,
        service(app="app"),
        ingress(),
        autoscaler(),
        budget(),
        bound,
        *more,
    )


def edges(found: Estate) -> set[tuple[str, str, str]]:
    return {(str(one.source), one.kind.value, str(one.target)) for one in graph_of(found).edges}


def test_a_request_is_followed_from_the_ingress_to_the_volume() -> None:
    assert {
        ("ingress/web", "routes to", "service/app"),
        ("service/app", "selects", "deployment/app"),
        ("deployment/app", "runs on", "node/node-1"),
        ("deployment/app", "mounts", "persistentvolumeclaim/data"),
        ("persistentvolumeclaim/data", "is bound to", "persistentvolume/pv-1"),
        ("horizontalpodautoscaler/app", "scales", "deployment/app"),
        ("poddisruptionbudget/app", "protects", "deployment/app"),
    } == edges(shop())


def test_every_edge_cites_the_list_it_was_read_from() -> None:
    told = {str(one.source): one.evidence for one in graph_of(shop()).edges}
    assert told["ingress/web"] == ("E11",)
    assert told["service/app"] == ("E9", "E2")
    assert all(one.evidence for one in graph_of(shop()).edges)


def test_a_pod_that_is_asked_about_stands_between_its_workload_and_its_node() -> None:
    found = shop()
    graph = graph_of(found, shown=[ref("pod", "app-1")])
    below = {str(one.target) for one in graph.downstream([vertex_of(ref("pod", "app-1"))])}
    assert "node/node-1" in below
    (edge,) = (one for one in graph.edges if one.kind is EdgeKind.RUNS)
    assert (str(edge.source), str(edge.target)) == ("deployment/app", "pod/app-1")


def test_configuration_is_known_by_name_wherever_a_template_refers_to_it() -> None:
    item = workload("app", app="app")
    item["spec"]["template"]["spec"] = {
        "imagePullSecrets": [{"name": "registry"}],
        "volumes": [
            {"configMap": {"name": "files"}},
            {"secret": {"secretName": "tls"}},
            {"projected": {"sources": [{"secret": {"name": "token"}}, {"configMap": None}]}},
        ],
        "initContainers": [{"name": "first", "envFrom": [{"secretRef": {"name": "early"}}]}],
        "containers": [
            {
                "name": "app",
                "envFrom": [{"configMapRef": {"name": "settings"}}],
                "env": [
                    {"name": "PLAIN", "value": "canary"},
                    {"name": "A", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}},
                    {"name": "B", "valueFrom": {"configMapKeyRef": {"name": "urls"}}},
                ],
            }
        ],
    }
    used = {target for _, kind, target in edges(estate(item)) if kind == "uses"}
    assert used == {
        "configmap/files",
        "configmap/settings",
        "configmap/urls",
        "secret/db",
        "secret/early",
        "secret/registry",
        "secret/tls",
        "secret/token",
    }


@pytest.mark.parametrize(
    ("peer", "caller"),
    [
        ({"podSelector": {"matchLabels": {"app": "web"}}}, "deployment/web"),
        ({"podSelector": {"matchLabels": {"app": "ghost"}}}, "pods/app=ghost"),
        ({"podSelector": {}}, "namespace/shop"),
        ({"namespaceSelector": {"matchLabels": {NAME_LABEL: "edge"}}}, "namespace/edge"),
        (
            {
                "namespaceSelector": {
                    "matchExpressions": [{"key": NAME_LABEL, "operator": "In", "values": ["edge"]}]
                },
                "podSelector": {"matchLabels": {"app": "web"}},
            },
            "pods/app=web",
        ),
        (
            {"namespaceSelector": {"matchLabels": {"team": "x"}}},
            "pods/of namespaces team=x",
        ),
        (
            {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "web"}}},
            "deployment/web",
        ),
        ({"ipBlock": {"cidr": "10.1.0.0/16"}}, "address/10.1.0.0/16"),
    ],
)
def test_a_policy_says_who_may_call(peer: dict[str, Any], caller: str) -> None:
    found = shop(workload("web", app="web"), policy(ingress=[{"from": [peer]}]))
    assert (caller, "may call", "deployment/app") in edges(found)


@pytest.mark.parametrize(
    "rules",
    [
        {"ingress": [{}]},
        {"ingress": []},
        {"ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}]},
        {"ingress": [{"from": [{"namespaceSelector": {}}]}]},
        {"policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": {"cidr": "::/0"}}]}]},
    ],
)
def test_a_policy_for_everybody_or_nobody_says_nothing(rules: dict[str, Any]) -> None:
    assert not [one for one in edges(shop(policy(**rules))) if one[1] == "may call"]


def test_a_policy_says_whom_a_workload_may_call() -> None:
    peer = {"podSelector": {"matchLabels": {"app": "db"}}}
    found = shop(workload("db", app="db"), policy(policyTypes=["Egress"], egress=[{"to": [peer]}]))
    assert ("deployment/app", "may call", "deployment/db") in edges(found)


def test_a_service_that_selects_nobody_is_named() -> None:
    found = estate(deployment("app"), service(app="ghost"))
    front = vertex_of(ref("service", "app"))
    assert selecting_nobody(found, [front]) == [front]
    assert selecting_nobody(shop(), [front]) == []


def test_looking_up_from_a_service_begins_at_what_stands_behind_it_too() -> None:
    peer = {"podSelector": {"matchLabels": {"app": "web"}}}
    found = shop(workload("web", app="web"), policy(ingress=[{"from": [peer]}]))
    starts = starts_of(found, ref("service", "app"), up=True)
    callers = {str(one.source) for one in above(graph_of(found), starts, depth=2)}
    assert "deployment/web" in callers
    assert starts_of(found, ref("service", "app"), up=False) == (starts[0],)


def test_what_scales_a_caller_is_not_the_called_ones_matter() -> None:
    peer = {"podSelector": {"matchLabels": {"app": "app"}}}
    rule = policy(ingress=[{"from": [peer]}])
    rule["spec"]["podSelector"] = {"matchLabels": {"app": "db"}}
    found = shop(workload("db", app="db"), rule)
    kinds = {
        one.kind for one in above(graph_of(found), [vertex_of(ref("deployment", "db"))], depth=3)
    }
    assert kinds == {EdgeKind.MAY_CALL, EdgeKind.SELECTS, EdgeKind.ROUTES_TO}


def test_an_incident_is_told_what_stands_above_and_below_its_objects() -> None:
    lines = topology_of((shop(),), (ref("deployment", "app"),))
    assert "ingress/web → service/app → deployment/app [E11] [E9] [E2]" in lines
    assert "deployment/app —runs on→ node/node-1 [E1]" in lines


def test_an_incident_without_objects_is_told_the_ways_in() -> None:
    assert topology_of((shop(),), ()) == (
        "ingress/web → service/app → deployment/app [E11] [E9] [E2]",
    )


def test_an_incident_is_told_no_more_lines_than_it_may_have() -> None:
    many = [
        entry
        for number in range(30)
        for entry in (
            service(f"s{number:02}", app=f"a{number}"),
            workload(f"w{number}", app=f"a{number}"),
        )
    ]
    lines = topology_of((estate(*many),), ())
    assert len(lines) == MAX_LINES
    assert lines[-1] == "11 more lines are left out"


def test_names_cannot_break_out_of_a_line() -> None:
    found = estate(deployment("app"), service("evil\n`<!channel>`", app="ghost"))
    (line,) = topology_of((found,), ())
    assert "\n" not in line
    assert "`" not in line
    assert "<!channel>" not in line


def test_who_may_read_some_namespaces_asks_for_their_series_alone() -> None:
    query = query_of("app", "shop", wide=False)
    assert query.count("{") == query.count('{namespace="shop"')
    assert "traces_service_graph" not in query
