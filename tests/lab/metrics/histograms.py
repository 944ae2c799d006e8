"""Quantiles of classic histograms in the lab: buckets by `le`, interpolated as Prometheus does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tests.lab.metrics.values import Labels, without_name

if TYPE_CHECKING:
    from tests.lab.metrics.values import Vector


def histogram_quantile(share: float, buckets: Vector) -> Vector:
    """A value for each group of buckets; series without a readable `le` are ignored."""
    groups: dict[Labels, list[tuple[float, float]]] = {}
    for labels, count in buckets.items():
        bound = dict(labels).get("le")
        try:
            upper = float(bound) if bound is not None else None
        except ValueError:
            upper = None
        if upper is not None:
            rest = frozenset(pair for pair in without_name(labels) if pair[0] != "le")
            groups.setdefault(rest, []).append((upper, count))
    return {labels: _quantile(share, group) for labels, group in groups.items()}


def _quantile(share: float, buckets: list[tuple[float, float]]) -> float:
    if math.isnan(share):
        return math.nan
    if share < 0 or share > 1:
        return -math.inf if share < 0 else math.inf
    merged: dict[float, float] = {}
    for upper, count in buckets:
        merged[upper] = merged.get(upper, 0.0) + count
    ordered = sorted(merged.items())
    if len(ordered) < 2 or ordered[-1][0] != math.inf:
        return math.nan
    highest, rising = -math.inf, []
    for upper, count in ordered:
        highest = max(highest, count)
        rising.append((upper, highest))
    total = rising[-1][1]
    if total == 0 or math.isnan(total):
        return math.nan
    return _interpolated(share * total, rising)


def _interpolated(rank: float, rising: list[tuple[float, float]]) -> float:
    place = next(
        (index for index, (_, count) in enumerate(rising[:-1]) if count >= rank), len(rising) - 1
    )
    if place == len(rising) - 1:
        return rising[-2][0]
    upper, count = rising[place]
    if place == 0:
        return upper if upper <= 0 else upper * (rank / count)
    lower, below = rising[place - 1]
    return lower + (upper - lower) * ((rank - below) / (count - below))
