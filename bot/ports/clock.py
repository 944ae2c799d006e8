"""Time, so that nothing else has to ask the machine for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """Wall time for what people read, a steady counter for what code measures."""

    def now(self) -> datetime:
        """Return the time, timezone-aware, UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never run backwards; only differences mean anything."""
        ...

    def sleep(self, seconds: float) -> None:
        """Return after that long."""
        ...
