"""What series of measurements say: how high, since when, rising or not.

Pure functions over points, oldest first. A series without points says nothing, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.chart import Point

# Of the series' range; a larger fall within one step is a restart, not noise.
_FALL_SHARE = 0.3
# Of a rise's steps may go down a little: garbage collectors breathe.
_UPWARD_SHARE = 0.75
_LEAST_STEPS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """A series that only rises, perhaps again and again from the bottom."""

    since_s: float
    """When the first rise began, in seconds since the epoch."""
    low: float
    high: float
    per_min: float
    """Mean slope of the longest rise."""
    times: int
    """How often it rose."""


def last(points: Sequence[Point]) -> float | None:
    """Return the newest value."""
    return points[-1][1] if points else None


def since(points: Sequence[Point], from_s: float) -> list[Point]:
    """Return the points from a time on."""
    return [point for point in points if point[0] >= from_s]


def peak(points: Sequence[Point]) -> float | None:
    """Return the largest value."""
    return max((value for _, value in points), default=None)


def total(points: Sequence[Point], from_s: float = 0.0) -> float:
    """Return the sum from a time on."""
    return sum(value for at_s, value in points if at_s >= from_s)


def last_above(points: Sequence[Point], bound: float) -> float | None:
    """Return when the series last was above a bound, in seconds since the epoch."""
    return max((at_s for at_s, value in points if value > bound), default=None)


def held_above(points: Sequence[Point], bound: float, *, least: int) -> float | None:
    """Return since when the newest points all lie at or above a bound; None if too few do."""
    began, count = None, 0
    for at_s, value in reversed(points):
        if value < bound:
            break
        began, count = at_s, count + 1
    return began if count >= least else None


def level(points: Sequence[Point], from_s: float, until_s: float) -> float | None:
    """Return the mean between two times."""
    values = [value for at_s, value in points if from_s <= at_s < until_s]
    return sum(values) / len(values) if values else None


def climb(points: Sequence[Point], *, least_rise: float) -> Climb | None:
    """Return the rise of a series that goes up steadily, restarts aside; None if it does not.

    Rises of less than `least_rise` do not count, and the newest rise, or the one before a fall at
    the very end, has to be among those that do.
    """
    rises = [run for run in _runs(points) if _is_rise(run, least_rise)]
    if not rises:
        return None
    longest = max(rises, key=len)
    minutes = (longest[-1][0] - longest[0][0]) / 60
    return Climb(
        since_s=rises[0][0][0],
        low=min(run[0][1] for run in rises),
        high=max(run[-1][1] for run in rises),
        per_min=(longest[-1][1] - longest[0][1]) / minutes,
        times=len(rises),
    )


def _runs(points: Sequence[Point]) -> list[list[Point]]:
    """Return the stretches between falls, each from its lowest point on."""
    if not points:
        return []
    values = [value for _, value in points]
    fall = _FALL_SHARE * (max(values) - min(values))
    runs: list[list[Point]] = [[points[0]]]
    for before, after in pairwise(points):
        if before[1] - after[1] > fall:
            runs.append([])
        runs[-1].append(after)
    return [_from_the_bottom(run) for run in runs]


def _from_the_bottom(run: list[Point]) -> list[Point]:
    """Return a stretch without the level it stayed at before it began to rise."""
    lowest = min(value for _, value in run)
    slack = 0.05 * (max(value for _, value in run) - lowest)
    start = max(place for place, (_, value) in enumerate(run) if value <= lowest + slack)
    return run[start:]


def _is_rise(run: Sequence[Point], least_rise: float) -> bool:
    steps = list(pairwise(run))
    if len(steps) < _LEAST_STEPS or run[-1][1] - run[0][1] < least_rise:
        return False
    upward = sum(after[1] >= before[1] for before, after in steps)
    # One jump and a flat rest is a step, no climb.
    widest = max(after[1] - before[1] for before, after in steps)
    return upward >= _UPWARD_SHARE * len(steps) and widest <= 0.5 * (run[-1][1] - run[0][1])
