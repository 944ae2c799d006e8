"""ECS: tasks killed for memory, at once or because their memory only grows."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.finding import Advice, CloudFinding, Statement
from bot.triage.cloud.measures import climb
from bot.triage.cloud.rules.tasks import is_over, newest, oldest, usage
from bot.triage.cloud.sight import ServiceSight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.cloud.measures import Climb
    from bot.triage.cloud.sight import Sight, TaskEnd

# 128 plus SIGKILL: the kernel's answer to too much memory, and ECS's to a task that does not stop.
KILLED_EXIT = 137
_LEAST_RISE_PERCENT = 25.0
_NEAR_LIMIT_PERCENT = 75.0


def find(sight: Sight) -> Iterator[CloudFinding]:
    """Yield a leak where memory climbs, else the kills for memory alone."""
    if not isinstance(sight, ServiceSight):
        return
    killed = [one for one in sight.ends if _is_memory(one)]
    rise = climb(sight.points("MemoryUtilization", "Average"), least_rise=_LEAST_RISE_PERCENT)
    if rise is not None and (killed or rise.high >= _NEAR_LIMIT_PERCENT):
        yield _leak(sight, killed, rise)
    elif killed:
        yield _killed(sight, killed)


def _is_memory(end: TaskEnd) -> bool:
    if "OutOfMemory" in end.container_reason or "OutOfMemory" in end.reason:
        return True
    asked = "health check" in end.reason.casefold() or "scaling" in end.reason.casefold()
    return end.exit_code == KILLED_EXIT and not asked


def _leak(sight: ServiceSight, killed: list[TaskEnd], rise: Climb) -> CloudFinding:
    began = datetime.fromtimestamp(rise.since_s, tz=UTC)
    minutes = max(1.0, (100.0 - rise.low) / rise.per_min) if rise.per_min > 0 else 0.0
    values = {
        "object": sight.resource.name, "low": f"{rise.low:.0f}", "high": f"{rise.high:.0f}",
        "per_min": f"{rise.per_min:.1f}", "minutes": f"{minutes:.0f}", "limit": _limit(sight),
        "count": str(len(killed)),
    }  # fmt: skip
    labels = (sight.series_label, *((sight.label,) if killed else ()))
    return CloudFinding(
        resource=sight.resource,
        cause=Cause.MEMORY_LEAK,
        category=Category.APPLICATION,
        statement=Statement(
            phrase="aws_leak_killed" if killed else "aws_leak", values=values, evidence=labels
        ),
        weight=0.92 if killed else 0.75,
        since=began,
        over=is_over(sight, newest(killed)) and not _rises_now(sight, rise),
        depth=3,
        check=usage(sight, "MemoryUtilization"),
        relief=(more_memory(sight),),
    )


def _killed(sight: ServiceSight, killed: list[TaskEnd]) -> CloudFinding:
    told = any("OutOfMemory" in f"{one.container_reason} {one.reason}" for one in killed)
    return CloudFinding(
        resource=sight.resource,
        cause=Cause.OUT_OF_MEMORY,
        category=Category.CAPACITY,
        statement=Statement(
            phrase="aws_task_killed",
            values={
                "object": sight.resource.name, "count": str(len(killed)), "limit": _limit(sight),
                "exit_code": str(KILLED_EXIT),
                "line": killed[0].container_reason or killed[0].reason,
            },
            evidence=(sight.label,),
        ),
        weight=0.88 if told else 0.6,
        since=oldest(killed),
        over=is_over(sight, newest(killed)),
        depth=3,
        check=usage(sight, "MemoryUtilization"),
        relief=(more_memory(sight),),
    )  # fmt: skip


def more_memory(sight: ServiceSight) -> Advice:
    """Return the step that gives a service's tasks more memory."""
    return Advice(
        action="aws_task_memory_action",
        risk="aws_task_memory_risk",
        undo="aws_task_memory_undo",
        values={
            "object": sight.resource.name, "old": str(sight.memory_mb),
            "new": str(2 * sight.memory_mb),
        },
        check=usage(sight, "MemoryUtilization"),
    )  # fmt: skip


def _rises_now(sight: ServiceSight, rise: Climb) -> bool:
    """Tell whether the newest values are on their way up again."""
    points = sight.points("MemoryUtilization", "Average")
    recent = climb(points[-20:], least_rise=0.2 * (rise.high - rise.low))
    return recent is not None


def _limit(sight: ServiceSight) -> str:
    return f"{sight.memory_mb} MiB" if sight.memory_mb else "?"
