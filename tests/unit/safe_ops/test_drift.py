from __future__ import annotations

from dataclasses import replace

from safe_ops.operations.drift import drift_of
from tests.unit.safe_ops.cluster_worlds import later
from tests.unit.safe_ops.node_worlds import (
    cordon_world,
    drain_world,
    evict_world,
    stuck_job_world,
    suspend_world,
)
from tests.unit.safe_ops.stored_plans import plan_from_json, plan_json


def test_an_unchanged_world_is_no_drift() -> None:
    for world in (
        evict_world(),
        cordon_world(),
        drain_world(),
        stuck_job_world(),
        suspend_world(),
    ):
        assert drift_of(world.plan(), later(world, minutes=10).drawing()) == ""


def test_a_plan_that_was_stored_is_compared_as_if_it_had_not_been() -> None:
    world = drain_world()
    drawing = world.drawing()
    pinned = replace(drawing, pins=drawing.pins | {"list": ("a", "b")})
    plan = replace(world.plan(), drawing=pinned)

    assert drift_of(plan_from_json(plan_json(plan)), pinned) == ""


def test_a_changed_pin_is_named_with_both_values() -> None:
    world = stuck_job_world()
    plan = world.plan()
    world.the("Job", "report-1", "shop")["status"]["failed"] = 2

    assert drift_of(plan, world.drawing()) == "failed was 0 and is 2"


def test_a_pin_that_is_new_or_missing_is_drift() -> None:
    drawing = suspend_world().drawing()
    plan = suspend_world().plan()

    assert drift_of(plan, replace(drawing, pins=drawing.pins | {"more": 1})) == (
        "more was absent and is 1"
    )


def test_another_object_of_the_same_name_is_drift() -> None:
    world = cordon_world()
    plan = world.plan()
    world.the("Node", "n1")["metadata"]["uid"] = "another"

    assert drift_of(plan, world.drawing()) == (
        "Node n1 is not the one this was planned for (uid uid-n1, now another)"
    )


def test_other_calls_are_drift() -> None:
    world = drain_world()
    plan = world.plan()
    world.remove("Pod", "cart-1", "shop")

    drift = drift_of(plan, world.drawing())

    assert drift.startswith("the calls would be others now: cordon node n1; ")
    assert "instead of cordon node n1; evict pod shop/api-1; evict pod shop/cart-1" in drift


def test_another_undo_is_drift() -> None:
    world = cordon_world()
    drawing = world.drawing()

    assert drift_of(world.plan(), replace(drawing, undo=())) == (
        "the undo would be others now: none instead of uncordon node n1, as it was"
    )


def test_operations_on_one_object_know_exact_drift() -> None:
    world = evict_world()
    plan = world.plan()

    assert world.drift(plan) == ""
