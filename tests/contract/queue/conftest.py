"""One Redis for the tests of this package, emptied before each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from rq import Queue as RqQueue
from rq.serializers import JSONSerializer

from bot.adapters.clock import SystemClock
from bot.adapters.jobs import RqDoorbell
from bot.adapters.redis_client import open_redis
from bot.adapters.redis_server import EmbeddedRedis
from bot.ports.queue import Queue
from tests.contract.queue import jobs_under_test
from tests.contract.queue.workers import MortalRedis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from redis import Redis


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(tmp_path_factory.mktemp("redis"), clock=SystemClock()) as running:
        yield running


@pytest.fixture
def redis(server: EmbeddedRedis) -> Iterator[Redis]:
    with open_redis(server.url) as client:
        client.flushall()
        yield client


@pytest.fixture
def queue(redis: Redis) -> RqQueue:
    return RqQueue(Queue.QUESTIONS.value, connection=redis, serializer=JSONSerializer)


@pytest.fixture
def doorbell(redis: Redis) -> RqDoorbell:
    return RqDoorbell(redis, job_timeout_s=60, jobs_module=jobs_under_test.__name__)


@pytest.fixture
def trace(tmp_path: Path) -> Path:
    """The file in which jobs leave what they did."""
    path = tmp_path / "trace"
    path.touch()
    return path


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[MortalRedis]:
    redis = MortalRedis(tmp_path / "mortal")
    yield redis
    redis.stop()
