"""How far a rollout is, as the workload's own status says.

The reading is kubectl's `rollout status`: a status that speaks of an older specification says
nothing yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from safe_ops.model.fields import dig, mapping, number, text
from safe_ops.model.objects import condition, is_observed

if TYPE_CHECKING:
    from safe_ops.model.surveys import Object

DEPLOYMENT, STATEFUL_SET, DAEMON_SET = "Deployment", "StatefulSet", "DaemonSet"
_OVERDUE = "ProgressDeadlineExceeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """Counts of pods, and what they come to."""

    desired: int
    updated: int
    """Of the present template."""
    ready: int
    available: int
    """Ready for as long as the workload wants."""
    old: int
    """Of other templates, still there."""
    observed: bool
    """False while the status is of an older specification."""
    moving: bool
    """True while pods of the present template are still to be made, or others to go."""
    overdue: str
    """Why it will not finish, in the controller's words; empty while it may."""

    @property
    def complete(self) -> bool:
        """Tell whether all that is wanted is there and available, and nothing else."""
        return not self.moving and self.available >= self.desired and self.ready >= self.desired

    @property
    def says(self) -> str:
        """Return the counts in words, such as `3 of 4 pods updated, 2 ready`."""
        left = f", {self.old} old left" if self.old else ""
        seen = "" if self.observed else "; its controller has not looked at the change yet"
        return f"{self.updated} of {self.desired} pods updated, {self.ready} ready{left}{seen}"


def desired_of(workload: Object) -> int:
    """Return how many pods a workload wants: of a daemon set, one for each node it fits."""
    if text(workload, "kind") == DAEMON_SET:
        return number(workload, "status", "desiredNumberScheduled")
    return number(workload, "spec", "replicas", default=1)


def rollout_of(workload: Object) -> Rollout:
    """Return how far the rollout of a deployment, stateful set or daemon set is."""
    status, desired = mapping(workload, "status"), desired_of(workload)
    observed = is_observed(workload)
    match text(workload, "kind"):
        case "DaemonSet":
            updated = number(status, "updatedNumberScheduled")
            total = number(status, "currentNumberScheduled")
            ready, available = number(status, "numberReady"), number(status, "numberAvailable")
            moved = updated >= desired
        case "StatefulSet":
            total = number(status, "replicas")
            is_one = text(status, "updateRevision") == text(status, "currentRevision")
            # Where both revisions are one the controller may leave out the count of updated pods.
            updated = total if is_one else number(status, "updatedReplicas")
            ready = number(status, "readyReplicas")
            available = number(status, "availableReplicas", default=ready)
            moved = is_one and total == desired
        case _:
            total, updated = number(status, "replicas"), number(status, "updatedReplicas")
            ready, available = number(status, "readyReplicas"), number(status, "availableReplicas")
            moved = updated >= desired and total <= updated
    return Rollout(
        desired=desired,
        updated=updated,
        ready=ready,
        available=available,
        old=max(0, total - updated),
        observed=observed,
        moving=not (observed and moved),
        overdue=_overdue(workload) if observed else "",
    )


def is_paused(workload: Object) -> bool:
    """Tell whether a deployment's rollout is paused."""
    return dig(workload, "spec", "paused") is True


def _overdue(workload: Object) -> str:
    progressing = condition(workload, "Progressing")
    if text(progressing, "reason") != _OVERDUE:
        return ""
    return text(progressing, "message", default=_OVERDUE)
