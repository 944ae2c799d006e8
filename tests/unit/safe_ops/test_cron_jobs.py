from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from safe_ops.errors import RefusedError, StaleError
from safe_ops.model.actions import CallOutcome
from safe_ops.model.plans import Sequel, Tier
from safe_ops.operations.catalogue import CATALOGUE, WITH_SEQUEL
from safe_ops.operations.operation import Progress
from tests.unit.safe_ops.cases_nodes import WORLDS
from tests.unit.safe_ops.cluster_worlds import World, mark
from tests.unit.safe_ops.node_worlds import resume_world, suspend_world

if TYPE_CHECKING:
    from safe_ops.model.surveys import Object


def _cron(world: World) -> Object:
    return world.the("CronJob", "report", "shop")


def _set(world: World, *, suspended: bool, by: str) -> None:
    _cron(world)["spec"]["suspend"] = suspended
    _cron(world)["metadata"]["annotations"].clear()
    if by:
        mark(_cron(world), by)


def test_a_suspension_sets_one_field_and_our_mark() -> None:
    drawing = suspend_world().drawing()

    (step,) = drawing.steps
    assert (step.call.action, step.call.path, step.says) == (
        "PATCH",
        "/apis/batch/v1/namespaces/shop/cronjobs/report",
        "suspend cron job shop/report",
    )
    assert step.call.body == {
        "metadata": {
            "resourceVersion": "$rv",
            "annotations": {"nightdesk.dev/action": "$action"},
        },
        "spec": {"suspend": True},
    }
    assert step.call.late_bound == ("$rv", "$action")
    assert drawing.tier is Tier.T1


def test_a_suspension_and_a_resumption_undo_each_other() -> None:
    (resume,) = suspend_world().drawing().undo
    (suspend,) = resume_world().drawing().undo

    assert resume.call.body["spec"] == {"suspend": False}
    assert resume.call.body["metadata"]["annotations"] == {"nightdesk.dev/action": None}
    assert suspend.call.body["spec"] == {"suspend": True}
    assert suspend.call.body["metadata"]["annotations"] == {"nightdesk.dev/action": "A5"}


def test_the_card_says_what_goes_on_and_when_it_is_resumed() -> None:
    drawing = suspend_world().drawing()

    assert drawing.blast_radius == (
        "the schedule */5 * * * * of 1 cron job",
        "1 job of it is at work and goes on",
    )
    assert (
        "resumed by itself 4 h after it was suspended, which is approved with this"
        in (drawing.notes[0])
    )
    assert resume_world().drawing().notes == ("a run it missed may start at once",)


@pytest.mark.parametrize(
    ("active", "says"),
    [(0, "no job of it is at work"), (2, "2 jobs of it are at work and go on")],
)
def test_the_card_counts_the_jobs_at_work(active: int, says: str) -> None:
    world = suspend_world()
    _cron(world)["status"]["active"] = [{"name": f"report-{at}"} for at in range(active)]
    assert says in world.drawing().blast_radius


def test_a_suspension_is_followed_by_the_resumption_that_ends_it() -> None:
    assert suspend_world().drawing().sequel == Sequel(
        operation="cronjob_resume",
        parameters={"namespace": "shop", "name": "report"},
        after_s=4 * 3600,
    )
    assert resume_world().drawing().sequel is None


@pytest.mark.parametrize("hours", [None, 0, 25])
def test_a_suspension_without_an_end_within_a_day_is_none(hours: int | None) -> None:
    wanted: Object = {"namespace": "shop", "name": "report"}
    if hours is not None:
        wanted["resume_after_hours"] = hours

    with pytest.raises(ValidationError, match="resume_after_hours"):
        suspend_world().subject.parameters.model_validate(wanted)


def test_whatever_has_a_sequel_is_looked_at_by_the_sweep() -> None:
    drawn = {name: world().drawing().sequel for name, world in WORLDS.items()}

    assert {name for name, sequel in drawn.items() if sequel is not None} == WITH_SEQUEL
    assert {sequel.operation for sequel in drawn.values() if sequel is not None} <= set(CATALOGUE)


@pytest.mark.parametrize("suspended", [True, False])
def test_a_cron_job_that_is_so_already_is_refused(*, suspended: bool) -> None:
    world = suspend_world() if suspended else resume_world()
    _set(world, suspended=suspended, by="A5")

    with pytest.raises(RefusedError, match="already") as refusal:
        world.case()

    assert refusal.value.code == "parameters"


def test_a_cron_job_that_is_not_there_is_refused() -> None:
    world = suspend_world()
    world.wanted["name"] = "nothing"

    with pytest.raises(RefusedError, match="no cron job shop/nothing"):
        world.case()


def test_a_new_schedule_is_drift() -> None:
    world = suspend_world()
    plan = world.plan()
    _cron(world)["metadata"]["generation"] = 4

    assert world.drift(plan) == "generation was 3 and is 4"


@pytest.mark.parametrize("operation", ["cronjob_suspend", "cronjob_resume"])
def test_what_became_of_a_lost_patch_is_read_from_the_cron_job(operation: str) -> None:
    suspends = operation == "cronjob_suspend"
    world = suspend_world() if suspends else resume_world()
    plan = world.plan()
    call, undo = plan.drawing.steps[0].call, plan.drawing.undo[0].call
    applied = world.subject.applied
    assert applied(plan, call, world.eyes()) is CallOutcome.NOT_APPLIED
    assert world.subject.bind(plan, call, world.eyes()) == {"$rv": "11"}

    _set(world, suspended=suspends, by="A9" if suspends else "")

    assert applied(plan, call, world.eyes()) is CallOutcome.APPLIED
    assert applied(plan, undo, world.eyes()) is CallOutcome.NOT_APPLIED
    look = world.subject.look(plan, world.eyes())
    assert look.progress is Progress.REACHED
    assert look.says == f"shop/report is {'suspended' if suspends else 'active'}"


def test_a_suspension_by_somebody_else_is_not_taken_for_ours() -> None:
    world = suspend_world()
    plan = world.plan()
    _set(world, suspended=True, by="")

    call = plan.drawing.steps[0].call
    assert world.subject.applied(plan, call, world.eyes()) is CallOutcome.UNKNOWN
    with pytest.raises(StaleError, match="changed by somebody else"):
        world.subject.bind(plan, call, world.eyes())
