"""The charts of an answer: which are blocks of its card, and which have to be pictures.

Pure. It must not draw a picture, nor know how one gets into the thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.adapters.slack import limits
from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks.chart import chart_block, misfit
from bot.adapters.slack.text import clip, escape
from bot.domain.chart import Chart
from bot.domain.evidence import Evidence
from bot.tools.promql.numbers import amount

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.adapters.slack.blocks.card import Block
    from bot.domain.outcome import Outcome

PICTURES: Final = 4
"""Of one answer; they come in one message, and more of them nobody looks at."""
_TABLE_SERIES: Final = 8
_LABEL: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """One chart that is shown; `why_picture` is empty where a block of the card holds it."""

    evidence: Evidence
    chart: Chart
    why_picture: str


def drawings(outcome: Outcome) -> tuple[Drawing, ...]:
    """Return the charts an outcome shows: of a typed command, or of what an answer rests on."""
    found: list[Drawing] = []
    for entry in _shown(outcome):
        chart = entry.observation.chart
        if chart is None or not any(series.points for series in chart.series):
            continue
        blocks = sum(not one.why_picture for one in found)
        why = misfit(chart)
        if not why and blocks == limits.CHARTS_PER_MESSAGE:
            why = f"a message holds {limits.CHARTS_PER_MESSAGE} charts"
        found.append(Drawing(evidence=entry, chart=chart, why_picture=why))
    return tuple(found)


def pictures(outcome: Outcome) -> tuple[Drawing, ...]:
    """Return the charts that go into the thread as pictures."""
    return tuple(one for one in drawings(outcome) if one.why_picture)[:PICTURES]


def chart_blocks(outcome: Outcome, *, lost: bool, with_figures: bool = True) -> list[Block]:
    """Return the charts a card holds, and a note in place of each that is a picture.

    Args:
        outcome: what is shown.
        lost: the pictures could not be brought into the thread, and the notes say so.
        with_figures: put a table of each picture's figures beside its note.
    """
    blocks: list[Block] = []
    number = 0
    for one in drawings(outcome):
        if not one.why_picture:
            blocks.append(chart_block(one.chart))
        else:
            number += 1
            blocks.append(parts.context(_note(one, lost=lost, drawn=number <= PICTURES)))
            if with_figures:
                blocks.append(parts.preformatted(figures(one.chart), 2_000))
        if one.chart.left_out:
            blocks.append(parts.context(left_out_line(one.evidence.label, one.chart)))
    return blocks


def left_out_line(label: str, chart: Chart) -> str:
    """Return in mrkdwn how many series' samples are not in the ledger."""
    return (
        f"*{escape(label)}:* the samples of {chart.left_out} more series were not"
        " kept, they were too many bytes; ask for fewer series or a shorter time to see them."
    )


def figures(chart: Chart) -> str:
    """Return least, greatest and last value of each series as a table in fixed-width text."""
    drawn = [series for series in chart.series if series.points]
    rows: list[tuple[str, ...]] = [("series", "min", "max", "last")]
    for series in drawn[:_TABLE_SERIES]:
        values = [value for _, value in series.points]
        numbers = (min(values), max(values), values[-1])
        rows.append((clip(series.label, _LABEL), *(amount(value, chart.unit) for value in numbers)))
    lines = _aligned(rows)
    if len(drawn) > _TABLE_SERIES:
        lines.append(f"… and {len(drawn) - _TABLE_SERIES} more series")
    return "\n".join(lines)


def _shown(outcome: Outcome) -> Iterable[Evidence]:
    if outcome.command is not None:
        return (outcome.command,)
    cited = () if outcome.verdict is None else outcome.verdict.evidence
    return (entry for entry in outcome.evidence if entry.label in cited)


def _note(drawing: Drawing, *, lost: bool, drawn: bool) -> str:
    label = escape(drawing.evidence.label)
    if not drawn:
        return f"*Chart of {label}:* not drawn, an answer comes with {PICTURES} pictures at most."
    if lost:
        return f"*The picture of {label} is missing:* Slack did not take the file."
    return f"*Chart of {label}:* a picture in this thread ({escape(drawing.why_picture)})."


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
