"""Workloads short of replicas, and which rollout a fault began with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.tools.changes.dating import rollout_times
from bot.triage.estate import Revision
from bot.triage.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate, Workload
    from bot.triage.objects import ObjectRef

# A fault that shows up later than this after a rollout may have any other beginning as well.
ONSET_WITHIN = timedelta(hours=1)
# Clocks of nodes and of the control plane differ by so much at most.
SKEW = timedelta(minutes=1)
# New pods take this long to start without anything being wrong.
STARTING = timedelta(minutes=2)
# Pods of an older rollout that are not ready have been scaled up, or fell ill, since.
FRESH = timedelta(hours=24)
MIN_REVISIONS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One rollout of a Deployment."""

    revision: Revision
    at: datetime


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each workload short of replicas or of those of its newest revision.

    It is a symptom: any cause found at one of its pods says more.
    """
    for workload in estate.workloads:
        found = _judge(estate, workload)
        if found is not None:
            yield found


def rollouts(estate: Estate, deployment: ObjectRef) -> list[Change]:
    """Return a Deployment's rollouts, the newest last.

    Those that nothing dates are left out, as `rollout_times` says.
    """
    workload = estate.workload(deployment)
    revisions = estate.revisions_of(deployment)
    times = rollout_times(
        [one.created_at for one in revisions],
        progressed_at=workload.progressed_at if workload is not None else None,
    )
    return [
        Change(revision=revision, at=at)
        for revision, at in zip(revisions, times, strict=True)
        if at is not None
    ]


def trigger(estate: Estate, found: Finding) -> Change | None:
    """Return the rollout a fault began with: the newest one, if only its pods are ill since."""
    changes = rollouts(estate, found.object)
    if len(estate.revisions_of(found.object)) < MIN_REVISIONS or not changes:
        return None
    change = changes[-1]
    if change.revision is not estate.revisions_of(found.object)[-1]:
        return None
    owners = {pod.owner_name for ref in found.pods if (pod := estate.pod(ref)) is not None}
    if owners - {change.revision.ref.name}:
        return None
    if not owners and change.revision.ready >= change.revision.desired:
        return None
    onset = found.since or change.at
    return change if -SKEW <= onset - change.at <= ONSET_WITHIN else None


def _judge(estate: Estate, workload: Workload) -> Finding | None:
    ref = workload.ref
    change = _unfinished(estate, workload)
    if workload.ready >= workload.desired and change is None:
        return None
    phrase, cause, category, weight = "replicas_missing", Cause.UNKNOWN, Category.NONE, 0.2
    if change is not None and estate.at - change.at < STARTING and not workload.is_stuck:
        phrase = "rolling_out"
    elif change is not None:
        phrase, cause, category = "rollout_incomplete", Cause.BAD_ROLLOUT, Category.CHANGE
        weight = 0.5 if workload.is_stuck else 0.35
    families = [f"{ref.kind}s", *(["replicasets"] if change is not None else [])]
    return Finding(
        object=ref,
        cause=cause,
        category=category,
        phrase=phrase,
        values={
            "ready": str(workload.ready),
            "desired": str(workload.desired),
            "revision": str(change.revision.number) if change is not None else "",
        },
        evidence=estate.cite(*families, namespace=ref.namespace),
        weight=weight,
        affected=max(workload.desired - workload.ready, 1),
        since=change.at if change is not None else None,
        check=f"kubectl describe {ref.kind} {ref.name} -n {ref.namespace}",
        symptom=True,
    )


def _unfinished(estate: Estate, workload: Workload) -> Change | None:
    """Return the newest rollout while its pods do not come up; None for an old one scaled up."""
    changes = rollouts(estate, workload.ref)
    if len(changes) < MIN_REVISIONS or changes[-1].revision.ready >= changes[-1].revision.desired:
        return None
    is_replacing = any(change.revision.desired for change in changes[:-1])
    return changes[-1] if is_replacing or estate.at - changes[-1].at <= FRESH else None
