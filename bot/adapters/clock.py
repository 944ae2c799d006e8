"""The machine's own time."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class SystemClock:
    """Implements bot.ports.clock.Clock; the only module that asks the machine."""

    def now(self) -> datetime:
        """Return the time, timezone-aware, UTC."""
        return datetime.now(UTC)  # noqa: TID251 -- this is the clock

    def monotonic(self) -> float:
        """Return seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Return after that long."""
        time.sleep(seconds)  # noqa: TID251 -- this is the clock
