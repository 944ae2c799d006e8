"""The time every simulator shares, which a test can push forward.

It must not know who waits for it: listeners are plain functions, called after each advance.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class LabClock:
    """Follow real time plus what was advanced; or stand still at `frozen_at` until advanced."""

    def __init__(self, *, frozen_at: float | None = None) -> None:
        self._frozen_at = frozen_at
        self._offset_s = 0.0
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    @property
    def follows_real_time(self) -> bool:
        return self._frozen_at is None

    def now(self) -> float:
        """Return the lab's time as seconds since the epoch."""
        base = time.time() if self._frozen_at is None else self._frozen_at
        with self._lock:
            return base + self._offset_s

    def advance(self, seconds: float) -> None:
        """Move the lab's time forward, then run what became due, before returning."""
        if seconds < 0:
            raise ValueError(f"the lab clock cannot go back by {-seconds} s")
        with self._lock:
            self._offset_s += seconds
            listeners = list(self._listeners)
        for listener in listeners:
            listener()

    def on_advance(self, listener: Callable[[], None]) -> None:
        """Call `listener` after every advance, in the thread that advanced."""
        with self._lock:
            self._listeners.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """Stop calling `listener`; one that was never added is ignored."""
        with self._lock:
            if listener in self._listeners:
                self._listeners.remove(listener)
