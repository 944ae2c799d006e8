"""Changes as one table with the onset as a line of its own, and how much of it is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.change import nearest
from bot.domain.evidence import EvidenceState, Grid
from bot.domain.spans import span, stamp
from bot.tools.answer import Answer, table_text, text_answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from bot.domain.change import Change
    from bot.domain.evidence import Window

SOURCE = "changes"
MAX_ROWS = 60
"""Those furthest from the onset are left out and counted."""
_CELL_CHARS = 400
# The longest comes last, where it needs no padding.
_COLUMNS = ("TIME", "ONSET", "SOURCE", "OBJECT", "BY", "CHANGE")
_MARK = ">>> onset"
# What is missing has no size; one byte says that something is.
_UNKNOWN_BYTES = 1


def timeline(
    changes: Sequence[Change],
    *,
    onset: datetime,
    window: Window,
    gaps: Sequence[str],
    notes: Sequence[str] = (),
    namespaced: bool = False,
) -> Answer:
    """Return the changes of a window, oldest first, as an answer.

    With gaps it is a truncated one, whatever was found: what is missing may be the change.

    Args:
        changes: Those of the window, oldest first.
        onset: What they are held against.
        window: The time looked at.
        gaps: What could not be read, a sentence each.
        notes: What has to be known to read the table.
        namespaced: Whether objects are named with their namespace.
    """
    between = f"from {stamp(window.start)} to {stamp(window.end)}"
    shown = nearest(changes, onset=onset, limit=MAX_ROWS)
    left = len(changes) - len(shown)
    missing = [*gaps, *([f"{left} more changes, further from the onset"] if left else [])]
    tail = [*notes, *(f"NOT READ: {gap}" for gap in missing)]
    if not shown:
        body = "\n".join([f"no changes are known {between}; the onset is {stamp(onset)}", *tail])
        state = EvidenceState.TRUNCATED if missing else EvidenceState.EMPTY
        cut_bytes = _UNKNOWN_BYTES if missing else 0
        return Answer(
            source=SOURCE, body=body, state=state, rows=0, cut_bytes=cut_bytes, window=window
        )
    grid = Grid(columns=_COLUMNS, rows=tuple(_rows(shown, onset, namespaced=namespaced)))
    count = "1 change" if len(shown) == 1 else f"{len(shown)} changes"
    head = f"{count} {between}, oldest first, against the onset {stamp(onset)}"
    text = "\n".join([head, table_text(grid), *tail])
    found = text_answer(SOURCE, text, rows=len(shown), cut_bytes=_UNKNOWN_BYTES if missing else 0)
    return replace(found, grid=grid, window=window)


def _rows(
    changes: Sequence[Change], onset: datetime, *, namespaced: bool
) -> Iterator[tuple[str, ...]]:
    is_marked = False
    for one in changes:
        if not is_marked and one.at > onset:
            yield _onset(onset)
            is_marked = True
        apart_s = (one.at - onset).total_seconds()
        name = f"{one.namespace}/{one.object}" if namespaced and one.namespace else one.object
        yield (
            stamp(one.at),
            f"{'-' if apart_s <= 0 else '+'}{span(abs(apart_s))}",
            one.source.value,
            _cell(name),
            _cell(one.actor),
            _cell(one.what),
        )
    if not is_marked:
        yield _onset(onset)


def _onset(at: datetime) -> tuple[str, ...]:
    return (stamp(at), _MARK, "", "", "", "")


def _cell(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _CELL_CHARS else f"{line[: _CELL_CHARS - 1]}…"
