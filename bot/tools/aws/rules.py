"""Rules over one operation's parameters that need arithmetic: spans, points, query texts.

Pure; each returns what is wrong in words, or None. The list names them (`check:` in reads.yaml).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.tools.aws.catalogue import TimeWindow

MAX_POINTS = 1_440
"""Points of one metric in one call: a day by the minute."""
MAX_INSIGHTS_CHARS = 4_000
_DEFAULT_PERIOD_S = 60
# The pipe's commands that read what the group parameters do not name.
_ELSEWHERE = re.compile(r"(?im)(?:^|\|)\s*source\b")
_UNMASK = re.compile(r"(?i)unmask\s*\(")


def span_s(params: Mapping[str, Any], start: str, end: str, *, unit: str = "s") -> float | None:
    """Return the seconds between two time parameters; None if either is missing or no time."""
    since, until = moment_s(params.get(start), unit=unit), moment_s(params.get(end), unit=unit)
    return None if since is None or until is None else until - since


def moment_s(value: Any, *, unit: str = "s") -> float | None:
    """Return a time parameter as seconds since the epoch, however boto3 lets it be written."""
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value / 1000 if unit == "ms" else float(value)
    if isinstance(value, str):
        try:
            return moment_s(datetime.fromisoformat(value))
        except ValueError:
            return None
    return None


def too_wide(params: Mapping[str, Any], window: TimeWindow) -> str | None:
    """Say what is wrong with the span of a window's parameters."""
    seconds = span_s(params, window.start, window.end, unit=window.unit)
    if seconds is None:
        kind = "milliseconds" if window.unit == "ms" else "seconds"
        return f"{window.start} and {window.end} have to be whole {kind} since the epoch"
    if seconds <= 0:
        return f"{window.end} is not after {window.start}"
    if seconds > window.hours * 3600:
        return f"{seconds / 3600:.1f} h at once; at most {window.hours} h are allowed"
    return None


def metric_points(params: Mapping[str, Any]) -> str | None:
    """Say whether a metric query would bring more points than one answer may hold."""
    seconds = span_s(params, "StartTime", "EndTime")
    if seconds is None or seconds <= 0:
        return "StartTime and EndTime have to be times such as 2026-11-20T10:00:00Z, in order"
    queries = params.get("MetricDataQueries")
    for query in queries if isinstance(queries, list) else []:
        if not isinstance(query, dict):
            continue
        stat = query.get("MetricStat")
        period = stat.get("Period") if isinstance(stat, dict) else query.get("Period")
        problem = _points(seconds, period)
        if problem:
            return problem
    return None


def statistic_points(params: Mapping[str, Any]) -> str | None:
    """Say the same of the older operation for one metric."""
    seconds = span_s(params, "StartTime", "EndTime")
    if seconds is None or seconds <= 0:
        return "StartTime and EndTime have to be times such as 2026-11-20T10:00:00Z, in order"
    return _points(seconds, params.get("Period"))


def insights_query(params: Mapping[str, Any]) -> str | None:
    """Say what a Logs Insights query may not contain."""
    query = params.get("queryString")
    if not isinstance(query, str) or not query.strip():
        return "queryString is missing"
    if len(query) > MAX_INSIGHTS_CHARS:
        return f"queryString has {len(query)} characters; at most {MAX_INSIGHTS_CHARS} are allowed"
    if _UNMASK.search(query):
        return "queryString may not contain unmask()"
    if _ELSEWHERE.search(query):
        return "queryString may not name its own source; give the log groups as parameters"
    if params.get("queryLanguage") not in (None, "CWLI"):
        return "queryLanguage has to be CWLI"
    return None


CHECKS: dict[str, Callable[[Mapping[str, Any]], str | None]] = {
    "metric_points": metric_points,
    "statistic_points": statistic_points,
    "insights_query": insights_query,
}
"""What `check:` may name."""


def _points(seconds: float, period: Any) -> str | None:
    step_s = period if isinstance(period, int) and period > 0 else _DEFAULT_PERIOD_S
    points = seconds / step_s
    if points <= MAX_POINTS:
        return None
    wide = -(-int(seconds) // MAX_POINTS // 60) * 60 + 60
    return (
        f"{points:,.0f} points of one metric; at most {MAX_POINTS:,} are allowed: use a Period of"
        f" {wide} s or a shorter span"
    )
