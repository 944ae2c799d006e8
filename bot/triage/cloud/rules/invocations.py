"""Facts about a function's runs that several rules ask: since when they fail, whether still."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.triage.cloud.finding import Advice
from bot.triage.cloud.measures import last_above, total
from bot.triage.cloud.rules.sense import QUIET

if TYPE_CHECKING:
    from bot.triage.cloud.sight import FunctionSight


def failing_since(sight: FunctionSight, seen: datetime | None) -> datetime | None:
    """Return when runs began to fail: by the metric if it goes further back than the log."""
    errors = [at_s for at_s, value in sight.points("Errors", "Sum") if value > 0]
    if not errors:
        return seen
    began = _at(_start_of_last_stretch(errors))
    return began if seen is None else min(began, seen)


def is_noise(sight: FunctionSight) -> bool:
    """Tell whether all runs went well by the metric, whatever their log says."""
    points = sight.points("Errors", "Sum")
    return bool(points) and not any(value for _, value in points)


def is_over(sight: FunctionSight, last_seen: datetime | None) -> bool:
    """Tell whether runs since then went well, and there were some."""
    quiet_s = (sight.at - QUIET).timestamp()
    errors_s = last_above(sight.points("Errors", "Sum"), 0) or 0.0
    seen_s = max(errors_s, last_seen.timestamp() if last_seen is not None else 0.0)
    return seen_s < quiet_s and total(sight.points("Invocations", "Sum"), quiet_s) > 0


def with_memory(sight: FunctionSight, memory_mb: int) -> Advice:
    """Return the step that gives a function more memory."""
    name = sight.resource.name
    return Advice(
        action="aws_memory_action",
        risk="aws_memory_risk",
        undo="aws_memory_undo",
        values={
            "object": name, "new": str(memory_mb), "old": str(sight.memory_mb),
            "region": sight.resource.place.region,
        },
        check=(
            f"aws logs filter-log-events --log-group-name /aws/lambda/{name} --filter-pattern"
            f' "REPORT RequestId" --region {sight.resource.place.region}'
        ),
        operation="lambda_set_memory",
        parameters={
            "place": sight.resource.place.title, "function": name, "memory_mb": str(memory_mb),
        },
    )  # fmt: skip


def configuration(sight: FunctionSight) -> str:
    """Return the command that shows a function's settings."""
    return (
        f"aws lambda get-function-configuration --function-name {sight.resource.name}"
        f" --region {sight.resource.place.region}"
    )


def last_errors(sight: FunctionSight) -> str:
    """Return the command that shows its newest failures."""
    return (
        f"aws logs filter-log-events --log-group-name"
        f" {sight.errors.group or '/aws/lambda/' + sight.resource.name}"
        f' --filter-pattern "?ERROR ?Exception ?timed" --region {sight.resource.place.region}'
    )


# Longer without an error, and the errors before belong to something else.
_GAP_S = 1_800.0


def _start_of_last_stretch(times_s: list[float]) -> float:
    began = times_s[-1]
    for at_s in reversed(times_s):
        if began - at_s > _GAP_S:
            break
        began = at_s
    return began


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
