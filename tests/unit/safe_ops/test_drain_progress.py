from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safe_ops.errors import StaleError
from safe_ops.model.actions import CallOutcome
from safe_ops.model.drainage import budgets_of
from safe_ops.operations.evicting import evicted_uid
from safe_ops.operations.operation import Progress
from tests.unit.safe_ops.cluster_worlds import (
    World,
    ago,
    budget,
    later,
    mark,
    of_deployment,
    owned,
    pod,
)
from tests.unit.safe_ops.node_worlds import drain_world

if TYPE_CHECKING:
    from safe_ops.model.plans import Plan, Step


def _drained(world: World) -> None:
    """Leave the cluster as a drain that went well leaves it."""
    node = world.the("Node", "n1")
    node["spec"]["unschedulable"] = True
    mark(node, "A7")
    for name in ("cart-1", "cart-2", "api-1", "db-0"):
        world.remove("Pod", name, "shop")


def _eviction(plan: Plan, name: str) -> Step:
    return next(step for step in plan.drawing.steps if step.says == f"evict pod shop/{name}")


def _look(world: World, plan: Plan) -> tuple[Progress, str]:
    look = world.subject.look(plan, world.eyes())
    return look.progress, look.says


def test_pods_that_went_by_themselves_are_no_drift() -> None:
    world = drain_world()
    plan = world.plan()
    world.remove("Pod", "cart-1", "shop")
    world.the("Pod", "api-1", "shop")["metadata"]["deletionTimestamp"] = ago(seconds=5)

    assert later(world, minutes=5).drift(plan) == ""


def test_a_pod_that_came_meanwhile_is_drift() -> None:
    world = drain_world()
    plan = world.plan()
    world.add(pod("api-3", owners=of_deployment("api")))

    drift = world.drift(plan)

    assert drift == "not in the plan: evict pod shop/api-3"


def test_a_pod_made_anew_under_the_same_name_is_drift() -> None:
    world = drain_world()
    plan = world.plan()
    world.the("Pod", "db-0", "shop")["metadata"]["uid"] = "another"

    drift = world.drift(plan)

    assert drift == "not in the plan: evict pod shop/db-0"


def test_a_budget_that_came_meanwhile_is_drift() -> None:
    world = drain_world()
    plan = world.plan()
    world.add(budget("api", app="api"))

    drift = world.drift(plan)

    assert drift == "not in the plan: evict pod shop/api-1"


def test_a_node_cordoned_meanwhile_is_drift() -> None:
    world = drain_world()
    plan = world.plan()
    world.the("Node", "n1")["spec"]["unschedulable"] = True

    assert world.drift(plan) == "cordoned was false and is true"


def test_it_is_reached_when_the_node_is_empty_and_the_workloads_are_as_before() -> None:
    world = drain_world()
    plan = world.plan()
    _drained(world)

    assert _look(world, plan) == (
        Progress.REACHED,
        "n1 is empty, and its workloads are as ready as before",
    )


def test_it_waits_for_pods_that_are_still_shutting_down() -> None:
    world = drain_world()
    plan = world.plan()
    _drained(world)
    slow = pod("db-0", owners=owned("StatefulSet", "db", "uid-db"))
    slow["metadata"]["deletionTimestamp"] = ago(seconds=20)
    world.add(slow)

    assert _look(world, plan) == (Progress.WAITING, "1 pods are still on n1: shop/db-0")


def test_it_waits_for_the_workloads_to_be_ready_elsewhere() -> None:
    world = drain_world()
    plan = world.plan()
    _drained(world)
    world.the("ReplicaSet", "cart-7d", "shop")["status"]["readyReplicas"] = 1
    world.the("StatefulSet", "db", "shop")["status"] = {}

    progress, says = _look(world, plan)
    assert progress is Progress.WAITING
    assert says.startswith("n1 is empty; ReplicaSet shop/cart-7d has 1 of 3 ready; ")
    assert says.endswith("StatefulSet shop/db has 0 of 3 ready")


def test_a_workload_that_was_scaled_down_or_removed_meanwhile_needs_no_more() -> None:
    world = drain_world()
    plan = world.plan()
    _drained(world)
    scaled = world.the("ReplicaSet", "cart-7d", "shop")
    scaled["spec"]["replicas"] = 1
    scaled["status"]["readyReplicas"] = 1
    world.remove("StatefulSet", "db", "shop")

    assert _look(world, plan)[0] is Progress.REACHED


def test_a_pod_that_was_not_planned_for_makes_it_miss() -> None:
    world = drain_world()
    plan = world.plan()
    _drained(world)
    world.add(pod("api-3", owners=of_deployment("api")))

    assert _look(world, plan) == (
        Progress.MISSED,
        "shop/api-3 came to n1 and was not part of the plan",
    )


def test_a_node_that_somebody_uncordons_meanwhile_makes_it_miss() -> None:
    world = drain_world()
    plan = world.plan()
    _drained(world)
    world.the("Node", "n1")["spec"]["unschedulable"] = False

    assert _look(world, plan)[0] is Progress.MISSED


def test_a_node_that_was_removed_when_it_was_empty_is_no_failure() -> None:
    world = drain_world()
    plan = world.plan()
    _drained(world)
    world.remove("Node", "n1")

    assert _look(world, plan)[0] is Progress.REACHED


def test_lost_answers_are_read_back_from_the_pod_or_the_node() -> None:
    world = drain_world()
    plan = world.plan()
    cordon, eviction = plan.drawing.steps[0].call, _eviction(plan, "cart-1").call
    for call in (cordon, eviction):
        assert world.subject.applied(plan, call, world.eyes()) is CallOutcome.NOT_APPLIED

    _drained(world)

    for call in (cordon, eviction):
        assert world.subject.applied(plan, call, world.eyes()) is CallOutcome.APPLIED


def test_only_the_patch_of_the_node_is_bound_late() -> None:
    world = drain_world()
    plan = world.plan()
    bind = world.subject.bind

    assert bind(plan, plan.drawing.steps[0].call, world.eyes()) == {"$rv": "7"}
    assert bind(plan, _eviction(plan, "cart-1").call, world.eyes()) == {}


def test_an_undo_does_not_touch_a_node_that_is_not_ours_any_more() -> None:
    world = drain_world()
    plan = world.plan()

    with pytest.raises(StaleError, match="changed by somebody else since this action"):
        world.subject.bind(plan, plan.drawing.undo[0].call, world.eyes())


_PODS = st.lists(
    st.tuples(
        st.sampled_from(["cart", "api", "db", "proxy", "static"]),
        st.sampled_from(["Running", "Pending", "Succeeded"]),
        st.booleans(),
    ),
    max_size=40,
)


def _crowd(pods: list[tuple[str, str, bool]]) -> World:
    world = drain_world()
    for name in ("cart-1", "cart-2", "api-1", "db-0"):
        world.remove("Pod", name, "shop")
    owners = {
        "cart": of_deployment("cart"),
        "api": of_deployment("api"),
        "db": owned("StatefulSet", "db", "uid-db"),
        "proxy": owned("DaemonSet", "proxy", "uid-p"),
        "static": owned("Node", "n1", "uid-n1"),
    }
    for at, (app, phase, ending) in enumerate(pods):
        one = pod(f"{app}-x{at}", owners=owners[app], labels={"app": app}, phase=phase)
        if app == "static":
            one["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "hash"
        if ending:
            one["metadata"]["deletionTimestamp"] = ago(seconds=1)
        world.add(one)
    return world


@settings(max_examples=50)
@given(_PODS)
def test_no_pod_is_evicted_twice_and_none_that_stays(pods: list[tuple[str, str, bool]]) -> None:
    world = _crowd(pods)

    evicted = [evicted_uid(step.call) for step in world.drawing().steps[1:]]

    leaving = {
        f"uid-{app}-x{at}"
        for at, (app, phase, ending) in enumerate(pods)
        if app in {"cart", "api", "db"} and phase != "Succeeded" and not ending
    }
    assert len(evicted) == len(set(evicted))
    assert set(evicted) == leaving


@settings(max_examples=50)
@given(_PODS)
def test_two_pods_of_one_budget_or_workload_are_always_in_one_group(
    pods: list[tuple[str, str, bool]],
) -> None:
    case = _crowd(pods).case()
    by_uid = {one["metadata"]["uid"]: one for one in case.survey.pods}
    steps = case.drawing.steps[1:]

    for step in steps:
        one = by_uid[evicted_uid(step.call)]
        app = one["metadata"]["labels"]["app"]
        beside = {
            other.group
            for other in steps
            if by_uid[evicted_uid(other.call)]["metadata"]["labels"]["app"] == app
        }
        assert beside == {step.group}
        assert bool(budgets_of(case.survey.budgets, one)) == step.group.startswith("PodDisruption")


@settings(max_examples=50)
@given(_PODS, st.data())
def test_whatever_vanishes_or_comes_only_what_came_is_drift(
    pods: list[tuple[str, str, bool]], data: st.DataObject
) -> None:
    world = _crowd(pods)
    plan = world.plan()
    there = [f"{app}-x{at}" for at, (app, _, _) in enumerate(pods)]
    for name in data.draw(st.sets(st.sampled_from(there)) if there else st.just(set())):
        world.remove("Pod", name, "shop")
    came = data.draw(st.booleans())
    if came:
        world.add(pod("api-new", owners=of_deployment("api"), labels={"app": "api"}))

    assert bool(world.drift(plan)) == came
