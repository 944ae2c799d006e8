"""What time it is for all processes of one database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from bot.adapters.store.columns import UtcTime

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from bot.ports.clock import Clock


def moment(connection: Connection, clock: Clock) -> datetime:
    """Return PostgreSQL's own time; beside an SQLite file, which is local, this machine's.

    Asked while a lock is held, it is later than what was committed under that lock before: it is
    the time of the statement, not of the transaction's beginning.
    """
    if connection.dialect.name == "sqlite":
        return clock.now()
    return connection.execute(select(func.clock_timestamp(type_=UtcTime))).scalar_one()
