"""AWS answers as text and tables: one line for each entry, times and sizes as people read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.domain.evidence import Grid
from bot.domain.spans import stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.ports.cloud import CloudReply, Content

# A table in a chat is not read beyond that.
MAX_COLUMNS = 8
_CELL_CHARS = 400
# Tokens, names and counts that stand beside a list.
_BESIDE = 2


def subject_of(reply: CloudReply) -> str | None:
    """Return the key of the list an answer is about, None for an answer that is no list."""
    content = reply.content
    if reply.listed is not None and isinstance(content.get(reply.listed), list):
        return reply.listed
    lists = [key for key, value in content.items() if isinstance(value, list)]
    filled = [key for key in lists if content[key]]
    subject = lists if len(lists) == 1 else filled
    # With more beside it, the answer is one object that happens to have a list.
    return subject[0] if len(subject) == 1 and len(content) - len(lists) <= _BESIDE else None


def lines(content: Content, subject: str | None) -> list[str]:
    """Return an answer as lines: what is not the list first, then an entry of the list a line."""
    rest = {
        key: value for key, value in content.items() if key != subject and value not in ([], {})
    }
    told = [f"{key}: {compact(value)}" for key, value in rest.items()]
    if subject is None:
        return told
    return [*told, *(compact(entry) for entry in content[subject])]


def compact(value: Any) -> str:
    """Return a value as JSON on one line; text, numbers and times bare."""
    plain = readable(value)
    return plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def readable(value: Any) -> Any:
    """Return a value in JSON's terms, empty parts left out."""
    if isinstance(value, dict):
        return {
            str(key): readable(entry) for key, entry in value.items() if entry not in (None, [], {})
        }
    if isinstance(value, list | tuple):
        return [readable(entry) for entry in value]
    if isinstance(value, datetime):
        return when(value)
    if isinstance(value, bytes | bytearray):
        return f"\u2039{len(value)} bytes\u203a"
    return value


def when(value: Any) -> str:
    """Return a time as `2026-11-20T10:41:02Z`; `-` for none."""
    if not isinstance(value, datetime):
        return "-" if value is None else str(value)
    return stamp(value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


def grid_of(entries: Sequence[Any]) -> Grid | None:
    """Return entries as a table of their first plain fields; None if they have none."""
    if not entries:
        return None
    if not all(isinstance(entry, dict) for entry in entries):
        return Grid(columns=("Value",), rows=tuple((cell(entry),) for entry in entries))
    columns: list[str] = []
    for entry in entries:
        for key, value in entry.items():
            if key not in columns and not isinstance(value, dict | list):
                columns.append(key)
    columns = columns[:MAX_COLUMNS]
    if not columns:
        return None
    return grid(columns, ([entry.get(key) for key in columns] for entry in entries))


def grid(columns: Iterable[str], rows: Iterable[Iterable[Any]]) -> Grid:
    """Return a table of anything, each cell short and on one line."""
    return Grid(
        columns=tuple(columns), rows=tuple(tuple(cell(value) for value in row) for row in rows)
    )


def cell(value: Any) -> str:
    """Return a value as a table's cell."""
    if value is None:
        return ""
    text = " ".join(compact(value).split())
    return text if len(text) <= _CELL_CHARS else f"{text[: _CELL_CHARS - 1]}…"
