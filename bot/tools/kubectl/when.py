"""Moments and spans the way kubectl and people write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
# Below each bound kubectl prints these two units, the second only when it is not zero.
_SPANS = (
    (2 * _MINUTE_S, (1, "s"), None),
    (10 * _MINUTE_S, (_MINUTE_S, "m"), (1, "s")),
    (3 * _HOUR_S, (_MINUTE_S, "m"), None),
    (8 * _HOUR_S, (_HOUR_S, "h"), (_MINUTE_S, "m")),
    (2 * _DAY_S, (_HOUR_S, "h"), None),
    (8 * _DAY_S, (_DAY_S, "d"), (_HOUR_S, "h")),
)


def moment(value: Any) -> datetime | None:
    """Return the UTC time of an API time stamp; None if it is missing or no time."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def span(seconds: float) -> str:
    """Return a duration in kubectl's short form, such as `7m12s` or `3d4h`."""
    whole = max(0, int(seconds))
    for bound, (size, unit), second in _SPANS:
        if whole < bound:
            rest = (whole % size) // second[0] if second else 0
            return f"{whole // size}{unit}" + (f"{rest}{second[1]}" if second and rest else "")
    return f"{whole // _DAY_S}d"


def age(now: datetime, then: datetime | None) -> str:
    """Return how long ago that was; `<unknown>` for no time, as kubectl has it."""
    return "<unknown>" if then is None else span((now - then).total_seconds())


def stamp(then: datetime | None) -> str:
    """Return a time as `2026-11-20T10:41:02Z`; `-` for none."""
    return "-" if then is None else then.strftime("%Y-%m-%dT%H:%M:%SZ")


def since(now: datetime, value: Any) -> str:
    """Return an API time stamp with its age, such as `2026-11-20T10:41:02Z (7m12s ago)`."""
    then = moment(value)
    return "an unknown time" if then is None else f"{stamp(then)} ({age(now, then)} ago)"
