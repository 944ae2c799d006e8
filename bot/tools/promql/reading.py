"""A guarded query put to a server, and its result made into an answer with a chart.

It must not know who asked: rights were judged before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import fmean
from typing import TYPE_CHECKING

from bot.domain.chart import Chart, ChartSeries, kept_within
from bot.domain.errors import ToolError, UpstreamError
from bot.domain.evidence import EvidenceState, Window
from bot.ports.metrics import MetricsReader, Series
from bot.tools.answer import Answer, empty
from bot.tools.promql import absence, render
from bot.tools.promql.durations import spelled
from bot.tools.promql.estimate import MAX_RESULT_SERIES, Cost, check_cost, too_many_series
from bot.tools.promql.guard import Expression, ResultKind
from bot.tools.promql.labelling import label_text, shared, value
from bot.tools.promql.numbers import stamp
from bot.tools.promql.summary import Summary, summarised
from bot.tools.promql.units import is_raw_counter, unit_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.ports.metrics import Labels, Result

SOURCE = "metrics"
_BEFORE = (("1d before", timedelta(days=1)), ("7d before", timedelta(days=7)))
# A step at least as long as the rest of the day makes no better chart, a shorter one no faster
# answer; 15 s is the usual scrape interval.
_STEPS_S = (15, 30, 60, 120, 300, 600, 900, 1_800, 3_600)
_USUAL_POINTS = 360
_REMARK_CHARS = 200
_LOOKBACK_S = 300.0
"""How old the sample of an instant may be, as servers have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to read of which server."""

    expression: Expression
    reader: MetricsReader
    at: datetime
    """The time of an instant, or the window's end."""
    minutes: int | None
    compare: bool
    visible: str | None
    """Matcher for the namespaces the asker may read; None for all."""

    @property
    def span_s(self) -> int:
        """Length of the window; 0 for an instant."""
        return (self.minutes or 0) * 60

    @property
    def step_s(self) -> int:
        """Seconds between two points of the window; 0 for an instant."""
        return step_for(self.span_s) if self.minutes else 0

    @property
    def window(self) -> Window:
        """The window asked for; for an instant, as far as its ranges look back."""
        looks_back = max((one.range_s for one in self.expression.selectors), default=0.0)
        return Window(
            start=self.at - timedelta(seconds=self.span_s or looks_back or _LOOKBACK_S), end=self.at
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """An answer, its picture if there is one, and the numbers it was written from."""

    answer: Answer
    chart: Chart | None = None
    summaries: tuple[Summary, ...] = ()
    """Of a window, the most telling first; the labels are foreign text."""
    series: tuple[Series, ...] = ()
    """What the server gave, whatever was asked."""
    baselines: tuple[render.Baseline, ...] = ()
    """The day and the week before, if they were asked for."""
    absent: tuple[str, ...] = ()
    """Selectors of the query that had no series at the end of its window."""


def step_for(span_s: int) -> int:
    """Return the step that gives a few hundred points over a window."""
    return next((step for step in _STEPS_S if span_s / step <= _USUAL_POINTS), _STEPS_S[-1])


def read(asked: Asked) -> Reading:
    """Return what the server has.

    Raises:
        ToolError: The query costs too much, gives too many series, or cannot be evaluated.
        UpstreamError: The server did not answer properly.
    """
    cost = check_cost(
        asked.expression, asked.reader, at=asked.at, span_s=asked.span_s, step_s=asked.step_s
    )
    result = _result(asked, at=asked.at)
    if len(result.series) > MAX_RESULT_SERIES:
        raise too_many_series(asked.expression, found=len(result.series))
    if not result.series:
        return Reading(answer=_nothing(asked, cost, result), absent=cost.absent)
    is_instant = asked.minutes is None and asked.expression.kind is not ResultKind.MATRIX
    found = _instant(asked, result) if is_instant else _range(asked, result)
    return replace(found, absent=cost.absent)


def _result(asked: Asked, *, at: datetime) -> Result:
    text, limit = asked.expression.text, MAX_RESULT_SERIES + 1
    if asked.minutes is None:
        return asked.reader.instant(text, at=at, limit=limit)
    window = Window(start=at - timedelta(seconds=asked.span_s), end=at)
    return asked.reader.range(text, window=window, step_s=asked.step_s, limit=limit)


def _nothing(asked: Asked, cost: Cost, result: Result) -> Answer:
    if result.native_histograms:
        return empty(
            SOURCE,
            f"{result.native_histograms} series of native histograms, which have no single value;"
            " use histogram_quantile(0.99, …) over them",
        )
    said = absence.reason(asked.expression, cost.absent, asked.reader, asked.window, asked.visible)
    if result.missing:
        # Part of the data did not answer, so nothing is known to be absent.
        return Answer(
            source=SOURCE,
            body="\n".join((said, *_notes(result))),
            state=EvidenceState.UNREACHABLE,
            rows=0,
        )
    return empty(SOURCE, said)


def _instant(asked: Asked, result: Result) -> Reading:
    series = result.series
    if not any(math.isfinite(one.points[-1][1]) for one in series):
        return Reading(answer=empty(SOURCE, absence.no_number(series)), series=series)
    unit = unit_of(asked.expression.tree)
    setting = render.Setting(
        head=render.instant_head(stamp(asked.at), count=len(series), unit=unit),
        unit=unit,
        span_s=0.0,
        baselines=_baselines(asked),
        notes=_notes(result),
    )
    return Reading(
        answer=_answer(render.instant_table(series, setting), result, window=None),
        series=series,
        baselines=setting.baselines,
    )


def _range(asked: Asked, result: Result) -> Reading:
    window, unit = asked.window, unit_of(asked.expression.tree)
    start_s, end_s = window.start.timestamp(), window.end.timestamp()
    found = [
        summarised(
            one,
            start_s=start_s,
            end_s=end_s,
            step_s=asked.step_s or asked.reader.scrape_interval_s,
            is_counter=is_raw_counter(asked.expression.tree),
        )
        for one in result.series
    ]
    pairs = [
        (summary, one)
        for summary, one in zip(found, result.series, strict=True)
        if summary is not None
    ]
    if not pairs:
        return Reading(answer=empty(SOURCE, absence.no_number(result.series)), series=result.series)
    pairs.sort(key=lambda pair: _weight(pair[0]), reverse=True)
    setting = render.Setting(
        head=render.window_head(
            stamp(window.start), stamp(window.end), step_s=asked.step_s, count=len(pairs), unit=unit
        ),
        unit=unit,
        span_s=end_s - start_s,
        baselines=_baselines(asked),
        notes=(*_window_notes(asked, lost=len(found) - len(pairs)), *_notes(result)),
    )
    table = render.range_table([summary for summary, _ in pairs], setting)
    return Reading(
        answer=_answer(table, result, window=window),
        chart=_chart(asked, [one for _, one in pairs], unit=unit),
        summaries=tuple(summary for summary, _ in pairs),
        series=result.series,
        baselines=setting.baselines,
    )


def _answer(table: render.Rendered, result: Result, *, window: Window | None) -> Answer:
    cut_bytes = table.cut_rows * max(1, len(table.body) // max(1, table.rows))
    if result.missing:
        cut_bytes = max(cut_bytes, 1)
    return Answer(
        source=SOURCE,
        body=table.body,
        state=EvidenceState.TRUNCATED if cut_bytes else EvidenceState.OK,
        rows=table.rows,
        cut_bytes=cut_bytes,
        grid=table.grid,
        window=window,
    )


def _weight(summary: Summary) -> tuple[bool, float]:
    """Return what brings a series to the top: a change of level, then its height."""
    return bool(summary.changes), abs(summary.highest[1])


def _baselines(asked: Asked) -> tuple[render.Baseline, ...]:
    if not asked.compare:
        return ()
    return tuple(_baseline(asked, name, before) for name, before in _BEFORE)


def _baseline(asked: Asked, name: str, before: timedelta) -> render.Baseline:
    try:
        result = _result(asked, at=asked.at - before)
    except (UpstreamError, ToolError) as error:
        return render.Baseline(name=name, means={}, problem=f"could not be read: {error}")
    return render.Baseline(name=name, means=_means(result.series))


def _means(series: Sequence[Series]) -> Mapping[Labels, float]:
    finite = {
        one.labels: [value for _, value in one.points if math.isfinite(value)] for one in series
    }
    return {labels: fmean(values) for labels, values in finite.items() if values}


def _window_notes(asked: Asked, *, lost: int) -> tuple[str, ...]:
    notes = []
    ranges = [one.range_s for one in asked.expression.selectors if one.is_range]
    if ranges and 0 < max(ranges) < asked.step_s:
        notes.append(
            f"the step is {spelled(asked.step_s)} and the range only {spelled(max(ranges))}:"
            " what happened between them is not seen"
        )
    if lost:
        notes.append(f"{lost} more series have no finite value")
    return tuple(notes)


def _notes(result: Result) -> tuple[str, ...]:
    notes = [f"only part of the data answered: {_remark(text)}" for text in result.missing]
    notes += [f"the server remarks: {_remark(text)}" for text in result.remarks]
    if result.native_histograms and result.series:
        notes.append(f"{result.native_histograms} series of native histograms are left out")
    return tuple(notes)


def _remark(text: str) -> str:
    return value(text)[:_REMARK_CHARS]


def _chart(asked: Asked, series: Sequence[Series], *, unit: str) -> Chart | None:
    common = shared([one.labels for one in series])
    lines = tuple(
        ChartSeries(
            label=label_text(one.labels, without=common),
            points=tuple(point for point in one.points if math.isfinite(point[1])),
        )
        for one in series
    )
    if not any(len(line.points) > 1 for line in lines):
        return None
    return kept_within(title=asked.expression.text, unit=unit, series=lines)
