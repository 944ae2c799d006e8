"""Money spent on models, one row per call, append-only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select

from bot.adapters.store.part import SqlPart
from bot.adapters.store.tables import spend

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.conversation import ChannelId, PersonId, ThreadId
    from bot.domain.investigation import Charge


class SqlSpendBook(SqlPart):
    """bot.ports.store.SpendBook in SQL."""

    def charge(self, charge: Charge) -> None:
        """Append one model call."""
        row = {
            "investigation_id": charge.investigation_id,
            "thread_id": charge.thread_id,
            "channel": charge.channel,
            "person": charge.person,
            "model": charge.model,
            "input_tokens": charge.usage.input_tokens,
            "cache_write_tokens": charge.usage.cache_write_tokens,
            "cache_read_tokens": charge.usage.cache_read_tokens,
            "output_tokens": charge.usage.output_tokens,
            "cost_usd": charge.usage.cost_usd,
            "at": charge.at,
        }
        with self._writing() as connection:
            connection.execute(insert(spend).values(row))

    def spent_usd(
        self,
        *,
        since: datetime,
        thread_id: ThreadId | None = None,
        channel: ChannelId | None = None,
        person: PersonId | None = None,
    ) -> float:
        """Return the sum since then (that moment included), over what the filters leave."""
        filters = (
            (spend.c.thread_id, thread_id),
            (spend.c.channel, channel),
            (spend.c.person, person),
        )
        statement = select(func.coalesce(func.sum(spend.c.cost_usd), 0.0)).where(
            spend.c.at >= since,
            *(column == wanted for column, wanted in filters if wanted is not None),
        )
        with self._reading() as connection:
            return float(connection.execute(statement).scalar_one())
