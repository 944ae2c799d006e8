"""A chart as a PNG, for what Slack's own chart block cannot hold.

Pure: the same chart gives the same picture. It must not know Slack's calls, nor when a picture is
wanted. matplotlib takes 70 MB and a second to load, so it is loaded with the first picture.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from itertools import pairwise
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.slack import limits
from bot.adapters.slack.text import clip, printable
from bot.domain.chart import usual_step_s
from bot.tools.promql.numbers import amount
from bot.tools.promql.units import BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    from bot.domain.chart import Chart, ChartSeries, Point
    from bot.domain.evidence import Window

LINES: Final = 20
"""More than this many lines nobody tells apart; the caption counts the rest."""
GAP_STEPS: Final = 1.5
"""Usual distances between samples from which on the line is broken."""
_SIZE_IN: Final = (6.0, 3.3)
"""Small, so that letters are large: a thread shows the picture some 400 pixels wide."""
_DOTS_PER_INCH: Final = 180
_LEGEND_ROW_IN: Final = 0.19
_LEGEND_LABEL: Final = 40
_LEGEND_WIDTH: Final = 88
"""Characters that stand side by side in the legend."""
_LEGEND_STROKE: Final = 9
"""Characters the stroke before a label takes, with the space around it."""
_LEGEND_COLUMNS: Final = 5
_PADDING_IN: Final = 0.09
_TITLE_LINE: Final = 68
_TITLE_LINES: Final = 2
_FONT: Final = "DejaVu Sans"
"""Comes with matplotlib, so that the picture is the same wherever it is drawn."""
_PAPER: Final = "#ffffff"
_INK: Final = "#1d2433"
_SOFT: Final = "#5b6377"
_GRID: Final = "#e3e6ee"
# Okabe and Ito's palette without its yellow, which is too pale on white: told apart without red
# and green. With the strokes, twenty lines all differ in one or the other.
_COLOURS: Final = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#1d2433")
_STROKES: Final = ("-", "--", ":")
_DAY_S: Final = 86_400.0
"""matplotlib counts times in days since the epoch."""
_HIGHEST: Final = 1e300
"""Beyond it the margins of an axis overflow."""
_BINARY: Final = ((2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))


def picture(chart: Chart, window: Window | None) -> bytes:
    """Return the chart as a PNG that reads on a light and on a dark page.

    It has paper of its own for that. A time without a sample is a gap in the line.

    Raises:
        ValueError: No series has a point.
    """
    drawn = _drawn(chart)
    if not drawn:
        raise ValueError("a chart needs at least one point")
    figure = _figure(rows=_legend_rows(drawn))
    axes = figure.add_subplot()
    divisor, unit = _scale(drawn, chart.unit)
    gap_s = GAP_STEPS * usual_step_s(chart)
    lines = [
        _line(axes, one, number=number, divisor=divisor, gap_s=gap_s)
        for number, one in enumerate(drawn)
    ]
    _frame(axes, chart, unit=unit, spans=_span(drawn, window))
    _legend(figure, drawn, lines, beyond=_count(chart) - len(drawn))
    held = io.BytesIO()
    figure.savefig(held, format="png", facecolor=_PAPER, metadata={"Software": None})
    return held.getvalue()


def description(chart: Chart, window: Window | None) -> str:
    """Return the picture in words, for who does not see it; as long as Slack takes."""
    drawn = _drawn(chart)
    start_s, end_s = _span(drawn, window)
    unit = f" in {chart.unit}" if chart.unit else ""
    head = (
        f"Line chart of {clip(_one_line(chart.title), 300)}{unit}, {_stamp(start_s)} to"
        f" {_stamp(end_s)} UTC, {_count(chart)} series."
    )
    lines = []
    for one in drawn:
        values = [value for _, value in one.points]
        least, most, last = (
            amount(value, chart.unit) for value in (min(values), max(values), values[-1])
        )
        lines.append(f"{_one_line(one.label)}: from {least} to {most}, last {last}.")
    return clip(" ".join((head, *lines)), limits.FILE_ALT_TEXT)


def _drawn(chart: Chart) -> list[ChartSeries]:
    return [series for series in chart.series if series.points][:LINES]


def _count(chart: Chart) -> int:
    return sum(bool(series.points) for series in chart.series) + chart.left_out


def _figure(*, rows: int) -> Figure:
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 -- see module
    from matplotlib.figure import Figure  # noqa: PLC0415 -- see module
    from matplotlib.layout_engine import ConstrainedLayoutEngine  # noqa: PLC0415 -- see module

    width, height = _SIZE_IN
    figure = Figure(
        figsize=(width, height + rows * _LEGEND_ROW_IN),
        dpi=_DOTS_PER_INCH,
        facecolor=_PAPER,
        layout=ConstrainedLayoutEngine(w_pad=_PADDING_IN, h_pad=_PADDING_IN),
    )
    FigureCanvasAgg(figure)
    return figure


def _line(axes: Axes, series: ChartSeries, *, number: int, divisor: float, gap_s: float) -> Line2D:
    """Draw a series, and return one of its stretches for the legend."""
    stretches = [
        axes.plot(
            [at_s / _DAY_S for at_s, _ in run],
            [max(min(value / divisor, _HIGHEST), -_HIGHEST) for _, value in run],
            color=_COLOURS[number % len(_COLOURS)],
            linestyle=_STROKES[number // len(_COLOURS) % len(_STROKES)],
            linewidth=1.4,
            # A sample with gaps on both sides has no line to be seen by.
            marker="o" if len(run) == 1 else "",
            markersize=3.5,
        )
        for run in _runs(series.points, gap_s)
    ]
    return stretches[0][0]


def _runs(points: Sequence[Point], gap_s: float) -> list[list[Point]]:
    """Return the points in stretches without a gap."""
    runs = [[points[0]]]
    for earlier, later in pairwise(points):
        if gap_s and later[0] - earlier[0] > gap_s:
            runs.append([])
        runs[-1].append(later)
    return runs


def _frame(axes: Axes, chart: Chart, *, unit: str, spans: tuple[float, float]) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter  # noqa: PLC0415 -- see module
    from matplotlib.ticker import ScalarFormatter  # noqa: PLC0415 -- see module

    start, end = (at_s / _DAY_S for at_s in spans)
    if start < end:
        axes.set_xlim(start, end)
    # With fewer than 12 at most, a range of four and a half days has no interval that fits: twelve
    # hours are too many ticks, a day too few, and matplotlib warns (dates.AutoDateLocator).
    ticks = AutoDateLocator(tz=UTC, minticks=5, maxticks=12)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(ticks)
    times = ConciseDateFormatter(ticks, tz=UTC)  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(times)
    axes.yaxis.set_major_formatter(ScalarFormatter(useMathText=True))
    font: dict[str, Any] = {"color": _INK, "fontfamily": _FONT, "parse_math": False}
    axes.set_title(_title(chart), loc="left", fontsize=9, pad=8, **font)
    axes.set_xlabel("time (UTC)", fontsize=8.5, **font)
    axes.set_ylabel(_legible(clip(_one_line(unit), 50)) or "value", fontsize=8.5, **font)
    axes.tick_params(colors=_SOFT, labelsize=8, labelfontfamily=_FONT)
    for axis in (axes.xaxis, axes.yaxis):
        axis.get_offset_text().set(color=_SOFT, fontfamily=_FONT, fontsize=8)
    axes.grid(color=_GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.set_facecolor(_PAPER)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("bottom", "left"):
        axes.spines[side].set_color(_SOFT)


def _title(chart: Chart) -> str:
    """Return the title in as many lines as there is room for; the caption has all of it."""
    text = clip(_one_line(chart.title), _TITLE_LINE * _TITLE_LINES)
    return _legible("\n".join(wrap(text, _TITLE_LINE, max_lines=_TITLE_LINES, placeholder="…")))


def _legend(
    figure: Figure, drawn: Sequence[ChartSeries], lines: Sequence[Line2D], *, beyond: int
) -> None:
    title = f"{len(drawn)} of {len(drawn) + beyond} series" if beyond > 0 else ""
    legend = figure.legend(
        lines,
        [_legible(clip(_one_line(one.label) or "value", _LEGEND_LABEL)) for one in drawn],
        loc="outside lower left",
        ncols=_columns(drawn),
        title=title,
        alignment="left",
        frameon=False,
        prop={"family": _FONT, "size": 8},
        labelcolor=_INK,
        handlelength=2.2,
    )
    legend.get_title().set(color=_SOFT, fontfamily=_FONT, fontsize=8)
    for text in legend.get_texts():
        text.set_parse_math(False)


def _columns(drawn: Sequence[ChartSeries]) -> int:
    longest = min(max(len(one.label) for one in drawn), _LEGEND_LABEL)
    return max(1, min(_LEGEND_WIDTH // (longest + _LEGEND_STROKE), _LEGEND_COLUMNS))


def _legend_rows(drawn: Sequence[ChartSeries]) -> int:
    return -(-len(drawn) // _columns(drawn))


def _scale(drawn: Sequence[ChartSeries], unit: str) -> tuple[float, str]:
    """Return what to divide values by, and the unit then; bytes in the size people say."""
    if unit not in {BYTES, f"{BYTES}/s"}:
        return 1.0, unit
    most = max(abs(value) for one in drawn for _, value in one.points)
    for size, name in _BINARY:
        if most >= size:
            return float(size), unit.replace(BYTES, f"{name}B")
    return 1.0, unit


def _span(drawn: Iterable[ChartSeries], window: Window | None) -> tuple[float, float]:
    """Return the times the axis shows: the window asked for, so that a gap at an end is seen."""
    times = [at_s for one in drawn for at_s in (one.points[0][0], one.points[-1][0])]
    if window is not None:
        times += [window.start.timestamp(), window.end.timestamp()]
    return min(times), max(times)


def _stamp(at_s: float) -> str:
    return datetime.fromtimestamp(at_s, tz=UTC).strftime("%Y-%m-%d %H:%M")


def _one_line(text: str) -> str:
    return " ".join(printable(text).split())


def _legible(text: str) -> str:
    """Return the text with a question mark for each character the font has no shape for."""
    from matplotlib.font_manager import FontProperties, fontManager, get_font  # noqa: PLC0415 -- see module

    font = get_font(fontManager.findfont(FontProperties(family=_FONT)))
    return "".join(char if font.get_char_index(ord(char)) else "?" for char in text)
