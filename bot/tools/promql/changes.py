"""Where a series steps from one level to another.

Binary segmentation on the mean: the best split is taken as long as it explains far more than
noise would. Slow drifts and daily waves are no steps; a split counts only if the values right
before and right after it lie apart, too.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import accumulate, pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.chart import Point

MAX_CHANGES = 3
"""More steps than this are noise, or a shape that only a chart tells."""
_LEAST_POINTS = 3
"""On either side of a step; what is shorter is a peak, which minimum and maximum show."""
_LEAST_SHARE = 0.1
"""Of the larger level: a smaller step is not worth a sentence."""
_SHARPNESS = 0.55
"""Of the step has to happen within the points around it."""
_NEAR_POINTS = 5
_NEAR_SHARE = 20
"""One in so many points counts as near: a rate over five minutes takes as long to step."""
_ONSET_SHARE = 0.15
"""Of the step; the onset is where the values leave the old level by that much."""
_EXPLAINED = 0.6
"""Share of the variance beyond noise that the levels have to explain."""
_NOISE_FACTOR = 4.0
# Median of |x - y| for neighbours with deviation 1 is 0.954 (0.6745 times the root of 2).
_MEDIAN_DIFFERENCE = 0.954


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One step: when the new level was first seen, and the means on both sides."""

    at_s: float
    before: float
    after: float


def changes_in(points: Sequence[Point]) -> tuple[Change, ...]:
    """Return the steps of a series in the order of time, the clearest three if there are more."""
    values = [value for _, value in points]
    if len(values) < 2 * _LEAST_POINTS:
        return ()
    sums = [0.0, *accumulate(values)]
    noise = _noise(values)
    splits: list[tuple[float, int, float]] = []
    segments = [(0, len(values))]
    while segments and len(splits) < 2 * MAX_CHANGES:
        start, end = segments.pop()
        found = _best_split(sums, start, end)
        if found is None:
            continue
        gain, split = found
        if not _is_step(values, sums, (start, split, end), noise=noise):
            continue
        height = _rise(sums, start, split, end)
        close = 2 * _near(len(values))
        if any(abs(split - other) < close and rise * height > 0 for _, other, rise in splits):
            continue
        splits.append((gain, split, height))
        segments += [(start, split), (split, end)]
    kept = sorted(split for _, split, _ in sorted(splits, reverse=True)[:MAX_CHANGES])
    while True:
        levels = _levels(sums, (0, *kept, len(values)))
        weak = [
            split
            for split, (before, after) in zip(kept, pairwise(levels), strict=True)
            if not _is_high(before, after)
        ]
        if not weak:
            break
        kept.remove(weak[0])
    if not _explains(values, (0, *kept, len(values)), levels, noise=noise):
        return ()
    return tuple(
        Change(at_s=points[_onset(values, split, before, after)][0], before=before, after=after)
        for split, (before, after) in zip(kept, pairwise(levels), strict=True)
    )


def _explains(
    values: Sequence[float], edges: Sequence[int], levels: Sequence[float], *, noise: float
) -> bool:
    """Tell whether flat levels are the shape of a series, rather than waves or teeth."""
    mean = fmean(values)
    between = sum(
        (end - start) * (level - mean) * (level - mean)
        for (start, end), level in zip(pairwise(edges), levels, strict=True)
    )
    within = sum((value - mean) * (value - mean) for value in values) - between
    return between >= _EXPLAINED * (between + max(0.0, within - noise * noise * len(values)))


def _rise(sums: Sequence[float], start: int, split: int, end: int) -> float:
    before, after = _levels(sums, (start, split, end))
    return after - before


def _levels(sums: Sequence[float], edges: Sequence[int]) -> list[float]:
    return [(sums[end] - sums[start]) / (end - start) for start, end in pairwise(edges)]


def _is_high(before: float, after: float) -> bool:
    return abs(after - before) > _LEAST_SHARE * max(abs(before), abs(after))


def _onset(values: Sequence[float], split: int, before: float, after: float) -> int:
    """Return the point at which the values began to leave the old level for the new one."""
    earliest = max(0, split - 2 * _near(len(values)))
    while split > earliest and (values[split - 1] - before) / (after - before) > _ONSET_SHARE:
        split -= 1
    return split


def _near(count: int) -> int:
    return max(_NEAR_POINTS, count // _NEAR_SHARE)


def _best_split(sums: Sequence[float], start: int, end: int) -> tuple[float, int] | None:
    """Return the split that lowers the sum of squares most, and by how much."""
    size = end - start
    if size < 2 * _LEAST_POINTS:
        return None
    base, total = sums[start], sums[end] - sums[start]
    mean = total / size
    best, place = 0.0, 0
    for split in range(start + _LEAST_POINTS, end - _LEAST_POINTS + 1):
        left = split - start
        distance = sums[split] - base - mean * left
        gain = distance * distance * size / (left * (size - left))
        if gain > best:
            best, place = gain, split
    return (best, place) if place else None


def _is_step(
    values: Sequence[float], sums: Sequence[float], place: tuple[int, int, int], *, noise: float
) -> bool:
    start, split, end = place
    before, after = _levels(sums, place)
    height = abs(after - before)
    if not _is_high(before, after):
        return False
    # The deviation of a difference of two means, times a factor that noise alone rarely reaches.
    shortest = min(split - start, end - split)
    if height <= _NOISE_FACTOR * noise * math.sqrt(2 / shortest):
        return False
    near = _near(end - start)
    near_before = median(values[max(start, split - near) : split])
    near_after = median(values[split : min(end, split + near)])
    return (near_after - near_before) * (after - before) > 0 and (
        abs(near_after - near_before) >= _SHARPNESS * height
    )


def _noise(values: Sequence[float]) -> float:
    """Return the deviation of a series from one point to the next, steps aside."""
    differences = [abs(after - before) for before, after in pairwise(values)]
    typical = median(differences) / _MEDIAN_DIFFERENCE
    return typical or fmean(differences) / len(values)
