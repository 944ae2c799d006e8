"""The operations that keep a cron job from starting jobs, and let it start them again.

A suspension is for a time: the resumption that ends it is approved along with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from pydantic import Field

from safe_ops.errors import RefusedError
from safe_ops.guardrails.jobs import OF_RESUMPTION, OF_SUSPENSION
from safe_ops.model.drainage import label_of
from safe_ops.model.fields import dig, entries, text
from safe_ops.model.marks import ACTION, MARKED, action_of
from safe_ops.model.objects import generation_of, name_of, namespace_of
from safe_ops.model.plans import Call, Change, Drawing, Sequel, Step, System, Tier, Verification
from safe_ops.model.rights import Rights
from safe_ops.model.surveys import ClusterSurvey
from safe_ops.operations.cluster_change import (
    ACTION_MARK,
    RV,
    STRATEGIC_PATCH,
    ClusterChange,
    cluster_of,
    permission,
    reached,
    target_of,
    there,
)
from safe_ops.operations.cluster_parameters import NamespacedParameters
from safe_ops.operations.cluster_paths import path_to
from safe_ops.operations.drift import ExactDrift
from safe_ops.operations.workload_reading import reads, writes

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes, Look, Operation, Parameters

SUSPEND, RESUME = "cronjob_suspend", "cronjob_resume"
MOST_HOURS = 24
"""What is suspended for longer is a change of the schedule, which is made where it is kept."""
# One field; the API shows it at once.
_DEADLINE_S = 30
_HOUR_S = 3600


class SuspensionParameters(NamespacedParameters):
    """Which cron job, and for how long."""

    resume_after_hours: int = Field(
        ge=1, le=MOST_HOURS, description="Hours until it is resumed by itself."
    )


class CronJobSuspension(ExactDrift, ClusterChange):
    """Whether a cron job starts jobs: one instance to suspend, one to resume."""

    version = 2
    system = System.KUBERNETES
    rights = Rights(
        cluster_reads=(reads("CronJob", "get"),),
        cluster_writes=(writes("CronJob", "patch"),),
    )

    def __init__(
        self, *, name: str, title: str, suspends: bool, guards: tuple[Guard[ClusterSurvey], ...]
    ) -> None:
        self.name = name
        self.title = title
        self.guards = guards
        self.parameters: type[Parameters] = (
            SuspensionParameters if suspends else NamespacedParameters
        )
        self._suspends = suspends

    def survey(self, wanted: Parameters, eyes: Eyes) -> ClusterSurvey:
        """Read the cron job."""
        asked = cast("NamespacedParameters", wanted)
        found = cluster_of(eyes).get(path_to("CronJob", asked.name, asked.namespace))
        return ClusterSurvey(
            read_at=eyes.now,
            target=found,
            permissions=permission(eyes, found, verb="patch", kind="CronJob"),
        )

    def draw(self, wanted: Parameters, survey: ClusterSurvey, place: Place) -> Drawing:
        """Return the one patch, and the one that takes it back."""
        asked = cast("NamespacedParameters", wanted)
        what = f"cron job {asked.namespace}/{asked.name}"
        found = there(survey.target, what=what, place=place)
        after, mark = _state(suspended=self._suspends), ACTION_MARK if self._suspends else None
        if _is_suspended(found) == self._suspends:
            raise RefusedError(
                f"The {what} is {after} already; there is nothing to change.", code="parameters"
            )
        return Drawing(
            tier=Tier.T1,
            target=target_of(place, found, kind="CronJob"),
            pins={
                "generation": generation_of(found),
                "suspended": _is_suspended(found),
                MARKED: action_of(found),
            },
            changes=(
                Change(
                    field="schedule",
                    before=_state(suspended=_is_suspended(found)),
                    after=after,
                ),
            ),
            steps=(_write(found, suspended=self._suspends, mark=mark),),
            undo=(_write(found, suspended=not self._suspends, mark=action_of(found) or None),),
            verification=Verification(says=(f"{asked.name} is {after}",), deadline_s=_DEADLINE_S),
            blast_radius=(
                f"the schedule {text(found, 'spec', 'schedule')} of 1 cron job",
                _at_work(len(entries(found, "status", "active"))),
            ),
            snapshot={"suspended": _is_suspended(found), "marked": action_of(found)},
            notes=(_note(wanted),),
            sequel=_resumption(wanted),
        )

    def is_before(self, plan: Plan, item: Object) -> bool:
        """Tell whether the cron job is as the plan found it."""
        pins = plan.drawing.pins
        was = (pins["suspended"], pins[MARKED])
        return (_is_suspended(item), action_of(item)) == was

    def is_after(self, plan: Plan, item: Object) -> bool:
        """Tell whether it is as the plan leaves it: suspended by us, or given back."""
        mark = action_of(item)
        if not self._suspends:
            return not _is_suspended(item) and not mark
        return _is_suspended(item) and mark not in {"", plan.drawing.pins[MARKED]}

    def judge(self, plan: Plan, item: Object, eyes: Eyes) -> Look:
        """Tell that it is so: there is nothing to wait for."""
        return reached(f"{label_of(item)} is {_state(suspended=self._suspends)}")


def _write(item: Object, *, suspended: bool, mark: str | None) -> Step:
    verb = "suspend" if suspended else "resume"
    return Step(
        says=f"{verb} cron job {label_of(item)}",
        call=Call(
            action="PATCH",
            path=path_to("CronJob", name_of(item), namespace_of(item)),
            body={
                "metadata": {"resourceVersion": RV, "annotations": {ACTION: mark}},
                "spec": {"suspend": suspended},
            },
            media_type=STRATEGIC_PATCH,
            late_bound=(RV, ACTION_MARK) if mark == ACTION_MARK else (RV,),
        ),
    )


def _at_work(jobs: int) -> str:
    if jobs == 1:
        return "1 job of it is at work and goes on"
    return f"{jobs} jobs of it are at work and go on" if jobs else "no job of it is at work"


def _note(wanted: Parameters) -> str:
    if not isinstance(wanted, SuspensionParameters):
        return "a run it missed may start at once"
    hours = wanted.resume_after_hours
    return (
        f"it is resumed by itself {hours} h after it was suspended, which is approved with this; "
        f"{RESUME} does it sooner"
    )


def _resumption(wanted: Parameters) -> Sequel | None:
    """Return what ends a suspension; None for what is none."""
    if not isinstance(wanted, SuspensionParameters):
        return None
    return Sequel(
        operation=RESUME,
        parameters={"namespace": wanted.namespace, "name": wanted.name},
        after_s=wanted.resume_after_hours * _HOUR_S,
    )


def _is_suspended(item: Object) -> bool:
    return dig(item, "spec", "suspend") is True


def _state(*, suspended: bool) -> str:
    return "suspended" if suspended else "active"


OPERATIONS: tuple[Operation[ClusterSurvey], ...] = (
    CronJobSuspension(
        name=SUSPEND,
        title="Keep a cron job from starting jobs for some hours",
        suspends=True,
        guards=OF_SUSPENSION,
    ),
    CronJobSuspension(
        name=RESUME,
        title="Let a cron job start jobs again",
        suspends=False,
        guards=OF_RESUMPTION,
    ),
)
