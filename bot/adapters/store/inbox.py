"""Events from Slack, stored before they are acknowledged; it does not know what they mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select, update

from bot.adapters.store.part import SqlPart, insert_once
from bot.adapters.store.tables import inbox_events
from bot.domain.conversation import InboundEvent

if TYPE_CHECKING:
    from datetime import datetime


class SqlInbox(SqlPart):
    """bot.ports.store.Inbox in SQL."""

    def record(self, event: InboundEvent) -> bool:
        """Store the event; False if its id was stored before."""
        row = {
            "event_id": event.event_id,
            "kind": event.kind,
            "payload": event.payload,
            "received_at": event.received_at,
        }
        with self._writing() as connection:
            return insert_once(connection, inbox_events, row)

    def mark_routed(self, event_id: str) -> None:
        """Note that the event led to what it should; the first time counts."""
        with self._writing() as connection:
            connection.execute(
                update(inbox_events)
                .where(inbox_events.c.event_id == event_id, inbox_events.c.routed_at.is_(None))
                .values(routed_at=self._clock.now())
            )

    def unrouted(self, *, received_before: datetime, limit: int) -> list[InboundEvent]:
        """Return events nobody finished routing, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(inbox_events)
                .where(
                    inbox_events.c.routed_at.is_(None),
                    inbox_events.c.received_at < received_before,
                )
                .order_by(inbox_events.c.received_at, inbox_events.c.event_id)
                .limit(limit)
            )
            return [
                InboundEvent(
                    event_id=row.event_id,
                    kind=row.kind,
                    payload=row.payload,
                    received_at=row.received_at,
                )
                for row in rows
            ]

    def forget(self, *, received_before: datetime) -> int:
        """Delete routed events older than that; return how many."""
        with self._writing() as connection:
            return connection.execute(
                delete(inbox_events).where(
                    inbox_events.c.routed_at.is_not(None),
                    inbox_events.c.received_at < received_before,
                )
            ).rowcount
