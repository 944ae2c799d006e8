"""Lambda: runs that end at the function's own limits, its memory or its time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.finding import Advice, CloudFinding, Statement
from bot.triage.cloud.measures import peak
from bot.triage.cloud.rules.invocations import (
    configuration,
    failing_since,
    is_over,
    last_errors,
    with_memory,
)
from bot.triage.cloud.rules.sense import MEMORY, TIMED_OUT, first_at, last_at, matching
from bot.triage.cloud.sight import FunctionSight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.tools.log_lines import LogLine
    from bot.triage.cloud.sight import Sight

# A run that used so much of its memory was about to be killed, or was.
FULL_SHARE = 0.97
# https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
MAX_MEMORY_MB = 10_240
MAX_TIMEOUT_S = 900
# What is proposed against what was not enough; the work's true need is not known.
_TIMES = 4


def find(sight: Sight) -> Iterator[CloudFinding]:
    """Yield the limit a function's runs end at; memory explains the time it takes as well."""
    if not isinstance(sight, FunctionSight):
        return
    memory = _memory(sight)
    if memory is not None:
        yield memory
    timeout = _timeout(sight)
    if timeout is not None:
        yield timeout


def _memory(sight: FunctionSight) -> CloudFinding | None:
    lines = matching(sight.errors.lines, MEMORY)
    full = [run for run in sight.reports if run.used_mb >= FULL_SHARE * run.memory_mb]
    is_now = bool(full) and full[-1].memory_mb == sight.memory_mb
    if not (lines or is_now):
        return None
    used = max((run.used_mb for run in full), default=sight.memory_mb)
    labels = [sight.label]
    labels += [sight.reports_label] if full else []
    labels += [sight.errors.label] if lines else []
    seen = [at for run in full if (at := run.at) is not None]
    seen += [at for line in lines if (at := line.at) is not None]
    phrase = "aws_memory_full" if full else "aws_memory_killed"
    return CloudFinding(
        resource=sight.resource,
        cause=Cause.OUT_OF_MEMORY,
        category=Category.CAPACITY,
        statement=Statement(
            phrase=phrase,
            values={
                "object": sight.resource.name, "used": str(used), "memory": str(sight.memory_mb),
                "share": f"{100 * min(1.0, used / max(1, sight.memory_mb)):.0f}",
            },
            evidence=tuple(dict.fromkeys(labels)),
        ),
        weight=0.95 if lines and full else 0.8,
        since=failing_since(sight, min(seen, default=None)),
        over=is_over(sight, max(seen, default=None)),
        depth=3,
        check=configuration(sight),
        relief=(with_memory(sight, min(MAX_MEMORY_MB, _TIMES * sight.memory_mb)),),
    )  # fmt: skip


def _timeout(sight: FunctionSight) -> CloudFinding | None:
    lines = matching(sight.errors.lines, TIMED_OUT)
    if not lines:
        return None
    seconds = _seconds(lines[-1])
    longest = peak(sight.points("Duration", "Maximum"))
    shorter = any(change.startswith("~") and "Timeout" in change for change in _newest(sight))
    # Two sources that know nothing of each other: the log, and the metric at the limit.
    agrees = longest is not None and longest >= 0.95 * 1000 * seconds
    more: tuple[Statement, ...] = ()
    if shorter:
        text = next(change for change in _newest(sight) if "Timeout" in change)
        more = (
            Statement(
                phrase="aws_timeout_changed", values={"change": text}, evidence=(sight.label,)
            ),
        )
    return CloudFinding(
        resource=sight.resource,
        cause=Cause.FUNCTION_TIMEOUT,
        category=Category.CONFIGURATION,
        statement=Statement(
            phrase="aws_timeout",
            values={
                "object": sight.resource.name, "count": str(len(lines)), "seconds": f"{seconds:g}",
                "memory": str(sight.memory_mb),
            },
            evidence=tuple(dict.fromkeys((sight.errors.label, sight.label))),
        ),
        weight=0.9 if agrees else 0.8,
        since=failing_since(sight, first_at(lines)),
        over=is_over(sight, last_at(lines)),
        depth=2,
        check=last_errors(sight),
        more=more,
        relief=(_longer(sight, seconds),),
    )  # fmt: skip


def _newest(sight: FunctionSight) -> tuple[str, ...]:
    return sight.revisions[-1].changes if sight.revisions else ()


def _seconds(line: LogLine) -> float:
    told = TIMED_OUT.search(line.text)
    return float(told["seconds"]) if told is not None else 0.0


def _longer(sight: FunctionSight, seconds: float) -> Advice:
    longer = str(min(MAX_TIMEOUT_S, max(60, int(10 * seconds))))
    return Advice(
        action="aws_longer_action",
        risk="aws_longer_risk",
        undo="aws_longer_undo",
        values={
            "object": sight.resource.name,
            "new": longer,
            "old": str(sight.timeout_s),
            "region": sight.resource.place.region,
        },
        check=last_errors(sight),
        operation="lambda_set_timeout",
        parameters={
            "place": sight.resource.place.title,
            "function": sight.resource.name,
            "timeout_s": longer,
        },
        from_text=("timeout_s",),
    )
