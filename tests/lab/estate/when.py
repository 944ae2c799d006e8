"""Times as scenarios write them, and as the Kubernetes API writes them.

Knows no objects: only offsets, epoch seconds and RFC 3339 text.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_OFFSET = re.compile(
    r"(?P<sign>[+-])?(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+(?:\.\d+)?)s)?"
)
_SECONDS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}


def is_offset(text: object) -> bool:
    """Whether `text` is a relative time such as "-12m", "-1h30m" or "-40d"."""
    return (
        isinstance(text, str)
        and text[:1] in "+-"
        and len(text) > 1
        and _OFFSET.fullmatch(text) is not None
    )


def offset_s(text: str) -> float:
    """Seconds in a relative time; "-12m" gives -720.0, "90s" gives 90.0, "0s" gives 0.0."""
    match = _OFFSET.fullmatch(text)
    if match is None or not text.lstrip("+-"):
        raise ValueError(f"{text!r} is not a time like -12m, -1h30m, -40d or 90s")
    total = sum(float(match[unit] or 0) * size for unit, size in _SECONDS.items())
    return -total if match["sign"] == "-" else total


def stamp(at: float) -> str:
    """Epoch seconds as the API's whole-second time, "2026-11-21T08:25:00Z"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def micro_stamp(at: float) -> str:
    """Epoch seconds as the API's MicroTime, "2026-11-21T08:25:00.000000Z"."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def nano_stamp(at: float) -> str:
    """Epoch seconds as the kubelet prefixes log lines, nine digits after the point."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")


def read_stamp(text: str) -> float:
    """Epoch seconds of an RFC 3339 time."""
    return datetime.fromisoformat(text).timestamp()
