from __future__ import annotations

from typing import Any

import pytest

from safe_ops.errors import RefusedError, StaleError
from safe_ops.model.actions import CallOutcome
from safe_ops.model.plans import Tier
from safe_ops.operations.operation import Progress
from tests.unit.safe_ops.cluster_worlds import World, ago, owned, pod
from tests.unit.safe_ops.node_worlds import stuck_job_world


def _job(world: World) -> Any:
    return world.the("Job", "report-1", "shop")


def test_one_job_is_deleted_with_its_pods_by_uid_and_version() -> None:
    (step,) = stuck_job_world().drawing().steps

    assert (step.call.action, step.call.path) == (
        "DELETE",
        "/apis/batch/v1/namespaces/shop/jobs/report-1",
    )
    assert step.call.body == {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Foreground",
        "preconditions": {"uid": "uid-report-1", "resourceVersion": "$rv"},
    }
    assert step.call.late_bound == ("$rv",)


def test_the_resource_version_is_bound_just_before() -> None:
    world = stuck_job_world()
    plan = world.plan()
    call = plan.drawing.steps[0].call
    assert world.subject.bind(plan, call, world.eyes()) == {"$rv": "9"}

    _job(world)["metadata"]["uid"] = "another"
    with pytest.raises(StaleError, match="made anew"):
        world.subject.bind(plan, call, world.eyes())

    world.remove("Job", "report-1", "shop")
    with pytest.raises(StaleError, match="gone"):
        world.subject.bind(plan, call, world.eyes())


def test_a_job_that_holds_up_its_cron_job_is_of_the_second_tier() -> None:
    world = stuck_job_world()
    drawing = world.drawing()
    assert drawing.tier is Tier.T2
    (note,) = drawing.notes
    assert note.startswith("cron job report makes the next one (*/5 * * * *); ")
    assert note.endswith("its next run starts only once this job is gone")

    world.the("CronJob", "report", "shop")["spec"]["concurrencyPolicy"] = "Allow"
    drawing = world.drawing()
    assert drawing.tier is Tier.T1
    assert drawing.notes == ("cron job report makes the next one (*/5 * * * *)",)


def test_a_job_and_its_cron_job_are_one_service() -> None:
    world = stuck_job_world()
    assert world.drawing().target.service_key == "eu/CronJob/shop/report"

    _job(world)["metadata"]["ownerReferences"] = []
    assert world.drawing().target.service_key == "eu/Job/shop/report-1"


def test_a_job_nobody_makes_anew_says_so() -> None:
    world = stuck_job_world()
    _job(world)["metadata"]["ownerReferences"] = []

    assert world.drawing().notes == ("no cron job makes another one",)
    assert world.refusals() == []


@pytest.mark.parametrize("change", ["gone", "another"])
def test_a_cron_job_that_is_not_its_maker_any_more_is_not_counted(change: str) -> None:
    world = stuck_job_world()
    if change == "gone":
        world.remove("CronJob", "report", "shop")
    else:
        world.the("CronJob", "report", "shop")["metadata"]["uid"] = "another"

    assert world.drawing().tier is Tier.T1
    assert world.drawing().notes == ("no cron job makes another one",)


def test_the_jobs_own_pods_are_counted() -> None:
    world = stuck_job_world()
    owners = owned("Job", "report-1", "uid-report-1")
    world.add(pod("report-1-y", owners=owners, phase="Failed", ready=False))

    assert world.drawing().blast_radius == ("1 job and its 2 pods, 1 of them not finished",)


def test_the_manifest_is_kept_without_values_that_may_be_secret() -> None:
    snapshot = stuck_job_world().drawing().snapshot

    assert snapshot["metadata"]["name"] == "report-1"
    assert snapshot["spec"]["template"]["spec"]["containers"] == [
        {
            "name": "app",
            "env": [{"name": "TOKEN", "value": "left out"}, {"name": "FROM", "valueFrom": {}}],
        }
    ]
    assert "hunter2" not in str(snapshot)


def test_a_job_that_is_not_there_is_refused() -> None:
    world = stuck_job_world()
    world.wanted["name"] = "report-9"

    with pytest.raises(RefusedError, match="no job shop/report-9"):
        world.case()


@pytest.mark.parametrize(("minutes", "stuck"), [(9, False), (10, False), (11, True)])
def test_a_job_is_stuck_beyond_its_deadline(minutes: float, *, stuck: bool) -> None:
    world = stuck_job_world()
    _job(world)["status"]["startTime"] = ago(minutes=minutes)

    assert world.refusals() == ([] if stuck else ["stuck"])


@pytest.mark.parametrize(
    ("failed", "limit", "stuck"), [(3, 2, True), (2, 2, False), (7, None, True), (6, None, False)]
)
def test_a_job_is_stuck_beyond_its_retries(failed: int, limit: int | None, *, stuck: bool) -> None:
    world = stuck_job_world()
    job = _job(world)
    job["spec"] = {} if limit is None else {"backoffLimit": limit}
    job["status"]["failed"] = failed

    assert world.refusals() == ([] if stuck else ["stuck"])


def test_a_job_that_failed_for_good_may_be_removed() -> None:
    world = stuck_job_world()
    _job(world)["spec"] = {}
    _job(world)["status"] = {"conditions": [{"type": "Failed", "status": "True"}]}

    assert world.refusals() == []


def test_a_job_that_is_complete_is_not_stuck() -> None:
    world = stuck_job_world()
    _job(world)["status"]["conditions"] = [{"type": "Complete", "status": "True"}]

    assert world.refusals() == ["stuck"]


def test_a_job_that_never_started_is_not_stuck() -> None:
    world = stuck_job_world()
    del _job(world)["status"]["startTime"]

    assert world.refusals() == ["stuck"]


def _waiting(world: World, *, minutes: float) -> Any:
    """Leave the job without a deadline, its one pod without an image."""
    _job(world)["spec"] = {}
    _job(world)["status"]["startTime"] = ago(minutes=minutes)
    found = world.the("Pod", "report-1-x", "shop")
    found["status"] = {
        "phase": "Pending",
        "containerStatuses": [{"name": "app", "state": {"waiting": {"reason": "ErrImagePull"}}}],
    }
    return found


@pytest.mark.parametrize(("minutes", "stuck"), [(30, False), (31, True)])
def test_a_job_whose_pods_cannot_start_is_stuck(minutes: float, *, stuck: bool) -> None:
    world = stuck_job_world()
    _waiting(world, minutes=minutes)

    assert world.refusals() == ([] if stuck else ["stuck"])


@pytest.mark.parametrize("state", ["running", "terminated"])
def test_a_job_whose_pod_ran_once_is_at_work(state: str) -> None:
    world = stuck_job_world()
    found = _waiting(world, minutes=60)
    found["status"]["initContainerStatuses"] = [{"name": "init", "lastState": {state: {}}}]

    assert world.refusals() == ["stuck"]


def test_a_job_without_pods_and_deadline_is_not_known_to_be_stuck() -> None:
    world = stuck_job_world()
    _waiting(world, minutes=60)
    world.remove("Pod", "report-1-x", "shop")

    assert world.refusals() == ["stuck"]


def test_it_waits_until_the_job_is_gone() -> None:
    world = stuck_job_world()
    plan = world.plan()
    look = world.subject.look(plan, world.eyes())
    assert (look.progress, look.says) == (Progress.WAITING, "Job shop/report-1 is still there")

    _job(world)["metadata"]["deletionTimestamp"] = ago(seconds=1)
    look = world.subject.look(plan, world.eyes())
    assert (look.progress, look.says) == (
        Progress.WAITING,
        "Job shop/report-1 waits for its pods to end",
    )

    _job(world)["metadata"]["uid"] = "another"
    assert world.subject.look(plan, world.eyes()).progress is Progress.REACHED

    world.remove("Job", "report-1", "shop")
    assert world.subject.look(plan, world.eyes()).progress is Progress.REACHED


def test_whether_a_lost_deletion_took_effect_is_read_from_the_job() -> None:
    world = stuck_job_world()
    plan = world.plan()
    call = plan.drawing.steps[0].call
    assert world.subject.applied(plan, call, world.eyes()) is CallOutcome.NOT_APPLIED

    _job(world)["metadata"]["deletionTimestamp"] = ago(seconds=1)
    assert world.subject.applied(plan, call, world.eyes()) is CallOutcome.APPLIED
