"""Time, so that tests can set it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Clock(Protocol):
    """Time, so that tests can set it."""

    def now(self) -> datetime:
        """Return the time, UTC, aware."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
