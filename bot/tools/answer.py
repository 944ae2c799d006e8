"""What a verb found, before it is dated and signed as an observation; and how much of it fits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState, Grid, Window

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# What one observation may carry; the read policy's cap on a command's output.
MAX_BODY_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One verb's result; the fields are those of an Observation."""

    source: str
    body: str
    state: EvidenceState = EvidenceState.OK
    rows: int | None = None
    cut_bytes: int = 0
    grid: Grid | None = None
    window: Window | None = None


def table_text(grid: Grid, *, headers: bool = True) -> str:
    """Return rows in aligned columns, as kubectl prints them."""
    lines = [grid.columns, *grid.rows] if headers else list(grid.rows)
    if not lines:
        return ""
    widths = [max(len(line[place]) for line in lines) for place in range(len(grid.columns))]
    return "\n".join(
        "   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def table_answer(
    source: str, grid: Grid, *, more: bool, headers: bool = True, notes: Sequence[str] = ()
) -> Answer:
    """Return a list as an answer; rows that do not fit are left out at the end and counted.

    `more` says that the server holds rows it did not send: the answer is truncated then, by one
    row's bytes at least.
    """
    kept, cut_bytes = _fitting(grid)
    shown = Grid(columns=grid.columns, rows=kept)
    if more:
        cut_bytes += max(1, sum(len(cell) + 3 for cell in grid.rows[-1]) if grid.rows else 1)
    lines = [table_text(shown, headers=headers), *notes]
    if cut_bytes:
        lines.append(
            f"CUT: {len(kept)} rows shown, there are more; narrow with -n, -l or --field-selector"
        )
    return Answer(
        source=source,
        body="\n".join(lines),
        state=EvidenceState.TRUNCATED if cut_bytes else EvidenceState.OK,
        rows=len(kept),
        cut_bytes=cut_bytes,
        grid=shown,
    )


def text_answer(source: str, body: str, *, rows: int | None = None, cut_bytes: int = 0) -> Answer:
    """Return text as an answer, its end cut off at a line if it does not fit."""
    kept, cut = head(body, MAX_BODY_BYTES)
    cut_bytes += cut
    if cut:
        kept += f"\nCUT: {cut} bytes left out here"
    return Answer(
        source=source,
        body=kept,
        state=EvidenceState.TRUNCATED if cut_bytes else EvidenceState.OK,
        rows=rows,
        cut_bytes=cut_bytes,
    )


def empty(source: str, reason: str) -> Answer:
    """Return the answer that there is nothing, in words."""
    return Answer(source=source, body=reason, state=EvidenceState.EMPTY, rows=0)


def head(text: str, limit: int) -> tuple[str, int]:
    """Return the first whole lines that fit into so many bytes, and how many bytes are left out."""
    encoded = text.encode(errors="replace")
    if len(encoded) <= limit:
        return text, 0
    end = encoded.rfind(b"\n", 0, limit)
    kept = encoded[: end if end > 0 else limit]
    return kept.decode(errors="ignore"), len(encoded) - len(kept)


def lines_of(parts: Iterable[str | None]) -> str:
    """Return the parts that are there, a line each."""
    return "\n".join(part for part in parts if part)


def _fitting(grid: Grid) -> tuple[tuple[tuple[str, ...], ...], int]:
    """Return the rows whose aligned text fits, and the bytes of those left out."""
    width = sum(
        max([len(column), *(len(row[place]) for row in grid.rows)]) + 3
        for place, column in enumerate(grid.columns[:-1])
    )
    room, kept = MAX_BODY_BYTES - width, 0
    sizes = [width + len(row[-1].encode(errors="replace")) + 1 for row in grid.rows]
    for size in sizes:
        if size > room:
            break
        room -= size
        kept += 1
    return grid.rows[:kept], sum(sizes[kept:])
