"""The lab's clock in the shape the bot asks for."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.lab.clock import LabClock


class LabTime:
    """bot.ports.clock.Clock over a LabClock; on a frozen clock, sleeping is advancing it."""

    def __init__(self, clock: LabClock) -> None:
        self._clock = clock

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.now(), tz=UTC)

    def monotonic(self) -> float:
        return self._clock.now()

    def sleep(self, seconds: float) -> None:
        if self._clock.follows_real_time:
            time.sleep(seconds)
        else:
            self._clock.advance(seconds)
