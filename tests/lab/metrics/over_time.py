"""Functions of a range in the lab, as Prometheus 2.42 computes them.

Source: promql/functions.go of that release; the contract test compares with the real server.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.lab.metrics.values import Window, without_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.metrics.tracks import Sample
    from tests.lab.metrics.values import Vector

_FAR_FROM_EDGE = 1.1  # of the mean distance of samples; extrapolation stops at half of it then


def applied(name: str, window: Window, *parameters: float) -> Vector | None:
    """The function's vector; None if the lab does not have it."""
    if name not in FUNCTIONS:
        return None
    function = FUNCTIONS[name]
    found: Vector = {}
    for labels, samples in window.matrix.items():
        value = function(samples, window, *parameters) if samples else None
        if value is not None:
            found[labels if name == "last_over_time" else without_name(labels)] = value
    return found


def quantile(share: float, values: list[float]) -> float:
    """The quantile with linear interpolation, as the aggregation has it, too."""
    if not values or math.isnan(share):
        return math.nan
    if share < 0 or share > 1:
        return -math.inf if share < 0 else math.inf
    ordered = sorted(values)
    rank = share * (len(ordered) - 1)
    low = math.floor(rank)
    high = min(low + 1, len(ordered) - 1)
    weight = rank - low
    return ordered[low] * (1 - weight) + ordered[high] * weight


def deviation(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


def _extrapolated(
    samples: list[Sample], window: Window, *, is_counter: bool, is_rate: bool
) -> float | None:
    if len(samples) < 2:
        return None
    (first_s, first), (last_s, last) = samples[0], samples[-1]
    result = last - first
    if is_counter:
        result += sum(before for (_, before), (_, after) in pairwise(samples) if after < before)
    to_start, to_end = first_s - window.start_s, window.end_s - last_s
    sampled = last_s - first_s
    mean = sampled / (len(samples) - 1)
    if is_counter and result > 0 and first >= 0:
        to_start = min(to_start, sampled * (first / result))
    covered = sampled
    covered += to_start if to_start < mean * _FAR_FROM_EDGE else mean / 2
    covered += to_end if to_end < mean * _FAR_FROM_EDGE else mean / 2
    factor = covered / sampled
    if is_rate:
        factor /= window.end_s - window.start_s
    return result * factor


def _instant(samples: list[Sample], *, is_counter: bool) -> float | None:
    if len(samples) < 2:
        return None
    (before_s, before), (last_s, last) = samples[-2:]
    difference = last if is_counter and last < before else last - before
    return difference / (last_s - before_s) if is_counter else difference


def _slope(samples: list[Sample]) -> float | None:
    if len(samples) < 2:
        return None
    origin = samples[0][0]
    xs = [at_s - origin for at_s, _ in samples]
    ys = [value for _, value in samples]
    count = len(samples)
    covariance = sum(x * y for x, y in zip(xs, ys, strict=True)) - sum(xs) * sum(ys) / count
    return covariance / (sum(x * x for x in xs) - sum(xs) ** 2 / count)


def _values(samples: list[Sample]) -> list[float]:
    return [value for _, value in samples]


FUNCTIONS: dict[str, Callable[..., float | None]] = {
    "rate": lambda s, w: _extrapolated(s, w, is_counter=True, is_rate=True),
    "increase": lambda s, w: _extrapolated(s, w, is_counter=True, is_rate=False),
    "delta": lambda s, w: _extrapolated(s, w, is_counter=False, is_rate=False),
    "irate": lambda s, _: _instant(s, is_counter=True),
    "idelta": lambda s, _: _instant(s, is_counter=False),
    "deriv": lambda s, _: _slope(s),
    "avg_over_time": lambda s, _: sum(_values(s)) / len(s),
    "min_over_time": lambda s, _: min(_values(s)),
    "max_over_time": lambda s, _: max(_values(s)),
    "sum_over_time": lambda s, _: sum(_values(s)),
    "count_over_time": lambda s, _: float(len(s)),
    "last_over_time": lambda s, _: s[-1][1],
    "present_over_time": lambda _s, _w: 1.0,
    "stddev_over_time": lambda s, _: deviation(_values(s)),
    "quantile_over_time": lambda s, _, share: quantile(share, _values(s)),
    "changes": lambda s, _: float(sum(a != b for (_, a), (_, b) in pairwise(s))),
    "resets": lambda s, _: float(sum(b < a for (_, a), (_, b) in pairwise(s))),
}
