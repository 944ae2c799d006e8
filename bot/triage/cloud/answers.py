"""From AWS's answers, as its API gives them, to the parts of a sight.

Pure functions over scrubbed content. A field that is missing is empty or None, never a guess.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.tools.aws.logs import timed_lines
from bot.triage.cloud.sight import Lines, RunReport, SecretUse, TargetGroup

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.chart import Point
    from bot.ports.cloud import Content
    from bot.tools.log_lines import LogLine
    from bot.triage.cloud.collecting import Taken
    from bot.triage.cloud.sight import Series

_REPORT = re.compile(
    r"REPORT RequestId: \S+.*?\bDuration: [\d.]+ ms.*?"
    r"\bMemory Size: (?P<memory>\d+) MB.*?\bMax Memory Used: (?P<used>\d+) MB",
    re.DOTALL,
)
_MAX_LINES = 400


def moment_of(value: Any) -> datetime | None:
    """Return a time as UTC, however the service writes it; None if it is none."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def series_of(taken: Taken) -> Series:
    """Return the points of every metric a read asked for."""
    found: dict[tuple[str, str], list[Point]] = {}
    for params, content in taken.answers("cloudwatch.get_metric_data"):
        names: dict[str, tuple[str, str]] = {}
        for query in params.get("MetricDataQueries", []):
            stat = query.get("MetricStat") or {}
            metric = str((stat.get("Metric") or {}).get("MetricName") or query.get("Id"))
            names[str(query.get("Id"))] = (metric, str(stat.get("Stat") or ""))
        for result in content.get("MetricDataResults", []):
            key = names.get(str(result.get("Id")))
            if key is None:
                continue
            for at, value in zip(
                result.get("Timestamps", []), result.get("Values", []), strict=False
            ):
                moment = moment_of(at)
                if moment is not None:
                    found.setdefault(key, []).append((moment.timestamp(), float(value)))
    return {key: tuple(sorted(points)) for key, points in found.items()}


def filtered_lines(taken: Taken) -> Lines:
    """Return the failure lines a filtered read of a log group brought."""
    for params, content in taken.answers("logs.filter_log_events"):
        events = [
            (datetime.fromtimestamp(int(one.get("timestamp", 0)) / 1000, tz=UTC),
             str(one.get("message", "")).replace("\r", "\n"))
            for one in content.get("events", [])
        ]  # fmt: skip
        return Lines(
            label=taken.label,
            group=str(params.get("logGroupName", "")),
            lines=_failures(timed_lines(events)),
            read=True,
        )
    return Lines(label=taken.label)


def found_lines(taken: Taken, group: str) -> Lines:
    """Return the lines a log search brought."""
    lines = tuple(timed_lines(list(_rows(taken))))[-_MAX_LINES:]
    return Lines(label=taken.label, group=group, lines=lines, read=taken.answered)


def reports_of(taken: Taken) -> tuple[RunReport, ...]:
    """Return a function's runs by the REPORT lines a log search brought, oldest first."""
    found = []
    for at, message in _rows(taken):
        told = _REPORT.search(message)
        if told is not None:
            found.append(
                RunReport(
                    at=at,
                    memory_mb=int(told["memory"]),
                    used_mb=int(told["used"]),
                )
            )
    return tuple(sorted(found, key=lambda one: one.at or datetime.fromtimestamp(0, tz=UTC)))


def secrets_of(taken: Taken) -> tuple[SecretUse, ...]:
    """Return the references a look at secrets listed."""
    grid = taken.evidence.observation.grid
    if grid is None:
        return ()
    return tuple(
        SecretUse(used_as=row[0], kind=row[1], name=row[2], state=row[3])
        for row in grid.rows
        if len(row) > 3  # noqa: PLR2004  (used as, kind, name, state)
    )


def groups_of(taken: Taken) -> tuple[TargetGroup, ...]:
    """Return the target groups a read brought, with the health of their targets."""
    health: dict[str, list[Content]] = {}
    for params, content in taken.answers("elbv2.describe_target_health"):
        arn = str(params.get("TargetGroupArn"))
        health[arn] = list(content.get("TargetHealthDescriptions", []))
    return tuple(
        _group(one, health.get(str(one.get("TargetGroupArn")), []))
        for one in taken.entries("elbv2.describe_target_groups", "TargetGroups")
    )


def _group(one: Content, targets: Iterable[Content]) -> TargetGroup:
    states = [target.get("TargetHealth", {}) for target in targets]
    told = [
        str(state.get("Description") or state.get("Reason") or "")
        for state in states
        if state.get("State") == "unhealthy"
    ]
    return TargetGroup(
        name=str(one.get("TargetGroupName", "")),
        path=str(one.get("HealthCheckPath") or ""),
        healthy=sum(state.get("State") == "healthy" for state in states),
        unhealthy=len(told),
        reasons=tuple(dict.fromkeys(reason for reason in told if reason)),
    )


def _rows(taken: Taken) -> Iterable[tuple[datetime, str]]:
    results: list[Any] = []
    for _, content in taken.answers("logs.get_query_results"):
        results = content.get("results", []) or results
    for row in results:
        fields = {cell.get("field"): str(cell.get("value", "")) for cell in row}
        at = moment_of(fields.get("@timestamp"))
        if at is not None:
            yield at, fields.get("@message", "").replace("\r", "\n")


def _failures(lines: list[LogLine]) -> tuple[LogLine, ...]:
    """Return the lines that tell of failures, with those that belong to them."""
    kept, inside = [], False
    for line in lines:
        inside = line.is_severe or (inside and line.continues)
        if inside:
            kept.append(line)
    return tuple(kept[-_MAX_LINES:])
