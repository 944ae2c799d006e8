"""ECS: tasks that use all their processor time, since a request began or since they started."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.finding import CloudFinding, Statement
from bot.triage.cloud.measures import held_above, level, peak
from bot.triage.cloud.rules.tasks import is_calm, percent, usage
from bot.triage.cloud.sight import ServiceSight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.cloud.sight import Sight

SATURATED_PERCENT = 90.0
_LEAST_POINTS = 3
# Traffic that grew so much could be the reason by itself.
_GROWN = 1.5
_BEFORE_S = 1_800.0
# A deployment so shortly before means that it was so from its start.
_FROM_START_S = 600.0


def find(sight: Sight) -> Iterator[CloudFinding]:
    """Yield saturation that lasts, and one that came and went."""
    if not isinstance(sight, ServiceSight):
        return
    points = sight.points("CPUUtilization", "Average")
    high = [at_s for at_s, value in points if value >= SATURATED_PERCENT]
    if len(high) < _LEAST_POINTS:
        return
    holds_s = held_above(points, SATURATED_PERCENT, least=_LEAST_POINTS)
    began_s = high[0] if holds_s is None else holds_s
    statement, weight = _how(sight, began_s)
    memory = is_calm(sight, "MemoryUtilization")
    ruled_out = (
        (
            Statement(
                phrase="aws_not_memory",
                values={
                    "object": sight.resource.name,
                    "memory": percent(sight, "MemoryUtilization"),
                },
                evidence=(sight.series_label,),
            ),
        )
        if memory
        else ()
    )
    yield CloudFinding(
        resource=sight.resource,
        cause=Cause.CPU_SATURATED,
        category=Category.APPLICATION,
        statement=statement,
        weight=weight,
        since=datetime.fromtimestamp(began_s, tz=UTC),
        over=holds_s is None,
        depth=2,
        check=usage(sight, "CPUUtilization"),
        ruled_out=ruled_out,
    )


def _how(sight: ServiceSight, began_s: float) -> tuple[Statement, float]:
    """Return the sentence: more requests, as many as before, or from the start of its tasks."""
    cpu = peak(sight.points("CPUUtilization", "Average")) or 0.0
    values = {"object": sight.resource.name, "cpu": f"{cpu:.1f}", "before": "?", "after": "?"}
    labels = [sight.series_label]
    newest = sight.deployments[0] if sight.deployments else None
    if newest and newest.at and 0 <= began_s - newest.at.timestamp() <= _FROM_START_S:
        values["revision"] = newest.revision
        labels.append(sight.label)
        statement = Statement(phrase="aws_cpu_start", values=values, evidence=tuple(labels))
        return statement, 0.85
    requests = sight.points("RequestCount", "Sum")
    before = level(requests, began_s - _BEFORE_S, began_s)
    after = level(requests, began_s, sight.at.timestamp())
    if before is not None and after is not None:
        values |= {"before": f"{before:.0f}", "after": f"{after:.0f}"}
        phrase = "aws_cpu_more" if after > _GROWN * max(before, 1.0) else "aws_cpu_same"
        labels.append(sight.groups_label)
        statement = Statement(phrase=phrase, values=values, evidence=tuple(labels))
        return statement, 0.85
    return Statement(phrase="aws_cpu", values=values, evidence=tuple(labels)), 0.75
