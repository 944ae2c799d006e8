"""Ending a process when it is asked to, without locks in a signal handler."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.ports.clock import Clock

# How late a request to end is noticed, at most.
POLL_S = 0.2


class StopRequest:
    """Whether somebody asked this process to end, by SIGTERM or Ctrl-C.

    The handler sets a plain attribute: threading.Event would take a lock that the interrupted
    main thread may hold.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.made = False

    def listen(self) -> None:
        """Take the signals over; call it from the main thread."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.make())

    def make(self) -> None:
        """Ask to end."""
        self.made = True

    def wait(self, seconds: float | None = None) -> bool:
        """Return True as soon as it is made, False after that long; None waits for ever."""
        deadline = None if seconds is None else self._clock.monotonic() + seconds
        while not self.made:
            left_s = POLL_S if deadline is None else deadline - self._clock.monotonic()
            if left_s <= 0:
                return False
            self._clock.sleep(min(POLL_S, left_s))
        return True
