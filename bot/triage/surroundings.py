"""What stands around an alert's objects: who leads to whom, and what changed near the onset."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.spans import stamp
from bot.triage.backing import workloads_behind
from bot.triage.rules.rollouts import rollouts
from bot.triage.scene import refs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.triage.estate import Estate
    from bot.triage.objects import ObjectRef

MAX_LINES = 20
# A change this long before the onset may still be what brought it: a leak takes hours.
BEFORE, AFTER = timedelta(hours=24), timedelta(hours=1)


def changes_in(estates: Sequence[Estate], *, around: datetime) -> tuple[str, ...]:
    """Return the rollouts around a time, oldest first, a line each with its evidence."""
    found: list[tuple[datetime, str]] = []
    for estate in estates:
        for workload in estate.workloads:
            if workload.ref.kind != "deployment":
                continue
            for change in rollouts(estate, workload.ref):
                if around - BEFORE <= change.at <= around + AFTER:
                    labels = estate.cite("replicasets", namespace=workload.ref.namespace)
                    what = (
                        f"revision {change.revision.number} ({', '.join(change.revision.images)})"
                    )
                    line = f"{stamp(change.at)} {workload.ref} rolled out {what} {refs(labels)}"
                    found.append((change.at, line))
    return tuple(line for _, line in sorted(found)[-MAX_LINES:])


def topology_of(estates: Sequence[Estate], targets: Sequence[ObjectRef]) -> tuple[str, ...]:
    """Return which services lead to which workloads, those of the targets' namespaces first."""
    places = {target.namespace for target in targets}
    lines: list[tuple[bool, str]] = []
    for estate in estates:
        for service in estate.services:
            behind = workloads_behind(estate, service)
            names = ", ".join(f"{one.ref.kind}/{one.ref.name}" for one in behind) or "nothing"
            near = service.ref.namespace in places
            where = f"{service.ref.namespace}/{service.ref.name}"
            lines.append((not near, f"service {where} leads to {names}"))
    return tuple(line for _, line in sorted(lines)[:MAX_LINES])
