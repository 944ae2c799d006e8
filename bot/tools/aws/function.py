"""`aws function`: a Lambda function as it runs now, what last changed in it, and how it fares."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.spans import stamp
from bot.tools.aws.answer import answered, section
from bot.tools.aws.differences import difference
from bot.tools.aws.logs import tell, timed_lines
from bot.tools.aws.rendering import compact, when
from bot.tools.aws.series import Metric, last_minutes, period_for, points_of, told

if TYPE_CHECKING:
    from bot.domain.evidence import Window
    from bot.ports.cloud import Content
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading

SOURCE = "functions"
_SHOWN = (
    "State", "StateReason", "LastUpdateStatus", "LastUpdateStatusReason", "Runtime", "PackageType",
    "Handler", "Timeout", "MemorySize", "EphemeralStorage", "Architectures", "Role", "VpcConfig",
    "DeadLetterConfig", "Layers", "LastModified", "CodeSha256", "CodeSize",
)  # fmt: skip
VOLATILE = frozenset({"FunctionArn", "Version", "RevisionId", "LastModified", "MasterArn"})
"""They differ between any two versions and say nothing."""
_METRICS_MINUTES = 180
_LOG_MINUTES = 60
_METRICS = (
    ("Invocations", "Sum"), ("Errors", "Sum"), ("Throttles", "Sum"), ("Duration", "Average"),
    ("Duration", "Maximum"), ("ConcurrentExecutions", "Maximum"),
)  # fmt: skip
_LAST_ERRORS = 200
# CloudWatch's own pattern for any of these terms.
_ERROR_PATTERN = (
    '?ERROR ?Error ?error ?Exception ?"Task timed out" ?Traceback ?FATAL ?"REPORT Init"'
)


def look_at_function(reading: Reading, name: str) -> Answer:
    """Return a function's configuration, its newest change, its metrics and last errors."""
    now = reading.read("lambda", "get_function_configuration", FunctionName=name)
    lines = [f"function {now.get('FunctionName', name)}:"]
    lines += [
        f"  {key}: {compact(now[key])}" for key in _SHOWN if now.get(key) not in (None, {}, [])
    ]
    lines += section("environment", _environment(now))
    lines += _limits(reading, name)
    lines += _versions(reading, name, now)
    lines += _sources(reading, name)
    window = last_minutes(reading, _METRICS_MINUTES)
    lines += section(f"metrics, last {_METRICS_MINUTES} min", _metrics(reading, name, window))
    lines += _errors(reading, name, now)
    return answered(SOURCE, lines, reading, rows=len(lines), window=window)


def _environment(configuration: Content) -> list[str]:
    variables = (configuration.get("Environment") or {}).get("Variables") or {}
    return [f"{name}={value}" for name, value in sorted(variables.items())]


def _limits(reading: Reading, name: str) -> list[str]:
    found = reading.attempt("concurrency", "lambda", "get_function_concurrency", FunctionName=name)
    reserved = found.get("ReservedConcurrentExecutions")
    return [] if reserved is None else [f"reserved concurrency: {reserved}"]


def _versions(reading: Reading, name: str, now: Content) -> list[str]:
    numbered = versions_of(reading, name)
    lines = []
    if numbered and difference(numbered[-1], now, ignore=VOLATILE):
        changes = difference(numbered[-1], now, ignore=VOLATILE)
        title = f"$LATEST against version {numbered[-1]['Version']}"
        lines += section(title, changes)
    if len(numbered) > 1:
        older, newer = numbered[-2:]
        title = (
            f"version {newer['Version']} ({when(newer.get('LastModified'))}) against"
            f" {older['Version']} ({when(older.get('LastModified'))})"
        )
        same = ["the same configuration and code"]
        lines += section(title, difference(older, newer, ignore=VOLATILE) or same)
    aliases = reading.attempt("aliases", "lambda", "list_aliases", FunctionName=name)
    lines += section(
        "aliases",
        [
            f"{one.get('Name')} -> version {one.get('FunctionVersion')}"
            + (f", weights {compact(one['RoutingConfig'])}" if one.get("RoutingConfig") else "")
            for one in aliases.get("Aliases", [])
        ],
    )
    return lines


def versions_of(reading: Reading, name: str) -> list[Content]:
    """Return the published versions, oldest first; none when the newest are beyond the ceiling."""
    listed = reading.attempt("versions", "lambda", "list_versions_by_function", FunctionName=name)
    if listed.get("NextMarker"):
        reading.gaps.append("differences between versions: there are too many to reach the newest")
        return []
    versions = (one for one in listed.get("Versions", []) if str(one.get("Version")).isdigit())
    return sorted(versions, key=lambda one: int(one["Version"]))


def _sources(reading: Reading, name: str) -> list[str]:
    found = reading.attempt(
        "event sources", "lambda", "list_event_source_mappings", FunctionName=name
    )
    return section(
        "event sources",
        [
            f"{one.get('EventSourceArn')}: {one.get('State')}, batch {one.get('BatchSize')}, last"
            f" result: {one.get('LastProcessingResult') or 'none'}"
            for one in found.get("EventSourceMappings", [])
        ],
    )


def _metrics(reading: Reading, name: str, window: Window) -> list[str]:
    metrics = [
        Metric(
            label=f"{metric} ({stat})",
            namespace="AWS/Lambda",
            name=metric,
            dimensions=(("FunctionName", name),),
            stat=stat,
        )
        for metric, stat in _METRICS
    ]
    period_s = period_for(window)
    queries = [metric.query(place, period_s) for place, metric in enumerate(metrics)]
    found = points_of(reading, queries, window, what="metrics")
    return (
        [told(metric.label, found.get(f"m{place}", [])) for place, metric in enumerate(metrics)]
        if found
        else []
    )


def _errors(reading: Reading, name: str, now: Content) -> list[str]:
    group = str((now.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}")
    end = reading.now()
    found = reading.attempt(
        f"log group {group}",
        "logs",
        "filter_log_events",
        logGroupName=group,
        startTime=_milliseconds(end - timedelta(minutes=_LOG_MINUTES)),
        endTime=_milliseconds(end),
        filterPattern=_ERROR_PATTERN,
    )
    if "events" not in found:
        return []
    lines = list(timed_lines([_event(one) for one in found["events"]]))
    severe = [line for line in lines if line.is_severe or line.continues][-_LAST_ERRORS:]
    title = f"error lines of {group}, last {_LOG_MINUTES} min"
    if not severe:
        return [f"{title}: none"]
    newest = severe[-1].at
    return section(f"{title}, newest {stamp(newest)}", tell(severe))


def _event(event: dict[str, Any]) -> tuple[datetime, str]:
    at = datetime.fromtimestamp(int(event.get("timestamp", 0)) / 1000, tz=UTC)
    return at, str(event.get("message", ""))


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
