"""CronJobs that start no run: suspended, missed, or with a schedule nobody can read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.bounds import Schedule
    from bot.triage.estate import Estate, Happening

# https://github.com/kubernetes/kubernetes/tree/master/pkg/controller/cronjob
_UNREADABLE = (
    "UnparseableCronJobSchedule",
    "UnparseableSchedule",
    "InvalidSchedule",
    "UnknownTimeZone",
)
_MISSED = ("MissSchedule", "TooManyMissedTimes", "FailedNeedsStart")
_BUSY = ("JobAlreadyActive",)
_REFUSED = ("FailedCreate",)
_STARTED = ("SuccessfulCreate",)

_PHRASES = (
    (_UNREADABLE, "schedule_unreadable", Cause.WRONG_CONFIG, 0.9),
    (_REFUSED, "schedule_refused", Cause.JOB_FAILED, 0.8),
    (_MISSED, "schedule_missed", Cause.JOB_FAILED, 0.8),
    (_BUSY, "schedule_busy", Cause.JOB_FAILED, 0.8),
)


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each CronJob whose last attempt to start a run did not succeed."""
    reasons = tuple(reason for group, *_ in _PHRASES for reason in group)
    for one in estate.schedules:
        if one.suspended:
            yield _suspended(estate, one)
            continue
        last = next(iter(estate.about(one.ref, *reasons, *_STARTED)), None)
        if last is not None and last.reason not in _STARTED:
            yield _unstarted(estate, one, last)


def _unstarted(estate: Estate, schedule: Schedule, told: Happening) -> Finding:
    ref = schedule.ref
    phrase, cause, weight = next(
        (phrase, cause, weight) for group, phrase, cause, weight in _PHRASES if told.reason in group
    )
    return Finding(
        object=ref,
        cause=cause,
        category=Category.CONFIGURATION,
        phrase=phrase,
        values={"schedule": schedule.schedule, "message": told.message},
        evidence=estate.cite("cronjobs", "events", namespace=ref.namespace),
        weight=weight,
        since=told.first_seen,
        check=f"kubectl describe cronjob {ref.name} -n {ref.namespace}",
    )


def _suspended(estate: Estate, schedule: Schedule) -> Finding:
    ref = schedule.ref
    return Finding(
        object=ref,
        cause=Cause.JOB_FAILED,
        category=Category.CONFIGURATION,
        phrase="schedule_suspended",
        values={"schedule": schedule.schedule},
        evidence=estate.cite("cronjobs", namespace=ref.namespace),
        weight=0.6,
        since=schedule.last_at,
        check=f"kubectl describe cronjob {ref.name} -n {ref.namespace}",
        # Somebody suspended it on purpose.
        quiet=True,
    )
