"""Guards of jobs, cron jobs and pods that ended: nothing that still works or is wanted is removed.

Knows what a job says of itself. Must not know how it is removed or suspended.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.guardrails.ownership import ownership
from safe_ops.model.drainage import label_of
from safe_ops.model.fields import dig, entries, moment, number, text
from safe_ops.model.guarding import Guard, passes, refuses
from safe_ops.model.marks import KEEP, action_of, is_kept
from safe_ops.model.objects import controller_of, holds, is_terminating, name_of

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import ClusterSurvey, Object

# The API's default.
_BACKOFF_LIMIT = 6
# What pulls an image, or waits for a node that is being added, has done so by then.
_STARTS_WITHIN = timedelta(minutes=30)


def _stuck(case: Case[ClusterSurvey]) -> Ruling:
    name, job = "stuck", case.survey.target or {}
    why = _stuck_because(job, case)
    if why:
        return passes(name, f"{label_of(job)} {why}")
    if holds(job, "Complete"):
        return refuses(name, f"{label_of(job)} is complete; a finished job blocks nothing")
    failed, limit = _failures(job)
    return refuses(
        name,
        f"{label_of(job)} is at work within its limits ({failed} of {limit} failures, "
        f"{len(case.survey.pods)} pods); let it end, or give it a deadline",
    )


def _stuck_because(job: Object, case: Case[ClusterSurvey]) -> str:
    """Return what shows that a job will not end well by itself; empty if nothing does."""
    if holds(job, "Failed"):
        return "has failed and stays so"
    failed, limit = _failures(job)
    if failed > limit:
        return f"failed {failed} times, more than {limit}"
    since = moment(job, "status", "startTime")
    if since is None or holds(job, "Complete"):
        return ""
    age, minutes = case.circumstances.now - since, timedelta(minutes=1)
    deadline_s = number(job, "spec", "activeDeadlineSeconds")
    if deadline_s and age > timedelta(seconds=deadline_s):
        return f"runs for {age // minutes} min, its deadline is {deadline_s // 60} min"
    pods = case.survey.pods
    if pods and age > _STARTS_WITHIN and all(_cannot_start(pod) for pod in pods):
        return f"has {len(pods)} pods, none of which could start in {age // minutes} min"
    return ""


def _not_suspended(case: Case[ClusterSurvey]) -> Ruling:
    name, job = "not-suspended", case.survey.target or {}
    if dig(job, "spec", "suspend") is True:
        return refuses(
            name, f"{label_of(job)} was suspended by somebody: it waits because it was told to"
        )
    return passes(name, f"{label_of(job)} is not suspended")


def _not_kept(case: Case[ClusterSurvey]) -> Ruling:
    name, item = "not-kept", case.survey.target or {}
    if is_kept(item):
        return refuses(
            name, f"{label_of(item)} is marked {KEEP}: somebody wants it left alone; ask them"
        )
    return passes(name, f"{label_of(item)} is not marked {KEEP}")


def _of_cron_job(case: Case[ClusterSurvey]) -> Ruling:
    name, job = "known-owner", case.survey.target or {}
    kind = text(controller_of(job), "kind")
    if kind not in {"", "CronJob"}:
        return refuses(
            name,
            f"{kind} {text(controller_of(job), 'name')} made {label_of(job)} and may make it anew; "
            "act on that",
        )
    return passes(name, f"{kind} makes the next one" if kind else "nothing above it")


def _suspended_by_us(case: Case[ClusterSurvey]) -> Ruling:
    name, item = "suspended-by-us", case.survey.target or {}
    mark = action_of(item)
    if not mark:
        return refuses(
            name,
            f"{label_of(item)} was suspended by somebody else, for a reason not known here; ask "
            "them, or resume it by hand",
        )
    return passes(name, f"{mark} suspended {label_of(item)}")


def _namespace_stays(case: Case[ClusterSurvey]) -> Ruling:
    name, namespace = "namespace-stays", case.survey.target or {}
    if is_terminating(namespace):
        return refuses(
            name, f"namespace {name_of(namespace)} is being deleted, with all that is in it"
        )
    return passes(name, f"namespace {name_of(namespace)} stays")


def _failures(job: Object) -> tuple[int, int]:
    return (
        number(job, "status", "failed"),
        number(job, "spec", "backoffLimit", default=_BACKOFF_LIMIT),
    )


def _cannot_start(pod: Object) -> bool:
    """Tell whether no container of a pod runs or ran: it waits for a node, an image, a setting."""
    statuses = [
        *entries(pod, "status", "initContainerStatuses"),
        *entries(pod, "status", "containerStatuses"),
    ]
    ran = any(
        dig(status, state, kind) is not None
        for status in statuses
        for state in ("state", "lastState")
        for kind in ("running", "terminated")
    )
    return text(pod, "status", "phase") == "Pending" and not ran


_NOT_KEPT: Guard[ClusterSurvey] = Guard(name="not-kept", decide=_not_kept)
_SUSPENSION: Guard[ClusterSurvey] = ownership(("spec", "suspend"))

OF_STUCK_JOB: tuple[Guard[ClusterSurvey], ...] = (
    Guard(name="stuck", decide=_stuck),
    Guard(name="not-suspended", decide=_not_suspended),
    Guard(name="known-owner", decide=_of_cron_job),
    _NOT_KEPT,
)
OF_SUSPENSION: tuple[Guard[ClusterSurvey], ...] = (_NOT_KEPT, _SUSPENSION)
OF_RESUMPTION: tuple[Guard[ClusterSurvey], ...] = (
    Guard(name="suspended-by-us", decide=_suspended_by_us),
    _NOT_KEPT,
    _SUSPENSION,
)
OF_FINISHED_PODS: tuple[Guard[ClusterSurvey], ...] = (
    Guard(name="namespace-stays", decide=_namespace_stays),
)
