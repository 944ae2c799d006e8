"""A line chart of measurements over time, as any surface may draw it.

It keeps the samples as they were measured; what a surface has room for is that surface's to
decide.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Point = tuple[float, float]
"""Seconds since the epoch, and the value then; never NaN or infinite."""

SAMPLES_BYTES: Final = 1_000_000
"""What the samples of one chart may take in the ledger: some 80 series of 360 points."""
_POINT_BYTES: Final = 34
"""The longest usual point as JSON: ten digits of seconds, seventeen of the value, punctuation."""


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
    left_out: int = 0
    """Series whose samples were not kept because they would have taken too many bytes."""


def usual_step_s(chart: Chart) -> float:
    """Return the seconds from one sample to the next as most pairs have it; 0 without a pair."""
    steps = [
        later - earlier
        for one in chart.series
        for (earlier, _), (later, _) in pairwise(one.points)
        if later > earlier
    ]
    return median(steps) if steps else 0.0


def kept_within(
    *, title: str, unit: str, series: Iterable[ChartSeries], most_bytes: int = SAMPLES_BYTES
) -> Chart:
    """Return a chart with every sample of as many series as fit, and how many did not.

    The first one always stays, and no series is kept in part: a line with its end cut off says
    something else.
    """
    kept: list[ChartSeries] = []
    left_out, room = 0, most_bytes
    for one in series:
        size = len(one.label.encode(errors="replace")) + len(one.points) * _POINT_BYTES
        if left_out or (kept and size > room):
            left_out += 1
            continue
        kept.append(one)
        room -= size
    return Chart(title=title, unit=unit, series=tuple(kept), left_out=left_out)


def masked_chart(chart: Chart | None, mask: Callable[[str], str]) -> Chart | None:
    """Return the chart with its foreign texts, the title and the labels, put through `mask`."""
    if chart is None:
        return None
    series = tuple(replace(one, label=mask(one.label)) for one in chart.series)
    return replace(chart, title=mask(chart.title), series=series)
