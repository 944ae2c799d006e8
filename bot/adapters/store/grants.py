"""What each process may do in the database, table by table: the whole of it, as values.

A table that is not here keeps the tests from passing. How it becomes grants, row policies and
triggers is `grants_sql`'s. On SQLite none of it exists: one file is one user's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.store.grants_operations import OPERATIONS
from bot.adapters.store.grants_reading import READING
from bot.adapters.store.grants_rights import ANY_ROW, NOTHING, READ, Client

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.adapters.store.grants_rights import Right

RIGHTS: Final[Mapping[str, Mapping[Client, Right]]] = {
    # Everybody looks whether the tables are those of this version; only their owner changes them.
    "alembic_version": dict.fromkeys(Client, READ),
    **READING,
    **OPERATIONS,
}
"""By table. Cron routes what was stored and not routed, so it may do what the listener may."""


def right_of(client: Client, table: str) -> Right:
    """Return what a process may do with a table."""
    return RIGHTS[table].get(client, NOTHING)


def is_by_row(table: str) -> bool:
    """Tell whether some process's rights on the table depend on the row."""
    return any(
        condition not in {"", ANY_ROW}
        for right in RIGHTS[table].values()
        for condition in (right.adds, right.changes_of, right.changes_to)
    )
