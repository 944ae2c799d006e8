"""What stops everything: one row, read under its lock by whoever is about to change the world."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from sqlalchemy import select, update

from bot.adapters.store.audit_trail import noted_since, write_audit
from bot.adapters.store.book_part import BookPart
from bot.adapters.store.moment import moment
from bot.adapters.store.operation_tables import switches
from bot.adapters.store.part import insert_once
from safe_ops.model.actions import Switches

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from safe_ops.model.trail import AuditEntry, AuditRow

_ONLY: Final = 1
_ROW: Final = select(switches).where(switches.c.switches_id == _ONLY)


class SqlSwitches(BookPart):
    """The switches' part of safe_ops.ports.book.ActionBook in SQL."""

    def switches(self) -> Switches:
        """Return the switches as they are now."""
        with self._reading() as connection:
            return _switches(connection.execute(_ROW).mappings().first())

    def change_switches(
        self,
        change: Callable[[Switches], Switches],
        entry: AuditEntry,
        *,
        since: datetime | None = None,
        heed: Callable[[tuple[AuditRow, ...]], None] | None = None,
    ) -> Switches:
        """Lock the switches, set what `change` makes of them, with an audit row; return them.

        `heed` is asked before, under the lock, with how they were set since that time.
        """
        with self._writing() as connection:
            insert_once(connection, switches, _values(Switches()) | {"switches_id": _ONLY})
            held = connection.execute(_ROW.with_for_update()).mappings().one()
            if since is not None and heed is not None:
                heed(noted_since(connection, since, event=entry.event))
            wanted = change(_switches(held))
            connection.execute(
                update(switches).where(switches.c.switches_id == _ONLY).values(_values(wanted))
            )
            noted = replace(entry, facts=entry.facts | wanted.facts)
            write_audit(connection, noted, at=moment(connection, self._clock))
            return wanted


def hold_switches(connection: Connection) -> Switches:
    """Return the switches, which nobody sets until this transaction ends.

    Whoever sets them waits for it, so that nothing begins after a stop was confirmed.
    """
    row = connection.execute(_ROW.with_for_update(read=True)).mappings().first()
    if row is None:
        insert_once(connection, switches, _values(Switches()) | {"switches_id": _ONLY})
        row = connection.execute(_ROW.with_for_update(read=True)).mappings().one()
    return _switches(row)


def _values(wanted: Switches) -> dict[str, object]:
    return {
        "stopped_by": wanted.stopped_by,
        "stopped_at": wanted.stopped_at,
        "read_only": wanted.read_only,
        "frozen": wanted.frozen,
    }


def _switches(row: RowMapping | None) -> Switches:
    if row is None:
        return Switches()
    return Switches(
        stopped_by=row["stopped_by"],
        stopped_at=row["stopped_at"],
        read_only=row["read_only"],
        frozen=row["frozen"],
    )
