"""How often an operation may be called: short waits are waited, long ones are refused (B6)."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from bot.domain.errors import ToolError

if TYPE_CHECKING:
    from bot.ports.clock import Clock
    from bot.ports.cloud import CloudCall, CloudPlace, Pace

# Longer than that, a person is better told than kept waiting.
MAX_WAIT_S = 3.0


class Pacer:
    """Remembers recent calls by account, region and operation; shared between threads."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._recent: dict[tuple[str, str, str], deque[float]] = {}

    def wait(self, place: CloudPlace, call: CloudCall) -> None:
        """Return when it is the call's turn.

        Raises:
            ToolError: Its turn comes too late to wait for; the text says when (B6).
        """
        if call.pace is None:
            return
        with self._lock:
            turn_s = self._book(place, call, call.pace)
        if turn_s > 0:
            self._clock.sleep(turn_s)

    def _book(self, place: CloudPlace, call: CloudCall, pace: Pace) -> float:
        """Return how long to wait, and count the call at the time it will be made."""
        now_s = self._clock.monotonic()
        recent = self._recent.setdefault((place.account, place.region, call.title), deque())
        while recent and recent[0] <= now_s - pace.per_s:
            recent.popleft()
        turn_s = 0.0
        if len(recent) >= pace.calls:
            turn_s = recent[-pace.calls] + pace.per_s - now_s
        if turn_s > MAX_WAIT_S:
            raise ToolError(
                f"B6: {call.title} is allowed {pace.calls} times in {pace.per_s:g} s and that is"
                f" used up; ask again in {turn_s:.0f} s",
                rule="B6",
            )
        recent.append(now_s + max(turn_s, 0.0))
        return turn_s
