"""One series in a handful of facts, which is what a reader and a model can work with.

Pure. What cannot be averaged (NaN, infinity) is counted apart, and a gap is never a zero.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

from bot.domain.chart import Point
from bot.ports.metrics import Labels
from bot.tools.promql.changes import Change, changes_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports.metrics import Series

MAX_GAPS = 3
_LEAST_POINTS = 4
"""Fewer points have no direction."""
_LEAST_DRIFT = 0.1
"""Of the mean over the whole window: less is flat."""
_LEAST_FIT = 0.25
"""Share of the variance a line has to explain before it is called a trend."""
_LARGEST = 1e150
"""Larger ones count as infinite: their squares are, and no measurement comes near."""
_LATE_STEPS = 2.5
"""Steps after the window's start from which on a series is said to begin late."""


class Direction(StrEnum):
    """Where a series is going."""

    RISING = "rising"
    FALLING = "falling"
    FLAT = "flat"
    UNCLEAR = "unclear"
    """Too few points to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """The straight line through a series."""

    direction: Direction
    change: float = 0.0
    """By how much the line rises over the window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A stretch without samples, between two that are there."""

    start_s: float
    end_s: float
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What is worth saying of one series; points are those with a finite value."""

    labels: Labels
    points: int
    last: Point
    lowest: Point
    highest: Point
    mean: float
    trend: Trend
    changes: tuple[Change, ...]
    gaps: tuple[Gap, ...]
    begins_s: float | None
    """The first sample, when it comes late in the window."""
    ends_s: float | None
    """The last sample, when it comes well before the window's end."""
    not_a_number: int
    infinite: int
    resets: int
    """How often a counter fell back; 0 for what is no counter."""


def summarised(
    series: Series, *, start_s: float, end_s: float, step_s: float, is_counter: bool = False
) -> Summary | None:
    """Return the summary; None for a series without one finite value."""
    finite = tuple(point for point in series.points if abs(point[1]) < _LARGEST)
    if not finite:
        return None
    values = [value for _, value in finite]
    not_a_number = sum(math.isnan(value) for _, value in series.points)
    first_s, last_s = series.points[0][0], series.points[-1][0]
    return Summary(
        labels=series.labels,
        points=len(finite),
        last=finite[-1],
        lowest=min(finite, key=lambda point: point[1]),
        highest=max(finite, key=lambda point: point[1]),
        mean=fmean(values),
        trend=_trend(finite),
        changes=() if is_counter else changes_in(finite),
        gaps=_gaps(series.points, step_s),
        begins_s=first_s if first_s - start_s > _LATE_STEPS * step_s else None,
        ends_s=last_s if end_s - last_s > _LATE_STEPS * step_s else None,
        not_a_number=not_a_number,
        infinite=len(series.points) - len(finite) - not_a_number,
        resets=sum(after < before for before, after in pairwise(values)) if is_counter else 0,
    )


def _trend(points: Sequence[Point]) -> Trend:
    if len(points) < _LEAST_POINTS:
        return Trend(direction=Direction.UNCLEAR)
    count = len(points)
    mean_s = sum(at_s for at_s, _ in points) / count
    mean = sum(value for _, value in points) / count
    spread = sum((at_s - mean_s) ** 2 for at_s, _ in points)
    together = sum((at_s - mean_s) * (value - mean) for at_s, value in points)
    variance = sum((value - mean) * (value - mean) for _, value in points)
    if not variance or not spread:
        return Trend(direction=Direction.FLAT)
    change = together / spread * (points[-1][0] - points[0][0])
    fit = together * together / spread / variance
    if abs(change) < _LEAST_DRIFT * abs(mean) or fit < _LEAST_FIT:
        return Trend(direction=Direction.FLAT, change=change)
    return Trend(direction=Direction.RISING if change > 0 else Direction.FALLING, change=change)


def _gaps(points: Sequence[Point], step_s: float) -> tuple[Gap, ...]:
    """Return the longest gaps in the order of time."""
    if not step_s:
        return ()
    found = [
        Gap(start_s=before, end_s=after, missing=round((after - before) / step_s) - 1)
        for (before, _), (after, _) in pairwise(points)
        if after - before > 1.5 * step_s
    ]
    longest = sorted(found, key=lambda gap: gap.missing, reverse=True)[:MAX_GAPS]
    return tuple(sorted(longest, key=lambda gap: gap.start_s))
