"""Rate limits shared by all processes: how long until the next call of a kind is allowed.

One Lua script decides and reserves in one step. While Redis is away each process limits itself.
It does not know which calls are limited, or to what.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from redis import Redis

    from bot.ports.clock import Clock

PREFIX = "nightdesk:bucket:"
AWAY_S = 5.0
"""After a failure Redis is left alone this long, so that not every call pays its time-out."""

# Generic cell rate algorithm (https://brandur.org/rate-limiting#gcra): one number per bucket, the
# time at which it would be full again. Redis's own clock, because processes may be on several
# machines. Returns the wait in milliseconds, negative when it is too long and nothing was taken.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local step, burst, longest = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local wait = math.max(full - step * (burst - 1) - now, redis.call('PTTL', KEYS[2]), 0)
if wait > longest then return -math.ceil(wait) end
full = math.max(full, now + wait) + step
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil(full - now) + 1000)
return math.ceil(wait)
"""

_log = structlog.get_logger()


class TokenBuckets:
    """Named buckets of tokens; safe for threads and, through Redis, for processes."""

    def __init__(self, connection: Redis | None, *, clock: Clock) -> None:
        """Share through this Redis; None limits this process alone."""
        self._clock = clock
        self._script = None if connection is None else connection.register_script(_TAKE)
        self._connection = connection
        self._lock = threading.Lock()
        self._away_until = 0.0
        self._full_at: dict[str, float] = {}
        self._paused_until: dict[str, float] = {}

    def take(self, key: str, *, per_minute: float, burst: int, wait_s: float) -> bool:
        """Take a token, waiting for it no longer than `wait_s`; False, at once, if it would be.

        A token promised to one waiter is not given to another: waiters go in order of arrival.
        """
        step_s = 60.0 / per_minute
        wait = self._ask_redis(key, step_s, burst, wait_s)
        if wait is None:
            wait = self._ask_here(key, step_s, burst, wait_s)
        if wait > 0:
            self._clock.sleep(wait)
        return wait >= 0

    def pause(self, key: str, *, seconds: float) -> None:
        """Give no token of this bucket to anybody for so long: the other side said so (429)."""
        with self._lock:
            until = self._clock.monotonic() + seconds
            self._paused_until[key] = max(self._paused_until.get(key, 0.0), until)
        if self._connection is None or self._is_away():
            return
        try:
            self._connection.set(f"{PREFIX}{key}:pause", "1", px=max(1, round(seconds * 1000)))
        except RedisError as error:
            self._note_absence(error)

    def _ask_redis(self, key: str, step_s: float, burst: int, wait_s: float) -> float | None:
        """Return the wait in seconds, negative if too long; None when Redis cannot tell."""
        if self._script is None or self._is_away():
            return None
        try:
            answer = self._script(
                keys=[PREFIX + key, f"{PREFIX}{key}:pause"],
                args=[step_s * 1000, burst, wait_s * 1000],
            )
        except RedisError as error:
            self._note_absence(error)
            return None
        return int(answer) / 1000

    def _ask_here(self, key: str, step_s: float, burst: int, wait_s: float) -> float:
        with self._lock:
            now = self._clock.monotonic()
            full = max(self._full_at.get(key, 0.0), now)
            paused = self._paused_until.get(key, 0.0)
            wait = max(full - step_s * (burst - 1) - now, paused - now, 0.0)
            if wait > wait_s:
                return -wait
            self._full_at[key] = max(full, now + wait) + step_s
            return wait

    def _is_away(self) -> bool:
        return self._clock.monotonic() < self._away_until

    def _note_absence(self, error: RedisError) -> None:
        with self._lock:
            first = not self._is_away()
            self._away_until = self._clock.monotonic() + AWAY_S
        if first:
            _log.warning("buckets_lost_redis", error=str(error), limits="this process only")
