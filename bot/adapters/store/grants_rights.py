"""What a right in the database is: to which process, on which rows and columns of a table.

Conditions are SQL over the row, in PostgreSQL's grammar.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from bot.adapters.store.grants_moves import Move


class Client(StrEnum):
    """Who connects, named by the command it is; `planner` is `operator --lane plans`."""

    LISTENER = "listener"
    """With the web entry point: webhooks, and the page of security keys."""
    INVESTIGATOR = "investigator"
    PLANNER = "planner"
    OPERATOR = "operator"
    CRON = "cron"
    AUDIT = "audit"
    FACTOR = "factor"


ALL: Final = ("*",)
"""Every column."""
ANY_ROW: Final = "true"


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """What one process may do with one table; nothing is the default."""

    reads: tuple[str, ...] = ()
    adds: str = ""
    """What must hold of a row that is added; empty where none may be."""
    changes: tuple[str, ...] = ()
    """Columns. One that names no more than its key may lock rows, and change nothing."""
    changes_of: str = ANY_ROW
    """What must hold of a row before it is changed or locked."""
    changes_to: str = ANY_ROW
    """What must hold of it afterwards."""
    moves: frozenset[Move] = frozenset()
    """Of actions: which state may follow which. Their plans change while they are drafts only."""
    deletes: bool = False


NOTHING: Final = Right()
READ: Final = Right(reads=ALL)
