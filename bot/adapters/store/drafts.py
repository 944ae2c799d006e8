"""A draft is planned by one operator at a time, and each that failed at it leaves an audit row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from bot.adapters.store.action_rows import lock_action
from bot.adapters.store.audit_trail import write_audit
from bot.adapters.store.book_part import BookPart
from bot.adapters.store.moment import moment
from bot.adapters.store.operation_tables import actions, audit_rows
from safe_ops.model.actions import State
from safe_ops.model.drafts import ABANDONED, abandoned_entry

if TYPE_CHECKING:
    from datetime import timedelta

    from sqlalchemy import Connection


class SqlDrafts(BookPart):
    """The part of safe_ops.ports.book.ActionBook that hands out drafts, in SQL."""

    def take_draft(self, action_id: str, *, planner: str, by: timedelta) -> int | None:
        """Let one planner have a draft for so long from now; see the port.

        The draft's row is locked first and the audit last, as in every change.
        """
        with self._writing() as connection:
            found = lock_action(connection, action_id)
            now = moment(connection, self._clock)
            if found is None or found.state is not State.DRAFT:
                return None
            is_held = found.lease_until is not None and found.lease_until > now
            if is_held and found.operator != planner:
                return None
            connection.execute(
                update(actions)
                .where(actions.c.action_id == action_id)
                .values(operator=planner, lease_until=now + by)
            )
            tries = _count(connection, action_id, ABANDONED)
            if found.operator and found.operator != planner:
                tries += 1
                write_audit(connection, abandoned_entry(found, tries=tries), at=now)
            return tries

    def count_noted(self, action_id: str, event: str) -> int:
        """Return how many audit rows of the action are of this event."""
        with self._reading() as connection:
            return _count(connection, action_id, event)


def _count(connection: Connection, action_id: str, event: str) -> int:
    entries = connection.execute(
        select(audit_rows.c.entry).where(audit_rows.c.action_id == action_id)
    ).scalars()
    return sum(entry.event == event for entry in entries)
