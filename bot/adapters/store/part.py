"""What every part of the store has in common: its engine, its clock, its ids, its lock.

The lock of all that happens in a thread is the thread's row. Whoever claims, finishes or writes
under a fence takes it first, so a fence that was right when it was read is right at the commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from bot.adapters.store.engine import reading, writing
from bot.adapters.store.tables import investigations, threads
from bot.domain.errors import LeaseLostError
from bot.domain.investigation import RunState

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from sqlalchemy import Connection, Engine, RowMapping, Table

    from bot.ports.clock import Clock


class SqlPart:
    """Base of the parts; workers' clocks are trusted to agree within a fraction of a lease."""

    def __init__(self, engine: Engine, clock: Clock, ids: Callable[[], str]) -> None:
        self._engine = engine
        self._clock = clock
        self._ids = ids

    def _reading(self) -> AbstractContextManager[Connection]:
        return reading(self._engine)

    def _writing(self) -> AbstractContextManager[Connection]:
        return writing(self._engine)


def insert_once(connection: Connection, table: Table, values: dict[str, Any]) -> bool:
    """Insert the row; False, and nothing changed, when a row with its key is there already."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    statement = dialect.insert(table).values(values).on_conflict_do_nothing()
    # The row itself tells: a row count after ON CONFLICT is not promised by every driver.
    return connection.execute(statement.returning(*table.primary_key)).first() is not None


def lock_thread(connection: Connection, thread_id: Any) -> RowMapping | None:
    """Return the thread's row, held until the end of the transaction; None if there is none.

    `thread_id` may be a subquery. On SQLite the whole database is already held.
    """
    return (
        connection.execute(
            select(threads)
            .where(threads.c.thread_id == thread_id)
            # FOR NO KEY UPDATE: new questions refer to this row and need not wait.
            .with_for_update(key_share=True)
        )
        .mappings()
        .first()
    )


def hold(connection: Connection, investigation_id: str, fence: int) -> RowMapping:
    """Lock the investigation's thread; return its row, still ours until the transaction ends.

    Raises:
        LeaseLostError: Another worker claimed it since, or it is finished.
    """
    own = investigations.c.investigation_id == investigation_id
    lock_thread(connection, select(investigations.c.thread_id).where(own).scalar_subquery())
    # A statement of its own: under READ COMMITTED it sees what was committed while we waited.
    row = connection.execute(select(investigations).where(own)).mappings().first()
    if row is None:
        raise LeaseLostError(f"investigation {investigation_id} does not exist; stop")
    if row["fence"] != fence:
        raise LeaseLostError(
            f"investigation {investigation_id} was taken over by {row['worker']}"
            f" (fence {row['fence']}, ours is {fence}); stop"
        )
    if row["state"] != RunState.RUNNING:
        raise LeaseLostError(f"investigation {investigation_id} is already {row['state']}; stop")
    return row
