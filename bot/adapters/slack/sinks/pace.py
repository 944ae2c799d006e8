"""Sending in the background, at most once in an interval, and only while there is something.

No thread lives while nothing waits, so a live message nobody closes leaves nothing behind.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports.clock import Clock

_MOST_FAILURES: Final = 5
"""Sends that may fail in a row before progress is given up; the final card is sent regardless."""


class Pace:
    """Runs `send` soon after it is asked for, one run at a time, never more often than allowed."""

    def __init__(self, *, send: Callable[[], None], interval_s: float, clock: Clock) -> None:
        self._send = send
        self._interval_s = interval_s
        self._clock = clock
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._timer: threading.Timer | None = None
        self._last_sent: float | None = None
        self._failures = 0
        self._closed = False

    def ask(self) -> None:
        """Have `send` run once more; asking again before it ran changes nothing."""
        with self._lock:
            if self._timer is None and not self._closed:
                self._start(self._pause_s())

    def hurry(self) -> None:
        """Have `send` run at once, whenever the last one was."""
        with self._lock:
            if self._timer is not None:
                self._timer.cancel()
            if not self._closed:
                self._start(0.0)

    def close(self) -> None:
        """Return when no run is under way and none will follow."""
        with self._lock:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
        with self._sending:
            pass

    def _pause_s(self) -> float:
        if self._last_sent is None:
            return 0.0
        return max(self._last_sent + self._interval_s - self._clock.monotonic(), 0.0)

    def _start(self, after_s: float) -> None:
        self._timer = threading.Timer(after_s, self._run)
        self._timer.daemon = True
        self._timer.start()

    def _run(self) -> None:
        with self._sending:
            with self._lock:
                if self._closed:
                    return
                # From here on a new request needs a new run: this one may not see it.
                self._timer = None
                self._last_sent = self._clock.monotonic()
            try:
                self._send()
            except UpstreamError as error:
                self._again_after(error.retry_after_s)
            else:
                self._failures = 0

    def _again_after(self, retry_after_s: float | None) -> None:
        self._failures += 1
        with self._lock:
            if self._failures < _MOST_FAILURES and self._timer is None and not self._closed:
                self._start(max(retry_after_s or 0.0, self._interval_s))
