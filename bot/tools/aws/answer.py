"""What a read of AWS found, before it is dated and signed: with its gaps, and cut where it must."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.tools.answer import Answer, table_text, text_answer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.evidence import Grid, Window
    from bot.tools.aws.reading import Reading

# What is missing has no size; one byte says that something is.
_UNKNOWN_BYTES = 1


def answered(
    source: str,
    lines: Sequence[str],
    reading: Reading,
    *,
    rows: int | None = None,
    table: Grid | None = None,
    window: Window | None = None,
    in_body: bool = True,
) -> Answer:
    """Return lines, and a table under them, as an answer; with gaps or a cut list, a truncated one.

    `in_body` False leaves the table out of the text that already tells it.
    """
    body = list(lines)
    if table is not None and table.rows and in_body:
        body += [table_text(table)]
    if reading.cut:
        body.append("CUT: there is more than was read; narrow the question")
    body += [f"NOT READ: {gap}" for gap in reading.gaps]
    counted = rows if rows is not None or table is None else len(table.rows)
    partial = _UNKNOWN_BYTES if reading.cut or reading.gaps else 0
    found = text_answer(source, "\n".join(body), rows=counted, cut_bytes=partial)
    return replace(found, grid=table, window=window)


def nothing(source: str, reason: str, reading: Reading, *, window: Window | None = None) -> Answer:
    """Return that there is nothing, unless part of the question got no answer."""
    if reading.cut or reading.gaps:
        return answered(source, [reason], reading, rows=0, window=window)
    return Answer(source=source, body=reason, state=EvidenceState.EMPTY, rows=0, window=window)


def section(title: str, lines: Sequence[str]) -> list[str]:
    """Return lines under a heading, nothing if there are none."""
    return [f"{title}:", *(f"  {line}" for line in lines)] if lines else []
