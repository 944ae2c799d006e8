from __future__ import annotations

import pytest

from safe_ops.errors import RefusedError, StaleError
from safe_ops.model.actions import CallOutcome
from safe_ops.model.plans import Tier
from safe_ops.operations.operation import Progress
from tests.unit.safe_ops.cluster_worlds import World, ago, mark, set_ready
from tests.unit.safe_ops.node_worlds import cordon_world, uncordon_world

PATH = "/api/v1/nodes/n1"


def _cordoned_by(world: World, label: str) -> None:
    node = world.the("Node", "n1")
    node["spec"]["unschedulable"] = True
    mark(node, label)


def _released(world: World) -> None:
    node = world.the("Node", "n1")
    node["spec"]["unschedulable"] = False
    node["metadata"]["annotations"].clear()


def test_a_cordon_sets_one_field_and_our_mark() -> None:
    (step,) = cordon_world().drawing().steps

    assert (step.call.action, step.call.path) == ("PATCH", PATH)
    assert step.call.body == {
        "metadata": {
            "resourceVersion": "$rv",
            "annotations": {"nightdesk.dev/action": "$action"},
        },
        "spec": {"unschedulable": True},
    }
    assert step.call.media_type == "application/strategic-merge-patch+json"
    assert step.call.late_bound == ("$rv", "$action")


def test_a_cordon_is_undone_by_an_uncordon_that_takes_the_mark_off() -> None:
    (undo,) = cordon_world().drawing().undo

    assert undo.says == "uncordon node n1, as it was"
    assert undo.call.body == {
        "metadata": {"resourceVersion": "$rv", "annotations": {"nightdesk.dev/action": None}},
        "spec": {"unschedulable": False},
    }
    assert undo.call.late_bound == ("$rv",)


def test_an_uncordon_is_undone_to_the_mark_there_was() -> None:
    drawing = uncordon_world().drawing()

    assert drawing.steps[0].call.body["spec"] == {"unschedulable": False}
    assert drawing.steps[0].call.body["metadata"]["annotations"] == {"nightdesk.dev/action": None}
    assert drawing.undo[0].says == "cordon node n1, as it was"
    assert drawing.undo[0].call.body["spec"] == {"unschedulable": True}
    assert drawing.undo[0].call.body["metadata"]["annotations"] == {"nightdesk.dev/action": "A3"}


def test_all_nodes_of_a_cluster_are_one_service() -> None:
    target = cordon_world().drawing().target

    assert target.key == "eu/Node/n1"
    assert target.service_key == "eu/nodes"
    assert cordon_world().drawing().tier is Tier.T1


def test_the_card_says_what_stands_on_the_node() -> None:
    assert cordon_world().drawing().blast_radius == (
        "pods of workloads on n1: 1; they stay where they are",
        "5 of 5 other nodes take its kind of pods",
    )


@pytest.mark.parametrize("world", [cordon_world(), uncordon_world()])
def test_a_node_that_is_so_already_is_refused(world: World) -> None:
    node = world.the("Node", "n1")
    node["spec"]["unschedulable"] = world.operation == "cordon"

    with pytest.raises(RefusedError, match="already") as refusal:
        world.case()

    assert refusal.value.code == "parameters"


@pytest.mark.parametrize("world", [cordon_world(), uncordon_world()])
def test_a_node_that_is_not_there_is_refused(world: World) -> None:
    world.wanted["name"] = "n9"

    with pytest.raises(RefusedError, match="no node n9"):
        world.case()


def test_who_cordoned_the_node_is_on_the_card() -> None:
    world = uncordon_world()
    assert world.drawing().notes == ("cordoned by A3",)

    world.the("Node", "n1")["metadata"]["annotations"].clear()
    assert world.drawing().notes == ("cordoned by somebody else than us",)
    assert cordon_world().drawing().notes == ()


def test_two_of_twenty_one_nodes_down_are_bad_luck_only_below_the_share() -> None:
    world = cordon_world()
    first = world.the("Node", "n6")
    for at in range(7, 21):
        extra = first | {"metadata": first["metadata"] | {"name": f"n{at}"}}
        world.add(extra)
    set_ready(world.the("Node", "n5"), "False")
    world.add(first | {"metadata": first["metadata"] | {"name": "n21"}})
    assert world.refusals() == []

    down = world.the("Node", "n4")
    set_ready(down, "False")
    assert world.refusals() == []

    world.remove("Node", "n21")
    assert world.refusals() == ["unhealthy-share"]


def test_a_node_cordoned_by_somebody_else_does_not_hold_the_others() -> None:
    world = cordon_world()
    world.the("Node", "n6")["spec"]["unschedulable"] = True

    assert world.refusals() == []


def test_a_mark_on_a_node_that_was_given_back_holds_nothing() -> None:
    world = cordon_world()
    mark(world.the("Node", "n6"), "A2")

    assert world.refusals() == []


def test_nodes_of_another_pool_and_control_planes_are_no_place_to_go() -> None:
    world = cordon_world()
    taint = {"key": "gpu", "value": "yes", "effect": "NoSchedule"}
    for name in ("n3", "n4"):
        world.the("Node", name)["spec"]["taints"] = [taint]
    labels = world.the("Node", "n5")["metadata"]["labels"]
    labels["node-role.kubernetes.io/master"] = ""
    assert world.refusals() == []

    world.the("Node", "n6")["spec"]["taints"] = [taint]
    assert world.refusals() == ["schedulable-nodes-left"]

    # Of a node with that taint they are the pool.
    world.the("Node", "n1")["spec"]["taints"] = [taint]
    assert world.refusals() == []


def test_a_preference_against_a_node_keeps_nobody_away() -> None:
    world = cordon_world()
    for name in ("n2", "n3", "n4", "n5", "n6"):
        taint = {"key": "busy", "effect": "PreferNoSchedule"}
        world.the("Node", name)["spec"]["taints"] = [taint]

    assert world.refusals() == []


@pytest.mark.parametrize(
    ("minutes", "refusals"), [(4.9, ["ready-for-a-while"]), (5, []), (600, [])]
)
def test_a_node_is_given_back_after_five_ready_minutes(minutes: float, refusals: list[str]) -> None:
    world = uncordon_world()
    ready = world.the("Node", "n1")["status"]["conditions"][-1]
    ready["lastTransitionTime"] = ago(minutes=minutes)

    assert world.refusals() == refusals


@pytest.mark.parametrize("status", ["False", "Unknown"])
def test_a_node_that_is_not_ready_is_not_given_back(status: str) -> None:
    world = uncordon_world()
    set_ready(world.the("Node", "n1"), status)

    assert world.refusals() == ["ready-for-a-while"]


def test_a_node_that_does_not_say_since_when_it_is_ready_is_not_given_back() -> None:
    world = uncordon_world()
    del world.the("Node", "n1")["status"]["conditions"][-1]["lastTransitionTime"]

    assert world.refusals() == ["ready-for-a-while"]


@pytest.mark.parametrize(
    ("kind", "status", "clear"),
    [
        ("KernelDeadlock", "False", True),
        ("KernelDeadlock", "True", False),
        ("StorageReady", "True", True),
        ("StorageReady", "False", False),
        ("NetworkUnavailable", "Unknown", False),
    ],
)
def test_conditions_of_problem_detectors_count(kind: str, status: str, *, clear: bool) -> None:
    world = uncordon_world()
    world.the("Node", "n1")["status"]["conditions"].append({"type": kind, "status": status})

    assert world.refusals() == ([] if clear else ["conditions-clear"])


def test_a_node_that_is_being_deleted_is_not_given_back() -> None:
    world = uncordon_world()
    world.the("Node", "n1")["metadata"]["deletionTimestamp"] = ago(minutes=1)

    assert world.refusals() == ["not-being-removed"]


def test_a_taint_of_its_own_pool_does_not_keep_a_node() -> None:
    world = uncordon_world()
    world.the("Node", "n1")["spec"]["taints"] = [{"key": "gpu", "effect": "NoSchedule"}]

    assert world.refusals() == []


def test_the_patch_is_bound_to_the_node_as_it_is_just_before() -> None:
    world = cordon_world()
    plan = world.plan()
    world.the("Node", "n1")["metadata"]["resourceVersion"] = "8"

    bound = world.subject.bind(plan, plan.drawing.steps[0].call, world.eyes())

    assert bound == {"$rv": "8"}


def test_a_node_somebody_else_cordoned_meanwhile_is_stale() -> None:
    world = cordon_world()
    plan = world.plan()
    world.the("Node", "n1")["spec"]["unschedulable"] = True

    with pytest.raises(StaleError, match="changed by somebody else"):
        world.subject.bind(plan, plan.drawing.steps[0].call, world.eyes())


def test_a_node_of_the_same_name_is_another_node() -> None:
    world = cordon_world()
    plan = world.plan()
    world.the("Node", "n1")["metadata"]["uid"] = "another"

    with pytest.raises(StaleError, match="made anew"):
        world.subject.bind(plan, plan.drawing.steps[0].call, world.eyes())


@pytest.mark.parametrize("operation", ["cordon", "uncordon"])
def test_what_became_of_a_lost_patch_is_read_from_the_node(operation: str) -> None:
    world = cordon_world() if operation == "cordon" else uncordon_world()
    plan = world.plan()
    call, undo = plan.drawing.steps[0].call, plan.drawing.undo[0].call
    applied = world.subject.applied
    assert applied(plan, call, world.eyes()) is CallOutcome.NOT_APPLIED
    assert applied(plan, undo, world.eyes()) is CallOutcome.APPLIED

    if operation == "cordon":
        _cordoned_by(world, "A7")
    else:
        _released(world)

    assert applied(plan, call, world.eyes()) is CallOutcome.APPLIED
    assert applied(plan, undo, world.eyes()) is CallOutcome.NOT_APPLIED
    assert world.subject.look(plan, world.eyes()).progress is Progress.REACHED


def test_a_cordon_of_somebody_else_is_not_taken_for_ours() -> None:
    world = cordon_world()
    plan = world.plan()
    world.the("Node", "n1")["spec"]["unschedulable"] = True

    outcome = world.subject.applied(plan, plan.drawing.steps[0].call, world.eyes())

    assert outcome is CallOutcome.UNKNOWN


def test_a_cordon_that_is_not_there_any_more_is_missed() -> None:
    world = cordon_world()

    assert world.subject.look(world.plan(), world.eyes()).progress is Progress.MISSED
