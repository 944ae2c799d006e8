"""Whether a model may be asked: there is one, and the money of thread, channel and day suffices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.conversation import Thread
    from bot.ports.clock import Clock
    from bot.ports.store import SpendBook

NO_MODEL = "No language model is configured: answered by rules."
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpendCeilings:
    """Money that may be spent before answers come by rules."""

    thread_usd: float
    channel_day_usd: float
    day_usd: float


class Spending:
    """The spend book against its ceilings."""

    def __init__(
        self, *, book: SpendBook, ceilings: SpendCeilings, clock: Clock, has_model: bool
    ) -> None:
        self._book = book
        self._ceilings = ceilings
        self._clock = clock
        self._has_model = has_model

    def why_rules(self, thread: Thread) -> str | None:
        """Return why no model may be asked, in a sentence for the card; None if one may."""
        if not self._has_model:
            return NO_MODEL
        day_ago = self._clock.now() - timedelta(days=1)
        spent = self._book.spent_usd
        if spent(since=day_ago) >= self._ceilings.day_usd:
            return "Today's spend ceiling is reached: answered by rules."
        if spent(since=day_ago, channel=thread.channel) >= self._ceilings.channel_day_usd:
            return "This channel's spend ceiling of the day is reached: answered by rules."
        if spent(since=_EVER, thread_id=thread.thread_id) >= self._ceilings.thread_usd:
            return "This thread's spend ceiling is reached: answered by rules."
        return None
