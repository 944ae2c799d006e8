"""The card of a typed command: its output as it is, as a table where it is one.

Pure. Nothing is concluded here; state, scope and time say how far the output can be trusted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.slack import limits
from bot.adapters.slack.blocks import parts
from bot.adapters.slack.blocks.answer import controls
from bot.adapters.slack.blocks.card import Card
from bot.adapters.slack.blocks.charts import chart_blocks
from bot.adapters.slack.blocks.evidence import STATE_WORDS, result_of, scope_of, size
from bot.adapters.slack.text import (
    clip,
    clip_escaped,
    escape,
    inline_code,
    printable,
    when,
)
from bot.domain.evidence import EvidenceState

if TYPE_CHECKING:
    from bot.adapters.slack.blocks.card import Block
    from bot.domain.evidence import Evidence, Grid
    from bot.domain.outcome import Outcome

BODY: Final = 9_000
"""Characters of output on the card; the rest of Slack's 12,000 is for the lines around it."""
MAX_PARTS: Final = 3
_CELL: Final = 200
_PAGE: Final = 20
_IN_FILE: Final = "*Cut here:* the full output is a file in this thread."
_LOST: Final = (
    "*Cut here:* {} more characters do not fit into the thread, and Slack did not take the full"
    " output as a file."
)


def command_cards(
    outcome: Outcome, command: Evidence, *, files_lost: bool = False
) -> tuple[Card, ...]:
    """Return the output, in up to three messages.

    Longer output has one message with its beginning, because all of it comes as a file; where the
    file could not be uploaded, `files_lost`, the three messages say how much is missing.
    """
    seen = command.observation
    line = (
        f"*{escape(command.label)}* {inline_code(seen.query)} → {escape(result_of(seen))}"
        f" · {clip_escaped(scope_of(seen), 150)} · {when(seen.collected_at)}"
    )
    table = _table(seen.grid, seen.query) if seen.grid is not None else None
    chart = chart_blocks(outcome, lost=files_lost, with_figures=False)
    if table is not None:
        bodies: list[Block] = [table]
        left = 0
    else:
        bodies, left = _pieces(seen.body)
    if left and not files_lost:
        notes = _notes(command, beyond=_IN_FILE, outcome=outcome)
        bodies = bodies[:1]
    else:
        notes = _notes(command, beyond=_LOST.format(left) if left else "", outcome=outcome)
    last = len(bodies) - 1
    cards = []
    for number, body in enumerate(bodies):
        blocks = [parts.section(line), *chart, body] if number == 0 else [body]
        if number == last:
            blocks += [*notes, *controls(outcome)]
        cards.append(Card(text=_text(command, number), blocks=tuple(blocks)))
    return tuple(cards)


def has_overflow(command: Evidence) -> bool:
    """Tell whether the output is longer than its messages hold."""
    seen = command.observation
    if seen.grid is not None and _table(seen.grid, seen.query) is not None:
        return False
    return _pieces(seen.body)[1] > 0


def _text(command: Evidence, number: int) -> str:
    seen = command.observation
    if number:
        return f"(continued {number}) {inline_code(seen.query, limit=150)}"
    return f"{inline_code(seen.query, limit=150)}: {escape(result_of(seen))}"


def _notes(command: Evidence, *, beyond: str, outcome: Outcome) -> list[Block]:
    seen = command.observation
    notes = []
    if seen.state is not EvidenceState.OK:
        notes.append(f"*State:* {escape(STATE_WORDS[seen.state])}")
    if seen.cut_bytes:
        notes.append(f"*Cut:* {size(seen.cut_bytes)} of the output were not kept.")
    if beyond:
        notes.append(beyond)
    if outcome.notice:
        notes.append(clip_escaped(outcome.notice, 1_000))
    return [parts.context(*notes)] if notes else []


def _table(grid: Grid, caption: str) -> Block | None:
    """Return the grid as a table, or None where it does not fit or a text shows it better."""
    if not grid.rows or not grid.columns:
        return None
    if len(grid.columns) > limits.TABLE_COLUMNS or len(grid.rows) > limits.DATA_TABLE_ROWS:
        return None
    rows = [[_cell(text) for text in row] for row in (grid.columns, *grid.rows)]
    if sum(len(cell["text"]) for row in rows for cell in row) > BODY:
        return None
    return {
        "type": "data_table",
        "caption": clip(" ".join(printable(caption).split()) or "Output", 150),
        "rows": rows,
        "page_size": min(max(len(grid.rows), 1), _PAGE),
    }


def _cell(text: str) -> Block:
    return {"type": "raw_text", "text": clip(" ".join(printable(text).split()) or "—", _CELL)}


def _pieces(body: str) -> tuple[list[Block], int]:
    """Return the output in preformatted blocks, cut at line ends, and how much is left over."""
    text = printable(body).strip("\n")
    pieces: list[Block] = []
    while text and len(pieces) < MAX_PARTS:
        at = len(text) if len(text) <= BODY else text.rfind("\n", BODY // 2, BODY)
        at = BODY if at < 0 else at
        pieces.append(parts.preformatted(text[:at], BODY))
        text = text[at:].lstrip("\n")
    return pieces or [parts.preformatted("(no output)", BODY)], len(text)
