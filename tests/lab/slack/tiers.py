"""Slack's call rates as token buckets on the lab's clock; off until a test turns them on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.adapters.slack import limits
from tests.lab.slack.errors import RateLimitedError

if TYPE_CHECKING:
    from tests.lab.clock import LabClock

# "Short bursts" over one post a second are allowed; how short is not documented.
POST_BURST = 4


class Tiers:
    """One bucket per method, and per channel for chat.postMessage."""

    def __init__(self, clock: LabClock) -> None:
        self._clock = clock
        self._on = False
        self._rates: dict[str, int] = {}
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}

    def on(self, **calls_per_minute: int) -> None:
        """Start limiting; a keyword such as chat_update=2 replaces that method's rate."""
        self._on = True
        self._buckets.clear()
        self._rates = {key.replace("_", "."): rate for key, rate in calls_per_minute.items()}

    def off(self) -> None:
        self._on = False

    def spend(self, method: str, channel: str) -> None:
        """Take one call from the bucket, or raise with the seconds until there is one."""
        if not self._on:
            return
        per_minute = self._rates.get(method) or limits.CALLS_PER_MINUTE.get(
            method, limits.DEFAULT_PER_MINUTE
        )
        capacity = float(
            min(per_minute, POST_BURST) if method == "chat.postMessage" else per_minute
        )
        key = (method, channel if method == "chat.postMessage" else "")
        now, per_s = self._clock.now(), per_minute / 60
        tokens, since = self._buckets.get(key, (capacity, now))
        tokens = min(capacity, tokens + (now - since) * per_s)
        if tokens < 1:
            self._buckets[key] = (tokens, now)
            raise RateLimitedError(max(1, math.ceil((1 - tokens) / per_s)))
        self._buckets[key] = (tokens - 1, now)
