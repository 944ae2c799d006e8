from __future__ import annotations

from typing import Any

import pytest

from safe_ops.model.placement import stranded
from safe_ops.model.surveys import ClusterSurvey, Object
from tests.unit.safe_ops.cluster_worlds import NOW, node, pod


def _stranded(
    leaving: list[Object],
    nodes: list[Object],
    *,
    standing: tuple[Object, ...] = (),
    claims: tuple[Object, ...] = (),
    volumes: tuple[Object, ...] = (),
) -> tuple[str, ...]:
    survey = ClusterSurvey(
        read_at=NOW,
        target=None,
        nodes=tuple(nodes),
        node_pods=(*leaving, *standing),
        claims=claims,
        volumes=volumes,
    )
    return stranded(leaving, leave="n1", survey=survey)


def _zoned(name: str, zone: str) -> Object:
    found = node(name)
    found["metadata"]["labels"]["topology.kubernetes.io/zone"] = zone
    return found


def _expression(key: str, operator: str, *values: str) -> Object:
    return {"key": key, "operator": operator, "values": list(values)}


def _wanting(*expressions: Object, fields: tuple[Object, ...] = ()) -> Object:
    term: dict[str, Any] = {}
    if expressions:
        term["matchExpressions"] = list(expressions)
    if fields:
        term["matchFields"] = list(fields)
    return {
        "nodeAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [term]}
        }
    }


def _apart(key: str, **more: Any) -> Object:
    rule = {"topologyKey": key, "labelSelector": {"matchLabels": {"app": "db"}}} | more
    return {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [rule]}}


def _db(name: str, *, on: str, **more: Any) -> Object:
    return pod(name, node=on, labels={"app": "db"}, **more)


def test_a_pod_goes_where_its_requests_fit() -> None:
    assert _stranded([pod("a", cpu="4")], [node("n1"), node("n2")]) == ()
    assert _stranded([pod("a", cpu="4100m")], [node("n1"), node("n2")]) == ("shop/a",)


def test_the_node_it_leaves_is_no_place() -> None:
    assert _stranded([pod("a")], [node("n1")]) == ("shop/a",)


def test_a_place_is_given_once() -> None:
    pods = [pod("a", cpu="3"), pod("b", cpu="3")]

    assert _stranded(pods, [node("n1"), node("n2")]) == ("shop/a",)
    assert _stranded(pods, [node("n1"), node("n2"), node("n3")]) == ()


def test_what_stands_there_already_takes_room() -> None:
    nodes = [node("n1"), node("n2")]

    assert _stranded([pod("a", cpu="2")], nodes, standing=(pod("x", node="n2", cpu="3"),)) == (
        "shop/a",
    )
    ended = pod("x", node="n2", cpu="3", phase="Failed")
    assert _stranded([pod("a", cpu="2")], nodes, standing=(ended,)) == ()


@pytest.mark.parametrize(
    "spoil",
    [
        {"unschedulable": True},
        {"taints": [{"key": "gpu", "effect": "NoSchedule"}]},
    ],
)
def test_cordoned_and_tainted_nodes_are_no_place(spoil: dict[str, Any]) -> None:
    assert _stranded([pod("a")], [node("n1"), node("n2", **spoil)]) == ("shop/a",)


def test_a_node_selector_is_respected() -> None:
    wanting = pod("a", nodeSelector={"disk": "ssd"})
    fast = node("n3")
    fast["metadata"]["labels"]["disk"] = "ssd"

    assert _stranded([wanting], [node("n1"), node("n2")]) == ("shop/a",)
    assert _stranded([wanting], [node("n1"), node("n2"), fast]) == ()


@pytest.mark.parametrize(
    ("affinity", "fits"),
    [
        (_wanting(_expression("topology.kubernetes.io/zone", "In", "b")), True),
        (_wanting(_expression("topology.kubernetes.io/zone", "NotIn", "b")), False),
        (_wanting(_expression("cores", "Gt", "4")), False),
        (_wanting(fields=(_expression("metadata.name", "In", "n2"),)), True),
        (_wanting(fields=(_expression("metadata.name", "In", "n1"),)), False),
        (_wanting(), False),
    ],
)
def test_required_node_affinity_is_respected(affinity: Object, *, fits: bool) -> None:
    found = _stranded([pod("a", affinity=affinity)], [node("n1"), _zoned("n2", "b")])

    assert found == (() if fits else ("shop/a",))


def test_graphics_cards_are_counted() -> None:
    asking = {"name": "app", "resources": {"limits": {"nvidia.com/gpu": "1"}}}
    pods = [pod("a", containers=[asking]), pod("b", containers=[asking])]
    with_card = node("n2")
    with_card["status"]["allocatable"]["nvidia.com/gpu"] = "1"

    assert _stranded(pods[:1], [node("n1"), node("n2")]) == ("shop/a",)
    assert _stranded(pods[:1], [node("n1"), with_card]) == ()
    assert _stranded(pods, [node("n1"), with_card]) == ("shop/a",)
    taken = pod("x", node="n2", containers=[asking])
    assert _stranded(pods[:1], [node("n1"), with_card], standing=(taken,)) == ("shop/a",)


def test_an_init_container_asks_for_what_it_needs_alone() -> None:
    small = {"name": "app", "resources": {"requests": {"ephemeral-storage": "1Gi"}}}
    large = {"name": "init", "resources": {"requests": {"ephemeral-storage": "3Gi"}}}
    disk = node("n2")
    disk["status"]["allocatable"]["ephemeral-storage"] = "3Gi"
    fits = pod("a", containers=[small, small], initContainers=[large])
    tight = pod("b", containers=[small, small, small, small], initContainers=[large])

    assert _stranded([fits], [node("n1"), disk]) == ()
    assert _stranded([tight], [node("n1"), disk]) == ("shop/b",)


def _mounting(name: str = "a") -> Object:
    return pod(name, volumes=[{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}])


def _claim(*, volume: str = "pv", namespace: str = "shop") -> Object:
    return {"metadata": {"name": "data", "namespace": namespace}, "spec": {"volumeName": volume}}


def _volume(zone: str) -> Object:
    rule = _expression("topology.kubernetes.io/zone", "In", zone)
    affinity = {"required": {"nodeSelectorTerms": [{"matchExpressions": [rule]}]}}
    return {"metadata": {"name": "pv"}, "spec": {"nodeAffinity": affinity}}


@pytest.mark.parametrize(("zone", "fits"), [("b", True), ("a", False)])
def test_a_pod_stays_in_the_zone_of_its_volume(zone: str, *, fits: bool) -> None:
    found = _stranded(
        [_mounting()],
        [node("n1"), _zoned("n2", "b")],
        claims=(_claim(),),
        volumes=(_volume(zone),),
    )

    assert found == (() if fits else ("shop/a",))


def test_a_volume_without_a_place_goes_anywhere() -> None:
    volume = {"metadata": {"name": "pv"}, "spec": {}}

    assert (
        _stranded([_mounting()], [node("n1"), node("n2")], claims=(_claim(),), volumes=(volume,))
        == ()
    )


@pytest.mark.parametrize(
    "claims", [(), (_claim(volume=""),), (_claim(namespace="other"),), (_claim(volume="gone"),)]
)
def test_a_volume_that_is_not_known_goes_nowhere(claims: tuple[Object, ...]) -> None:
    volumes = (_volume("a"),)

    found = _stranded([_mounting()], [node("n1"), node("n2")], claims=claims, volumes=volumes)

    assert found == ("shop/a",)


def test_pods_that_keep_apart_do_not_go_to_one_node() -> None:
    apart = _apart("kubernetes.io/hostname")
    nodes = [node("n1"), node("n2")]
    beside = _db("db-1", on="n2")

    assert _stranded([_db("db-0", on="n1", affinity=apart)], nodes) == ()
    assert _stranded([_db("db-0", on="n1", affinity=apart)], nodes, standing=(beside,)) == (
        "shop/db-0",
    )
    both = [_db("db-0", on="n1", affinity=apart), _db("db-2", on="n1", affinity=apart)]
    assert _stranded(both, nodes) == ("shop/db-0",)


def test_keeping_apart_counts_neither_others_nor_what_ended() -> None:
    moving = _db("db-0", on="n1", affinity=_apart("kubernetes.io/hostname"))
    nodes = [node("n1"), node("n2")]

    assert _stranded([moving], nodes, standing=(pod("api", node="n2"),)) == ()
    assert _stranded([moving], nodes, standing=(_db("old", on="n2", phase="Failed"),)) == ()
    elsewhere = _db("db-1", on="n2", namespace="other")
    assert _stranded([moving], nodes, standing=(elsewhere,)) == ()


@pytest.mark.parametrize("more", [{"namespaces": ["other"]}, {"namespaceSelector": {}}])
def test_keeping_apart_may_reach_into_other_namespaces(more: dict[str, Any]) -> None:
    moving = _db("db-0", on="n1", affinity=_apart("kubernetes.io/hostname", **more))
    elsewhere = _db("db-1", on="n2", namespace="other")

    assert _stranded([moving], [node("n1"), node("n2")], standing=(elsewhere,)) == ("shop/db-0",)


def test_keeping_apart_by_zone_counts_all_nodes_of_the_zone() -> None:
    moving = _db("db-0", on="n1", affinity=_apart("topology.kubernetes.io/zone"))
    nodes = [_zoned("n1", "a"), _zoned("n2", "b"), _zoned("n3", "b"), _zoned("n4", "c")]
    beside = (_db("db-1", on="n2"), _db("db-2", on="n4"))

    assert _stranded([moving], nodes, standing=beside) == ("shop/db-0",)
    assert _stranded([moving], nodes, standing=beside[:1]) == ()


def test_a_node_outside_of_all_zones_is_nobodys_neighbour() -> None:
    moving = _db("db-0", on="n1", affinity=_apart("topology.kubernetes.io/zone"))
    outside = node("n2")
    del outside["metadata"]["labels"]["topology.kubernetes.io/zone"]

    assert _stranded([moving], [node("n1"), outside], standing=(_db("db-1", on="n2"),)) == ()
