"""What a line of measurements does: its level now, when it last stepped, how it climbs in a life.

Pure. NaN and infinities are left out, a gap is no zero, and a restart begins a new life.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING

from bot.tools.promql.changes import changes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot.domain.chart import Point

RECENT_S = 600.0
"""What is measured now is the mean of so long; without a value in it there is no now."""
_LARGEST = 1e150
# Memory falls by so much at once when a process ends, and hardly ever while one works.
_DROPPED_TO = 0.6
_LEAST_POINTS = 5
_LEAST_FIT = 0.8
"""Share of the variance that a line has to explain before it is called steady."""
_STEADY_SHARE = 0.4
"""Each half of a steady climb is at least so steep, measured against the whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """The last step of a line."""

    at_s: float
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """The straight line through points, by least squares."""

    per_s: float
    fit: float
    """Share of the variance it explains; 1 for points that are on it."""
    start_s: float
    end_s: float

    @property
    def grown(self) -> float:
        """By how much it rises from its beginning to its end."""
        return self.per_s * (self.end_s - self.start_s)


def finite(points: Iterable[Point]) -> tuple[Point, ...]:
    """Return the points that are numbers, oldest first."""
    return tuple(sorted((at, value) for at, value in points if abs(value) < _LARGEST))


def now(points: Sequence[Point], *, at_s: float) -> float | None:
    """Return the level at a time; None when the newest value is older than it counts."""
    return mean(points, from_s=at_s - RECENT_S, to_s=at_s)


def mean(
    points: Sequence[Point], *, from_s: float = -math.inf, to_s: float = math.inf
) -> float | None:
    """Return the mean of what lies between two times; None when nothing does."""
    values = [value for at, value in points if from_s <= at <= to_s and abs(value) < _LARGEST]
    return fmean(values) if values else None


def shift(points: Sequence[Point]) -> Shift | None:
    """Return the last step, if the line ever stepped."""
    steps = changes_in(finite(points))
    if not steps:
        return None
    last = steps[-1]
    return Shift(at_s=last.at_s, before=last.before, after=last.after)


def line(points: Sequence[Point]) -> Line | None:
    """Return the line through the points; None for too few, or all of one time."""
    known = finite(points)
    if len(known) < _LEAST_POINTS:
        return None
    start_s, end_s = known[0][0], known[-1][0]
    # Times of today are large numbers, whose squares lose the digits that count.
    times = [at - start_s for at, _ in known]
    values = [value for _, value in known]
    time, level = fmean(times), fmean(values)
    spread = sum((at - time) ** 2 for at in times)
    variance = sum((value - level) * (value - level) for value in values)
    if not spread:
        return None
    together = sum((at - time) * (value - level) for at, value in zip(times, values, strict=True))
    fit = together * (together / spread / variance) if variance else 1.0
    return Line(per_s=together / spread, fit=min(1.0, fit), start_s=start_s, end_s=end_s)


def rises_steadily(points: Sequence[Point]) -> Line | None:
    """Return the line of a climb that goes on through all of the points; None for any other shape.

    A jump and a level that is reached and kept are steep in one half and flat in the other.
    """
    whole = line(points)
    if whole is None or whole.per_s <= 0 or whole.fit < _LEAST_FIT:
        return None
    middle = (whole.start_s + whole.end_s) / 2
    known = finite(points)
    halves = [line([one for one in known if is_in(one[0])]) for is_in in _sides(middle)]
    if any(half is None or half.per_s < _STEADY_SHARE * whole.per_s for half in halves):
        return None
    return whole


def _sides(middle: float) -> tuple[Callable[[float], bool], Callable[[float], bool]]:
    return (lambda at: at <= middle), (lambda at: at >= middle)


def lives(
    points: Sequence[Point], *, restarts: Sequence[Point] = ()
) -> tuple[tuple[Point, ...], ...]:
    """Return the points from one start of a process to the next, oldest life first.

    `restarts` is the counter of restarts, where there is one; a fall of the line tells as well.
    """
    starts = [at for (_, before), (at, after) in pairwise(finite(restarts)) if after > before]
    found: list[list[Point]] = []
    last: Point | None = None
    for at, value in finite(points):
        is_new = last is None or (
            value < _DROPPED_TO * last[1] or any(last[0] < start <= at for start in starts)
        )
        if is_new:
            found.append([])
        found[-1].append((at, value))
        last = (at, value)
    return tuple(tuple(life) for life in found)


def combined(
    lines: Iterable[Sequence[Point]], *, wanted: Callable[[float], bool] = lambda _: True
) -> tuple[Point, ...]:
    """Return the sum of lines at each time any of them has a value."""
    total: dict[float, float] = {}
    for one in lines:
        for at, value in finite(one):
            if wanted(value):
                total[at] = total.get(at, 0.0) + value
    return tuple(sorted(total.items()))


def ratio(part: Sequence[Point], whole: Sequence[Point]) -> tuple[Point, ...]:
    """Return one line by another where the second is above zero; what has no part has none."""
    parts = dict(finite(part))
    return tuple((at, parts.get(at, 0.0) / value) for at, value in finite(whole) if value > 0)
