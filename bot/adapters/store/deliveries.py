"""Messages we mean to send, and their time stamps once Slack has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from bot.adapters.store.part import SqlPart, insert_once
from bot.adapters.store.tables import deliveries
from bot.domain.conversation import ChannelId, MessageTs
from bot.domain.delivery import Delivery

if TYPE_CHECKING:
    from datetime import timedelta

    from sqlalchemy import RowMapping


class SqlDeliveries(SqlPart):
    """bot.ports.store.Deliveries in SQL."""

    def intend(self, delivery: Delivery) -> Delivery:
        """Store the intention; if the key is known, return what is stored under it."""
        now = self._clock.now()
        row = {
            "key": delivery.key,
            "channel": delivery.channel,
            "thread_ts": delivery.thread_ts,
            "ts": delivery.ts,
            "intended_at": now,
            "sent_at": None if delivery.ts is None else now,
        }
        with self._writing() as connection:
            insert_once(connection, deliveries, row)
            stored = connection.execute(select(deliveries).where(deliveries.c.key == delivery.key))
            return _delivery(stored.mappings().one())

    def take(self, delivery: Delivery, *, lease: timedelta) -> bool:
        """Take it upon the caller to send this; False if it is sent, or another's for the lease."""
        now = self._clock.now()
        row = {
            "key": delivery.key,
            "channel": delivery.channel,
            "thread_ts": delivery.thread_ts,
            "ts": None,
            "intended_at": now,
            "sent_at": None,
        }
        with self._writing() as connection:
            if insert_once(connection, deliveries, row):
                return True
            taken = connection.execute(
                update(deliveries)
                .where(
                    deliveries.c.key == delivery.key,
                    deliveries.c.ts.is_(None),
                    deliveries.c.intended_at <= now - lease,
                )
                .values(intended_at=now)
            )
        return taken.rowcount == 1

    def mark_sent(self, key: str, *, ts: MessageTs) -> None:
        """Note the time stamp Slack gave; a second one for the same key is ignored.

        Raises:
            KeyError: Nothing was intended under that key.
        """
        now = self._clock.now()
        with self._writing() as connection:
            changed = connection.execute(
                update(deliveries)
                .where(deliveries.c.key == key)
                .values(
                    ts=func.coalesce(deliveries.c.ts, ts),
                    sent_at=func.coalesce(deliveries.c.sent_at, now),
                )
            ).rowcount
        if not changed:
            raise KeyError(key)

    def sent_in(self, channel: ChannelId, thread_ts: MessageTs) -> list[Delivery]:
        """Return what was sent to a thread, oldest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(deliveries)
                .where(
                    deliveries.c.channel == channel,
                    deliveries.c.thread_ts == thread_ts,
                    deliveries.c.ts.is_not(None),
                )
                # Slack's time stamps have constant width: their order as text is that of time.
                .order_by(deliveries.c.ts, deliveries.c.key)
            )
            return [_delivery(row) for row in rows.mappings()]


def _delivery(row: RowMapping) -> Delivery:
    return Delivery(
        key=row["key"],
        channel=ChannelId(row["channel"]),
        thread_ts=MessageTs(row["thread_ts"]),
        ts=None if row["ts"] is None else MessageTs(row["ts"]),
    )
