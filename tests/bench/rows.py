"""What a measurement says: one figure, what it is compared with, and what it may be at most."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A ceiling for the value, or for the ratio."""

    at_most: float
    of: Literal["value", "ratio"] = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table."""

    name: str
    value: float
    unit: str
    ratio: float | None = None
    """The value over that of the yardstick measured in the same run; `note` names it."""
    goal: Goal | None = None
    note: str = ""

    @property
    def verdict(self) -> str:
        """`ok` or `over`; empty without a goal."""
        if self.goal is None:
            return ""
        measured = self.value if self.goal.of == "value" else self.ratio
        return "ok" if measured is not None and measured <= self.goal.at_most else "over"

    def as_json(self) -> dict[str, Any]:
        """The row for a machine."""
        return asdict(self) | {"verdict": self.verdict}


def rows_from(name: str, measured: Mapping[str, object]) -> list[Row]:
    """Return the rows of a module that measures without knowing this one.

    A value is a number, or a mapping with the fields of `Row`, where `goal` is the most the value
    may be.
    """
    rows = []
    known = {field.name for field in fields(Row)} - {"name", "goal"}
    for what, found in measured.items():
        if isinstance(found, Mapping):
            goal = found.get("goal")
            rows.append(
                Row(
                    name=f"{name}: {what}",
                    goal=None if goal is None else Goal(at_most=float(goal)),
                    **{"unit": ""} | {key: found[key] for key in known & found.keys()},
                )
            )
        elif isinstance(found, int | float):
            rows.append(Row(name=f"{name}: {what}", value=float(found), unit=""))
    return rows


HEAD = ("what", "value", "unit", "ratio", "goal", "", "")


def table(rows: list[Row]) -> str:
    """Return the rows as aligned text."""
    cells = [HEAD, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEAD))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in {1, 3} else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in cells
    )


def _cells(row: Row) -> tuple[str, ...]:
    goal = ""
    if row.goal is not None:
        of_ratio = row.goal.of == "ratio"
        goal = f"≤ {row.goal.at_most:g}" + (" ratio" if of_ratio else f" {row.unit}")
    return (
        row.name,
        _figure(row.value),
        row.unit,
        "" if row.ratio is None else f"{row.ratio:.2f}",
        goal,
        row.verdict,
        row.note,
    )


def _figure(value: float) -> str:
    """Three digits that count, and no more behind the point than they need."""
    size = abs(value)
    for limit, places in ((100, 0), (10, 1), (1, 2)):
        if size >= limit:
            return f"{value:,.{places}f}"
    return f"{value:.3f}"
