"""Token buckets: one limit for all processes, and still a limit without Redis."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bot.adapters.buckets import TokenBuckets
from bot.adapters.clock import SystemClock
from bot.adapters.redis_client import open_redis
from bot.adapters.redis_server import EmbeddedRedis
from tests.lab.clock import LabClock
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from redis import Redis

TAKE_TEN = """
import sys
from bot.adapters.buckets import TokenBuckets
from bot.adapters.clock import SystemClock
from bot.adapters.redis_client import open_redis

buckets = TokenBuckets(open_redis(sys.argv[1]), clock=SystemClock())
print(sum(buckets.take("shared", per_minute=1, burst=5, wait_s=0) for _ in range(10)))
"""


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), clock=SystemClock()) as server:
        yield server.url


@pytest.fixture
def redis(redis_url: str) -> Iterator[Redis]:
    with open_redis(redis_url) as client:
        client.flushall()
        yield client


@pytest.fixture
def lab() -> LabClock:
    return LabClock(frozen_at=1_000_000.0)


@pytest.fixture
def shared(redis: Redis, lab: LabClock) -> TokenBuckets:
    """Waiting advances only the frozen clock, so that it costs the test nothing."""
    return TokenBuckets(redis, clock=LabTime(lab))


@pytest.fixture
def alone(lab: LabClock) -> TokenBuckets:
    return TokenBuckets(None, clock=LabTime(lab))


@pytest.fixture(params=["shared", "alone"])
def buckets(request: pytest.FixtureRequest) -> TokenBuckets:
    found: TokenBuckets = request.getfixturevalue(request.param)
    return found


def test_a_burst_is_free_and_then_it_is_slow(buckets: TokenBuckets, lab: LabClock) -> None:
    taken = [buckets.take("k", per_minute=6, burst=3, wait_s=0) for _ in range(5)]
    assert taken == [True, True, True, False, False]
    assert lab.now() == 1_000_000.0


def test_waiting_takes_as_long_as_the_rate_says(buckets: TokenBuckets, lab: LabClock) -> None:
    buckets.take("k", per_minute=6, burst=1, wait_s=0)
    assert buckets.take("k", per_minute=6, burst=1, wait_s=15)
    assert lab.now() - 1_000_000.0 == pytest.approx(10, abs=0.1)


def test_who_would_wait_too_long_takes_nothing(buckets: TokenBuckets, lab: LabClock) -> None:
    buckets.take("k", per_minute=6, burst=1, wait_s=0)
    for _ in range(3):
        assert not buckets.take("k", per_minute=6, burst=1, wait_s=5)
    assert buckets.take("k", per_minute=6, burst=1, wait_s=11)
    assert lab.now() - 1_000_000.0 == pytest.approx(10, abs=0.1)


def test_buckets_of_other_names_are_not_touched(buckets: TokenBuckets) -> None:
    assert buckets.take("a", per_minute=1, burst=1, wait_s=0)
    assert buckets.take("b", per_minute=1, burst=1, wait_s=0)
    assert not buckets.take("a", per_minute=1, burst=1, wait_s=0)


def test_a_paused_bucket_gives_nothing(buckets: TokenBuckets, lab: LabClock) -> None:
    buckets.pause("k", seconds=30)
    assert not buckets.take("k", per_minute=60, burst=10, wait_s=5)
    assert buckets.take("k", per_minute=60, burst=10, wait_s=40)
    assert lab.now() - 1_000_000.0 == pytest.approx(30, abs=0.5)


def test_tokens_come_back_with_time(alone: TokenBuckets, lab: LabClock) -> None:
    for _ in range(2):
        assert alone.take("k", per_minute=6, burst=2, wait_s=0)
    lab.advance(10)
    assert alone.take("k", per_minute=6, burst=2, wait_s=0)
    assert not alone.take("k", per_minute=6, burst=2, wait_s=0)


def test_the_wait_is_real(redis: Redis) -> None:
    buckets = TokenBuckets(redis, clock=SystemClock())
    started = time.monotonic()
    for _ in range(4):
        assert buckets.take("k", per_minute=1200, burst=1, wait_s=1)
    assert time.monotonic() - started >= 0.14


def test_all_processes_share_one_limit(redis: Redis, redis_url: str) -> None:
    assert redis.ping()
    command = [sys.executable, "-c", TAKE_TEN, redis_url]
    running = [
        subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 -- our own lines
        for _ in range(2)
    ]
    taken = [int(one.communicate(timeout=20)[0]) for one in running]
    assert sum(taken) == 5


def test_waiters_get_a_token_each(shared: TokenBuckets) -> None:
    with ThreadPoolExecutor(4) as pool:
        taken = list(
            pool.map(lambda _: shared.take("k", per_minute=60, burst=1, wait_s=10), range(4))
        )
    assert taken == [True] * 4
    assert not shared.take("k", per_minute=60, burst=1, wait_s=0)


def test_an_idle_bucket_leaves_nothing_behind(shared: TokenBuckets, redis: Redis) -> None:
    shared.take("k", per_minute=6000, burst=1, wait_s=0)
    (key,) = redis.keys("*")
    assert 0 < redis.pttl(key) <= 1100


def test_without_redis_each_process_still_limits_itself() -> None:
    lost = TokenBuckets(open_redis("unix:///nonexistent/redis.sock"), clock=SystemClock())
    taken = [lost.take("k", per_minute=1, burst=3, wait_s=0) for _ in range(5)]
    assert taken == [True, True, True, False, False]
    lost.pause("other", seconds=60)
    assert not lost.take("other", per_minute=60, burst=3, wait_s=1)
