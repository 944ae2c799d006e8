"""The server's own table of a kind, turned into a grid with the columns kubectl shows.

Knows the `Table` of meta.k8s.io/v1. Must not know how it was fetched.
"""

from __future__ import annotations

import json
from typing import Any

from bot.domain.evidence import Grid
from bot.ports.cluster import Printed

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
"""Accept header that asks for a table, and takes objects from servers that draw none."""


def read_table(answer: dict[str, Any], *, wide: bool, namespaces: bool, limit: int) -> Printed:
    """Return the grid of a table answer, or a bare one of names when the server drew none.

    Args:
        answer: A Table, a list of objects, or one object.
        wide: Show the columns `-o wide` shows, too.
        namespaces: Put the namespace of each row in front.
        limit: Rows kept, should the server have ignored the limit.
    """
    if answer.get("kind") == "Table":
        columns, rows = _drawn(answer, wide=wide)
    else:
        columns, rows = _bare(answer)
    if namespaces:
        columns = ("NAMESPACE", *columns)
        rows = [(str(meta.get("namespace", "")), *cells) for meta, cells in _paired(answer, rows)]
    return Printed(
        grid=Grid(columns=columns, rows=tuple(rows[:limit])),
        more=len(rows) > limit or continues(answer),
    )


def continues(answer: dict[str, Any]) -> bool:
    """Tell whether the server holds more than it sent."""
    return bool((answer.get("metadata") or {}).get("continue"))


def _drawn(table: dict[str, Any], *, wide: bool) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    definitions = table.get("columnDefinitions") or []
    shown = [
        index for index, column in enumerate(definitions) if wide or not column.get("priority", 0)
    ]
    columns = tuple(str(definitions[index].get("name", "")).upper() for index in shown)
    rows = [
        tuple(_cell(cells[index]) if index < len(cells) else "" for index in shown)
        for cells in (row.get("cells") or [] for row in table.get("rows") or [])
    ]
    return columns, rows


def _bare(answer: dict[str, Any]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    return ("NAME", "CREATED AT"), [
        (str(meta.get("name", "")), str(meta.get("creationTimestamp") or "<unknown>"))
        for meta in _metadata(answer)
    ]


def _paired(
    answer: dict[str, Any], rows: list[tuple[str, ...]]
) -> list[tuple[dict[str, Any], tuple[str, ...]]]:
    return list(zip(_metadata(answer), rows, strict=True))


def _metadata(answer: dict[str, Any]) -> list[dict[str, Any]]:
    if answer.get("kind") == "Table":
        objects = [row.get("object") or {} for row in answer.get("rows") or []]
    elif "items" in answer:
        objects = answer["items"] or []
    else:
        objects = [answer]
    return [found.get("metadata") or {} for found in objects]


def _cell(value: object) -> str:
    """Return a cell as kubectl prints it: nothing for null, the first line of a text."""
    if value is None:
        return ""
    if isinstance(value, str):
        first, *others = value.splitlines() or [""]
        return f"{first}..." if others else first
    return json.dumps(value)
