"""Lengths of time as PromQL writes them."""

from __future__ import annotations

_UNITS = (("w", 604_800), ("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))

MINUTE_S = 60
HOUR_S = 3_600
DAY_S = 86_400
WEEK_S = 604_800


def spelled(seconds: float) -> str:
    """Return whole seconds as `1h30m`; weeks only when nothing is left over."""
    left = int(seconds)
    if left <= 0:
        return "0s"
    if left % WEEK_S == 0 and left > WEEK_S:
        return f"{left // WEEK_S}w"
    parts = []
    for unit, size in _UNITS[1:]:
        if left >= size:
            parts.append(f"{left // size}{unit}")
            left %= size
    return "".join(parts)
