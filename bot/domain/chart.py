"""A line chart of measurements over time, as any surface may draw it.

It keeps the samples as they were measured; what a surface has room for is that surface's to
decide.
"""

from __future__ import annotations

from dataclasses import dataclass

Point = tuple[float, float]
"""Seconds since the epoch, and the value then; never NaN or infinite."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartSeries:
    """One line."""

    label: str
    points: tuple[Point, ...]
    """Oldest first; a time without a point is a gap, not a zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Several lines over one span of time, the most telling first."""

    title: str
    unit: str
    """What the values count, such as `bytes` or `requests/s`; empty when nobody knows."""
    series: tuple[ChartSeries, ...]
