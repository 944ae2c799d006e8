from __future__ import annotations

import pytest
from pydantic import ValidationError

from safe_ops.errors import RefusedError
from safe_ops.model.actions import CallOutcome
from safe_ops.model.plans import Tier
from safe_ops.operations.operation import Progress
from tests.unit.safe_ops.cluster_worlds import ago, later, pod
from tests.unit.safe_ops.node_worlds import finished, finished_world


def _deleted(world_says: tuple[str, ...]) -> list[str]:
    return [says.removeprefix("delete pod shop/").split(" ")[0] for says in world_says]


def _steps(world_drawing: object) -> list[str]:
    steps = getattr(world_drawing, "steps", ())
    return _deleted(tuple(step.says for step in steps))


def test_pods_that_ended_long_ago_are_deleted_the_oldest_first() -> None:
    drawing = finished_world().drawing()

    assert _steps(drawing) == ["old-1", "old-2"]
    assert drawing.tier is Tier.T1
    assert drawing.changes[0].before == "3"
    assert drawing.changes[0].after == "1"


def test_each_deletion_names_the_pod_by_its_uid() -> None:
    first = finished_world().drawing().steps[0]

    assert (first.call.action, first.call.path) == (
        "DELETE",
        "/api/v1/namespaces/shop/pods/old-1",
    )
    assert first.call.body == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "preconditions": {"uid": "uid-old-1"},
    }
    assert first.gone_is_fine
    assert first.says == "delete pod shop/old-1 (Succeeded)"


def test_the_namespace_is_the_target() -> None:
    target = finished_world().drawing().target

    assert target.key == "eu/Namespace/shop/shop"
    assert target.uid == "uid-shop"


def test_running_pods_are_never_deleted_however_old() -> None:
    world = finished_world()
    world.add(pod("ancient", phase="Running"), pod("waiting", phase="Pending"))

    assert _steps(world.drawing()) == ["old-1", "old-2"]


def test_pods_somebody_keeps_counts_or_deletes_already_stay() -> None:
    world = finished_world()
    kept, counted, going = (finished(name, minutes=500) for name in ("kept", "counted", "going"))
    kept["metadata"]["labels"]["nightdesk.dev/keep"] = "1"
    counted["metadata"]["finalizers"] = ["batch.kubernetes.io/job-tracking"]
    going["metadata"]["deletionTimestamp"] = ago(seconds=1)
    world.add(kept, counted, going)

    assert _steps(world.drawing()) == ["old-1", "old-2"]


def test_at_most_fifty_are_deleted_at_once() -> None:
    world = finished_world()
    world.add(*(finished(f"job-{at:02}", minutes=1000 - at) for at in range(60)))

    drawing = world.drawing()

    assert _steps(drawing) == [f"job-{at:02}" for at in range(50)]
    assert drawing.blast_radius == ("50 of 63 finished pods in shop", "no running pod")


def test_a_pod_that_was_evicted_ended_when_its_conditions_last_changed() -> None:
    world = finished_world()
    evicted = pod("evicted", phase="Failed", ready=False)
    evicted["status"]["conditions"][0]["lastTransitionTime"] = ago(minutes=30)
    world.add(evicted)
    assert "evicted" not in _steps(world.drawing())

    evicted["status"]["conditions"][0]["lastTransitionTime"] = ago(minutes=90)
    assert "evicted" in _steps(world.drawing())


def test_a_pod_that_says_nothing_of_its_end_counts_from_its_beginning() -> None:
    world = finished_world()
    silent = pod("silent", phase="Failed")
    silent["status"] = {"phase": "Failed"}
    world.add(silent)
    assert _steps(world.drawing())[0] == "silent"

    del silent["metadata"]["creationTimestamp"]
    assert "silent" not in _steps(world.drawing())


def test_where_nothing_is_old_enough_nothing_is_planned() -> None:
    world = finished_world()
    world.wanted["older_than_minutes"] = 40_000

    with pytest.raises(RefusedError, match="None of 3 finished pods in shop") as refusal:
        world.case()

    assert refusal.value.code == "parameters"


def test_a_namespace_that_is_not_there_is_refused() -> None:
    world = finished_world()
    world.wanted["namespace"] = "nowhere"

    with pytest.raises(RefusedError, match="no namespace nowhere"):
        world.case()


@pytest.mark.parametrize(
    "wanted",
    [
        {"namespace": "shop", "older_than_minutes": 59},
        {"namespace": "*"},
        {"namespace": "shop/../kube-system"},
        {"namespace": "shop", "name": "old-1"},
        {},
    ],
)
def test_parameters_out_of_bounds_are_refused(wanted: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        finished_world().subject.parameters.model_validate(wanted)


def test_pods_that_vanish_or_get_old_meanwhile_are_no_drift() -> None:
    world = finished_world()
    plan = world.plan()
    world.remove("Pod", "old-1", "shop")
    grown = later(world, minutes=10)

    drawing = grown.drawing()

    assert _steps(drawing) == ["old-2", "young"]
    assert grown.drift(plan) == ""


def test_a_pod_that_is_shutting_down_meanwhile_is_no_drift() -> None:
    world = finished_world()
    plan = world.plan()
    world.the("Pod", "old-1", "shop")["metadata"]["deletionTimestamp"] = ago(seconds=1)

    assert world.drift(plan) == ""


def test_a_pod_somebody_wants_to_keep_meanwhile_is_drift() -> None:
    world = finished_world()
    plan = world.plan()
    world.the("Pod", "old-2", "shop")["metadata"]["annotations"]["nightdesk.dev/keep"] = "1"

    drift = world.drift(plan)

    assert drift == "not to be done any more: delete pod shop/old-2 (Failed)"


def test_it_is_reached_when_all_are_gone() -> None:
    world = finished_world()
    plan = world.plan()
    world.remove("Pod", "old-1", "shop")
    look = world.subject.look(plan, world.eyes())
    assert (look.progress, look.says) == (Progress.WAITING, "1 of 2 pods are gone")

    world.remove("Pod", "old-2", "shop")
    look = world.subject.look(plan, world.eyes())
    assert (look.progress, look.says) == (Progress.REACHED, "2 of 2 pods are gone")


def test_whether_a_lost_deletion_took_effect_is_read_from_the_pod() -> None:
    world = finished_world()
    plan = world.plan()
    call = plan.drawing.steps[0].call
    applied = world.subject.applied
    assert applied(plan, call, world.eyes()) is CallOutcome.NOT_APPLIED
    assert world.subject.bind(plan, call, world.eyes()) == {}

    world.remove("Pod", "old-1", "shop")
    assert applied(plan, call, world.eyes()) is CallOutcome.APPLIED


def test_a_pod_that_is_marked_protected_stays() -> None:
    world = finished_world()
    world.the("Pod", "old-1", "shop")["metadata"]["labels"] = {"nightdesk.dev/protected": "true"}
    assert [step.says for step in world.drawing().steps] == ["delete pod shop/old-2 (Failed)"]
