"""Values and times of metrics as people read them, and as a verdict may quote them."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from bot.tools.promql.durations import DAY_S
from bot.tools.promql.units import BYTES

_BINARY = ((2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))
_EXACT = 1e15
"""Whole numbers up to here are written out; a float still tells them apart."""
_WHOLE_FROM = 1_000
_NOTABLE = 0.005
"""Half a percent: less is written as no change."""


def number(value: float) -> str:
    """Return a value with four digits that count; whole numbers as they are."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if abs(value) < _EXACT and (value == int(value) or abs(value) >= _WHOLE_FROM):
        return str(round(value))
    return f"{value:.4g}"


def amount(value: float, unit: str) -> str:
    """Return a value in its unit; bytes also in the size people say."""
    if unit not in {BYTES, f"{BYTES}/s"} or not math.isfinite(value):
        return number(value)
    for size, name in _BINARY:
        if abs(value) >= size:
            return f"{number(value)} ({value / size:.3g}{name})"
    return number(value)


def percent(value: float, base: float) -> str:
    """Return by how much a value differs from a base; no percentage of zero is made up."""
    if not (math.isfinite(value) and math.isfinite(base)):
        return ""
    if base == 0:
        return "unchanged" if value == 0 else "was 0"
    share = (value - base) / abs(base)
    return f"now {share:+.0%}" if abs(share) >= _NOTABLE else "unchanged"


def moment(at_s: float, *, span_s: float) -> str:
    """Return a time of a window, with its day where the window has several."""
    at = datetime.fromtimestamp(at_s, tz=UTC)
    return at.strftime("%H:%M:%SZ" if span_s < DAY_S else "%m-%d %H:%MZ")


def stamp(at: datetime) -> str:
    """Return a whole time, such as `2026-11-21T08:00:00Z`."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
