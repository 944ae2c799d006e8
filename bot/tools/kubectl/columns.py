"""What is added to the server's table from the objects themselves: labels, and another order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.evidence import Grid
from bot.domain.fields import dig, entries, mapping, number, text
from bot.domain.secret_text import mask
from bot.tools.kubectl.fields import name_of, namespace_of
from bot.tools.kubectl.lexer import RESTART_COUNT_PATH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports.cluster import KubeObject

NAME = "NAME"
NAMESPACE = "NAMESPACE"

_Key = tuple[str | None, str]


def labelled(
    grid: Grid,
    items: Sequence[KubeObject],
    *,
    namespace: str | None,
    keys: Sequence[str],
    every: bool,
) -> Grid:
    """Return the grid with a column for each label key, and one of all labels if wanted."""
    if not keys and not every:
        return grid
    found = {_key_of(item, namespace): mapping(item, "metadata", "labels") for item in items}
    rows = []
    for row in grid.rows:
        labels = {
            key: mask(str(value))
            for key, value in found.get(_key(grid, row, namespace), {}).items()
        }
        joined = ",".join(f"{key}={value}" for key, value in labels.items()) or "<none>"
        rows.append((*row, *(labels.get(key, "") for key in keys), *([joined] if every else [])))
    headings = [key.rpartition("/")[2].upper() for key in keys]
    columns = (*grid.columns, *headings, *(["LABELS"] if every else []))
    return Grid(columns=columns, rows=tuple(rows))


def ordered(grid: Grid, items: Sequence[KubeObject], *, namespace: str | None, path: str) -> Grid:
    """Return the grid sorted by one of the allowed paths, ascending; rows without it come first."""
    values = {_key_of(item, namespace): _sort_value(item, path) for item in items}
    rows = sorted(grid.rows, key=lambda row: values.get(_key(grid, row, namespace), (0, "")))
    return Grid(columns=grid.columns, rows=tuple(rows))


def _sort_value(item: KubeObject, path: str) -> tuple[int, str]:
    if path == RESTART_COUNT_PATH:
        containers = entries(item, "status", "containerStatuses")
        return (number(containers[0], "restartCount") if containers else -1, name_of(item))
    return (0, text(dig(item, *path.strip(".").split("."))))


def _key_of(item: KubeObject, namespace: str | None) -> _Key:
    return (None if namespace else namespace_of(item), name_of(item))


def _key(grid: Grid, row: tuple[str, ...], namespace: str | None) -> _Key:
    inside = row[0] if namespace is None and grid.columns[:1] == (NAMESPACE,) else None
    place = grid.columns.index(NAME) if NAME in grid.columns else 0
    return (inside, row[place])
