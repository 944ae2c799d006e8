"""An act of somebody's as it was given: it may be brought twice, and late. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

CLOCKS_APART = timedelta(minutes=5)
"""So far the clock of whoever stored an act and the database's may be apart (race R16)."""
REMEMBERED = timedelta(hours=2)
"""An act is brought again within an hour, or never (`bot.flows.sweep` gives it up then)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """When an act was given, and by what it is known again."""

    act_id: str = ""
    """The same for every time it is brought; empty for one that cannot come twice."""
    stored_at: datetime | None = None
    """When it was stored, of one that is carried out later; None while it happens."""

    def surely_by(self, now: datetime) -> datetime:
        """Return a time by which it was given, whatever clock it was stored by."""
        return now if self.stored_at is None else min(self.stored_at - CLOCKS_APART, now)


NOW = Given()
"""An act that happens now and comes once."""
