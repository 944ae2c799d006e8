"""Four queries at once and sixty a minute for one person, counted over all processes.

One Lua script decides and reserves in one step, by Redis's own clock. Without Redis, or while it
is away, each process counts for itself. It does not know what is queried.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

import structlog
from redis.exceptions import RedisError

from bot.adapters.buckets import AWAY_S
from bot.domain.errors import ToolError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from redis import Redis

    from bot.domain.conversation import PersonId
    from bot.ports.clock import Clock

PREFIX = "nightdesk:pace:"
AT_ONCE = 4
PER_MINUTE = 60
"""Both of the read policy of PromQL: one person must not take a metrics server from the others."""
MINUTE_S = 60.0
HOLD_S = 90.0
"""A place whose holder died is free again after this long; no query may run as long."""
RULE = "pace"
"""What a refusal names as its rule."""

# Gives {what is used up, milliseconds until it is not}; nothing is used up when it is empty.
_ENTER = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local minute, hold = tonumber(ARGV[4]), tonumber(ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - minute)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now)
if redis.call('ZCARD', KEYS[2]) >= tonumber(ARGV[2]) then return {'at_once', 0} end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[3]) then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return {'minute', string.format('%.0f', first[2] + minute - now)}
end
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZADD', KEYS[2], now + hold, ARGV[1])
redis.call('PEXPIRE', KEYS[1], minute)
redis.call('PEXPIRE', KEYS[2], hold)
return {'', 0}
"""

_log = structlog.get_logger()


class SharedPace:
    """Implements bot.ports.pace.QueryPace; threads share it, and through Redis processes do."""

    def __init__(
        self, connection: Redis | None, *, clock: Clock, new_id: Callable[[], str]
    ) -> None:
        """Count through this Redis; None counts this process alone."""
        self._connection = connection
        self._script = None if connection is None else connection.register_script(_ENTER)
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.Lock()
        self._started: defaultdict[str, deque[float]] = defaultdict(deque)
        self._running: defaultdict[str, int] = defaultdict(int)
        self._away_until = 0.0

    @contextmanager
    def place(self, person: PersonId) -> Iterator[None]:
        """Hold one of the person's places; ToolError says when there will be one."""
        token = self._new_id()
        is_shared = self._enter_shared(person, token)
        if not is_shared:
            self._enter_here(person)
        try:
            yield
        finally:
            if is_shared:
                self._leave_shared(person, token)
            else:
                self._leave_here(person)

    def _enter_shared(self, person: PersonId, token: str) -> bool:
        """Take a place through Redis; False when Redis cannot tell."""
        if self._script is None or self._clock.monotonic() < self._away_until:
            return False
        try:
            used_up, wait_ms = self._script(
                keys=[f"{PREFIX}{person}:started", f"{PREFIX}{person}:running"],
                args=[token, AT_ONCE, PER_MINUTE, MINUTE_S * 1000, HOLD_S * 1000],
            )
        except RedisError as error:
            self._note_absence(error)
            return False
        match used_up:
            case b"at_once":
                raise _too_many()
            case b"minute":
                raise _too_often(int(wait_ms) / 1000)
            case _:
                return True

    def _leave_shared(self, person: PersonId, token: str) -> None:
        if self._connection is None:
            return
        try:
            self._connection.zrem(f"{PREFIX}{person}:running", token)
        except RedisError as error:
            self._note_absence(error)

    def _enter_here(self, person: PersonId) -> None:
        with self._lock:
            now = self._clock.monotonic()
            started = self._started[person]
            while started and started[0] <= now - MINUTE_S:
                started.popleft()
            if self._running[person] >= AT_ONCE:
                raise _too_many()
            if len(started) >= PER_MINUTE:
                raise _too_often(started[0] + MINUTE_S - now)
            started.append(now)
            self._running[person] += 1

    def _leave_here(self, person: PersonId) -> None:
        with self._lock:
            self._running[person] -= 1

    def _note_absence(self, error: RedisError) -> None:
        with self._lock:
            self._away_until = self._clock.monotonic() + AWAY_S
        _log.warning("pace_lost_redis", error=str(error), limits="this process only")


def _too_many() -> ToolError:
    return ToolError(
        f"{RULE}: {AT_ONCE} metric queries of this person are running, and no more may at once."
        " Try again when one of them has been answered, in a few seconds",
        rule=RULE,
    )


def _too_often(wait_s: float) -> ToolError:
    return ToolError(
        f"{RULE}: this person has made {PER_MINUTE} metric queries within a minute, and no more"
        f" are allowed. Try again in {max(1, -int(-wait_s // 1))} s",
        rule=RULE,
    )
