"""Summaries as the text and the table an observation carries.

Pure. It decides what is said; what is true was decided before.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.evidence import Grid
from bot.ports.metrics import Labels
from bot.tools.answer import table_text
from bot.tools.promql.durations import spelled
from bot.tools.promql.labelling import label_text, shared
from bot.tools.promql.numbers import amount, moment, number, percent
from bot.tools.promql.summary import Direction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports.metrics import Series
    from bot.tools.promql.summary import Summary

MAX_ROWS = 100
"""More series than a reader takes in; the rest is counted, and aggregating shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The same query some time before."""

    name: str
    """Such as `1d before`."""
    means: Mapping[Labels, float]
    """By series; empty when there was no data."""
    problem: str = ""
    """Why it could not be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Text and table; rows that did not fit are counted, not shown."""

    body: str
    grid: Grid
    rows: int
    cut_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What the values of a table have in common."""

    head: str
    unit: str
    span_s: float
    baselines: tuple[Baseline, ...] = ()
    notes: tuple[str, ...] = ()


def range_table(summaries: Sequence[Summary], setting: Setting) -> Rendered:
    """Return summaries as a table with lines on what changed, what is missing, what is odd."""
    shown = summaries[:MAX_ROWS]
    common = shared([summary.labels for summary in summaries])
    names = [label_text(summary.labels, without=common) for summary in shown]
    columns = ("SERIES", "LAST", "MIN", "MAX", "MEAN", "TREND")
    rows = [
        (name, *_cells(summary, setting), *_compared(summary.labels, summary.mean, setting))
        for name, summary in zip(names, shown, strict=True)
    ]
    grid = Grid(columns=(*columns, *_compared_columns("MEAN", setting)), rows=tuple(rows))
    remarks = [
        remark
        for name, summary in zip(names, shown, strict=True)
        for remark in _remarks(name, summary, setting)
    ]
    return _rendered(grid, setting, common, remarks, cut_rows=len(summaries) - len(shown))


def instant_table(series: Sequence[Series], setting: Setting) -> Rendered:
    """Return one value per series as a table, in the order given."""
    shown = series[:MAX_ROWS]
    common = shared([one.labels for one in series])
    rows = [
        (
            label_text(one.labels, without=common),
            amount(one.points[-1][1], setting.unit),
            *_compared(one.labels, one.points[-1][1], setting),
        )
        for one in shown
    ]
    grid = Grid(columns=("SERIES", "VALUE", *_compared_columns("VALUE", setting)), rows=tuple(rows))
    return _rendered(grid, setting, common, [], cut_rows=len(series) - len(shown))


def _rendered(
    grid: Grid, setting: Setting, common: Labels, remarks: Sequence[str], *, cut_rows: int
) -> Rendered:
    lines = [setting.head]
    if common:
        lines.append(f"all with {label_text(common)}")
    lines += [table_text(grid), *remarks]
    lines += [
        f"{baseline.name}: {baseline.problem or 'no data, which is not zero'}"
        for baseline in setting.baselines
        if not baseline.means
    ]
    lines += [f"note: {note}" for note in setting.notes]
    if cut_rows:
        lines.append(f"CUT: {cut_rows} more series; aggregate with sum by (LABEL), or use topk")
    return Rendered(body="\n".join(lines), grid=grid, rows=len(grid.rows), cut_rows=cut_rows)


def _cells(summary: Summary, setting: Setting) -> tuple[str, ...]:
    unit, span_s = setting.unit, setting.span_s
    low_s, low = summary.lowest
    high_s, high = summary.highest
    return (
        amount(summary.last[1], unit),
        amount(low, unit) + ("" if low == high else f" at {moment(low_s, span_s=span_s)}"),
        amount(high, unit) + ("" if low == high else f" at {moment(high_s, span_s=span_s)}"),
        amount(summary.mean, unit),
        _trend(summary),
    )


def _trend(summary: Summary) -> str:
    direction = summary.trend.direction
    if direction in {Direction.FLAT, Direction.UNCLEAR}:
        return direction.value
    return f"{direction.value} by {number(abs(summary.trend.change))}"


def _remarks(name: str, summary: Summary, setting: Setting) -> list[str]:
    span_s = setting.span_s
    said = [
        f"changed from about {amount(change.before, setting.unit)} to about"
        f" {amount(change.after, setting.unit)} at {moment(change.at_s, span_s=span_s)}"
        for change in summary.changes
    ]
    if summary.begins_s is not None:
        said.append(f"no samples before {moment(summary.begins_s, span_s=span_s)}")
    if summary.ends_s is not None:
        said.append(f"no samples after {moment(summary.ends_s, span_s=span_s)}")
    said += [
        f"no samples from {moment(gap.start_s, span_s=span_s)} to"
        f" {moment(gap.end_s, span_s=span_s)} ({gap.missing} missing)"
        for gap in summary.gaps
    ]
    if summary.not_a_number:
        said.append(f"{summary.not_a_number} points are NaN (such as 0/0) and not counted")
    if summary.infinite:
        said.append(f"{summary.infinite} points are infinite (such as 1/0) and not counted")
    if summary.resets:
        said.append(f"the counter was reset {summary.resets} times, as at a restart")
    return [f"{name}: {sentence}" for sentence in said]


def _compared_columns(what: str, setting: Setting) -> tuple[str, ...]:
    return tuple(
        f"{what} {baseline.name.upper()}" for baseline in setting.baselines if baseline.means
    )


def _compared(labels: Labels, value: float, setting: Setting) -> tuple[str, ...]:
    return tuple(
        _against(baseline.means.get(labels), value, setting.unit)
        for baseline in setting.baselines
        if baseline.means
    )


def _against(base: float | None, value: float, unit: str) -> str:
    if base is None:
        return "no such series"
    difference = percent(value, base)
    return amount(base, unit) + (f" ({difference})" if difference else "")


def window_head(start: str, end: str, *, step_s: float, count: int, unit: str) -> str:
    """Return the line above a table of a window."""
    step = f", step {spelled(step_s)}" if step_s else ""
    return f"{start} to {end}{step}; {count} series{_in(unit)}"


def instant_head(at: str, *, count: int, unit: str) -> str:
    """Return the line above a table of one time."""
    return f"at {at}; {count} series{_in(unit)}"


def _in(unit: str) -> str:
    return f"; in {unit}" if unit else ""
