"""How fast a node is emptied: without a budget, as fast as what was evicted is ready elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from safe_ops.operations.operation import Paced
from tests.unit.safe_ops.cluster_worlds import World, ago, of_deployment, pod, set_ready
from tests.unit.safe_ops.node_worlds import drain_world

if TYPE_CHECKING:
    from collections.abc import Callable

    from safe_ops.model.plans import Plan


def _api(name: str, *, node: str = "n1", ready: bool = True) -> dict[str, object]:
    return pod(name, node=node, owners=of_deployment("api"), labels={"app": "api"}, ready=ready)


@pytest.fixture
def world() -> World:
    """Three pods of an api without a budget, two of them on the node."""
    found = drain_world()
    found.add(_api("api-3"))
    for kind, name in (("Deployment", "api"), ("ReplicaSet", "api-7d")):
        found.the(kind, name, "shop")["spec"]["replicas"] = 3
        found.the(kind, name, "shop")["status"]["readyReplicas"] = 3
    return found


def _waits(world: World, plan: Plan, name: str) -> str:
    (call,) = [one.call for one in plan.drawing.steps if one.says == f"evict pod shop/{name}"]
    assert isinstance(world.subject, Paced)
    return world.subject.not_yet(plan, call, world.eyes())


def _evict(world: World, name: str) -> None:
    world.the("Pod", name, "shop")["metadata"]["deletionTimestamp"] = ago(seconds=1)


def test_the_next_pod_waits_until_the_one_before_is_replaced_and_ready(world: World) -> None:
    plan = world.plan()
    assert _waits(world, plan, "api-1") == ""
    _evict(world, "api-1")
    assert _waits(world, plan, "api-3") == (
        "ReplicaSet shop/api-7d has 1 of the 2 ready pods it had beside shop/api-3, which goes "
        "when those before it were replaced"
    )
    world.remove("Pod", "api-1", "shop")
    world.add(_api("api-4", node="n4", ready=False))
    assert _waits(world, plan, "api-3") != ""
    set_ready(world.the("Pod", "api-4", "shop"), "True")
    assert _waits(world, plan, "api-3") == ""


def _by_budget(world: World) -> str:
    _evict(world, "cart-1")
    return "cart-2"


def _gone(world: World) -> str:
    _evict(world, "api-1")
    world.remove("Pod", "api-3", "shop")
    return "api-3"


def _made_anew(world: World) -> str:
    _evict(world, "api-1")
    world.the("Pod", "api-3", "shop")["metadata"]["uid"] = "another"
    return "api-3"


def _on_its_way(world: World) -> str:
    _evict(world, "api-1")
    _evict(world, "api-3")
    return "api-3"


def _scaled_down(world: World) -> str:
    _evict(world, "api-1")
    world.the("ReplicaSet", "api-7d", "shop")["spec"]["replicas"] = 1
    return "api-3"


def _controller_gone(world: World) -> str:
    _evict(world, "api-1")
    world.remove("ReplicaSet", "api-7d", "shop")
    return "api-3"


def _given_away(world: World) -> str:
    _evict(world, "api-1")
    world.the("Pod", "api-3", "shop")["metadata"]["ownerReferences"] = []
    return "api-3"


@pytest.mark.parametrize(
    "prepare",
    [
        _by_budget,
        _gone,
        _made_anew,
        _on_its_way,
        _scaled_down,
        _controller_gone,
        _given_away,
    ],
)
def test_what_a_budget_guards_or_is_not_there_any_more_does_not_wait(
    world: World, prepare: Callable[[World], str]
) -> None:
    plan = world.plan()

    assert _waits(world, plan, prepare(world)) == ""


def test_pods_that_were_not_ready_before_are_not_waited_for(world: World) -> None:
    set_ready(world.the("Pod", "api-2", "shop"), "False")
    world.the("ReplicaSet", "api-7d", "shop")["status"]["readyReplicas"] = 2
    plan = world.plan()

    assert _waits(world, plan, "api-1") == ""


def test_another_workloads_pods_with_the_same_labels_do_not_count(world: World) -> None:
    plan = world.plan()
    _evict(world, "api-1")
    stranger = pod("api-x", node="n3", owners=of_deployment("other"), labels={"app": "api"})
    world.add(stranger)

    assert _waits(world, plan, "api-3") != ""


def test_the_cordon_waits_for_nothing(world: World) -> None:
    plan = world.plan()
    assert isinstance(world.subject, Paced)

    assert world.subject.not_yet(plan, plan.drawing.steps[0].call, world.eyes()) == ""


def test_the_card_says_which_workloads_lose_their_pods_one_by_one(world: World) -> None:
    told = (
        "Deployment shop/api: without a disruption budget; pods go one by one, each once the last "
        "is ready elsewhere"
    )
    assert world.drawing().notes[-1] == told
    assert told not in drain_world().drawing().notes


def test_a_workload_that_stands_whole_on_the_node_is_down_only_if_it_is_one_pod() -> None:
    world = drain_world()
    for kind, name in (("Deployment", "api"), ("ReplicaSet", "api-7d")):
        world.the(kind, name, "shop")["spec"]["replicas"] = 2
    world.add(_api("api-2"))

    assert "Deployment shop/api: 2 of 2 pods" in world.drawing().blast_radius
