"""A chart as Slack's data_visualization block, thinned out to what that block holds.

Pure. Slack draws a line through categories that every series has a value for, so a time at which
a series has no sample is left out rather than drawn as zero. Where that, or the thinning, would
show something else than was measured, `misfit` says so and the chart has to be a picture.
"""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from statistics import fmean, median
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack import limits
from bot.adapters.slack.text import clip
from bot.domain.chart import usual_step_s

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.chart import Chart, ChartSeries, Point

_DIGITS: Final = 4
_DAY_S: Final = 86_400.0
_LEAST_SHARE: Final = 0.5
"""Of the times: a series that would cost more of them than that is left out instead."""

_GAP_STEPS: Final = 1.5
"""Usual distances between samples from which on one is missing; less is jitter."""
_WILD: Final = 0.5
"""How much of its whole range a line may cover, on average, in a stretch that one point shows."""
_CALM: Final = 0.1
"""Of its usual level: a line that moves less than this is flat, however it jitters."""

_Buckets = dict[int, float]


def misfit(chart: Chart) -> str:
    """Return in words why the block would not be true to the chart; empty where it is."""
    drawn = [series for series in chart.series if series.points]
    if len(drawn) > limits.CHART_SERIES:
        return f"{len(drawn)} series, a chart in a message holds {limits.CHART_SERIES}"
    start_s = min((series.points[0][0] for series in drawn), default=0.0)
    end_s = max((series.points[-1][0] for series in drawn), default=0.0)
    least_gap_s = max(_GAP_STEPS * usual_step_s(chart), _width_s(start_s, end_s))
    for one in drawn:
        times = (start_s, *(at_s for at_s, _ in one.points), end_s)
        if any(later - earlier > least_gap_s for earlier, later in pairwise(times)):
            return "there are gaps, a chart in a message would hide them"
    if any(_wildness(one.points, start_s, end_s) > _WILD for one in drawn):
        return f"it swings faster than the {limits.CHART_CATEGORIES} points in a message show"
    return ""


def chart_block(chart: Chart) -> dict[str, Any]:
    """Return the block; ValueError for a chart without a single point."""
    drawn = [series for series in chart.series if series.points][: limits.CHART_SERIES]
    if not drawn:
        raise ValueError("a chart needs at least one point")
    start_s = min(series.points[0][0] for series in drawn)
    end_s = max(series.points[-1][0] for series in drawn)
    kept, places = _common([(one, _thinned(one.points, start_s, end_s)) for one in drawn])
    width_s = _width_s(start_s, end_s)
    categories = _unique([_time(start_s + place * width_s, end_s - start_s) for place in places])
    names = _unique([series.label or "value" for series, _ in kept])
    axes: dict[str, Any] = {"categories": categories, "x_label": "time (UTC)"}
    if chart.unit:
        axes["y_label"] = clip(chart.unit, limits.CHART_TITLE)
    return {
        "type": "data_visualization",
        "title": clip(chart.title, limits.CHART_TITLE),
        "chart": {
            "type": "line",
            "series": [
                {
                    "name": name,
                    "data": [
                        {"label": label, "value": buckets[place]}
                        for label, place in zip(categories, places, strict=True)
                    ],
                }
                for name, (_, buckets) in zip(names, kept, strict=True)
            ],
            "axis_config": axes,
        },
    }


def _thinned(points: Sequence[Point], start_s: float, end_s: float) -> _Buckets:
    """Return a value for each stretch of time that has points: the one that stands out most.

    A mean would hide the peaks and dips a chart of an incident is looked at for.
    """
    usual = median(value for _, value in points)
    width_s = _width_s(start_s, end_s)
    found: _Buckets = {}
    for at_s, value in points:
        place = _place(at_s, start_s, width_s)
        if place not in found or abs(value - usual) > abs(found[place] - usual):
            found[place] = value
    return {place: float(f"{value:.{_DIGITS}g}") for place, value in found.items()}


def _wildness(points: Sequence[Point], start_s: float, end_s: float) -> float:
    """Return what share of a line's range it covers within one stretch, on average."""
    values = [value for _, value in points]
    whole = max(max(values) - min(values), _CALM * abs(median(values)))
    if not whole:
        return 0.0
    width_s = _width_s(start_s, end_s)
    stretches: dict[int, list[float]] = {}
    for at_s, value in points:
        stretches.setdefault(_place(at_s, start_s, width_s), []).append(value)
    return fmean((max(held) - min(held)) / whole for held in stretches.values())


def _place(at_s: float, start_s: float, width_s: float) -> int:
    return min(int((at_s - start_s) / width_s), limits.CHART_CATEGORIES - 1)


def _width_s(start_s: float, end_s: float) -> float:
    return max((end_s - start_s) / limits.CHART_CATEGORIES, 1.0)


def _common(
    series: list[tuple[ChartSeries, _Buckets]],
) -> tuple[list[tuple[ChartSeries, _Buckets]], list[int]]:
    """Return the series that can be drawn together, and the stretches all of them have."""
    every = set().union(*(buckets for _, buckets in series))
    kept = list(series)
    while True:
        places = sorted(every.intersection(*(buckets for _, buckets in kept)))
        if len(kept) == 1 or len(places) >= _LEAST_SHARE * len(every):
            return kept, places
        kept.remove(min(kept, key=lambda pair: len(pair[1])))
        every = set().union(*(buckets for _, buckets in kept))


def _time(at_s: float, span_s: float) -> str:
    at = datetime.fromtimestamp(at_s, tz=UTC)
    if span_s >= _DAY_S:
        return at.strftime("%d %b %H:%M")
    # Stretches shorter than a minute would share their name.
    return at.strftime("%H:%M" if span_s >= limits.CHART_CATEGORIES * 60 else "%H:%M:%S")


def _unique(labels: Sequence[str]) -> list[str]:
    """Return labels short enough for the block and different from each other."""
    found: list[str] = []
    for label in labels:
        short, number = _clipped(label, limits.CHART_LABEL), 2
        while short in found:
            ending = f" {number}"
            short = _clipped(label, limits.CHART_LABEL - len(ending)) + ending
            number += 1
        found.append(short)
    return found


def _clipped(label: str, limit: int) -> str:
    """Return a label cut in its middle: names of series differ at their ends."""
    if len(label) <= limit:
        return label
    head = (limit - 1) // 2
    return f"{label[:head]}…{label[len(label) - (limit - 1 - head) :]}"
