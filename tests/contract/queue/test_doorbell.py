"""Ringing: ids only, as JSON, bounded, and never in anybody's way."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import psutil
from rq import Queue as RqQueue
from rq.job import Job
from rq.serializers import JSONSerializer
from structlog.testing import capture_logs

from bot.adapters.jobs import MAX_WAITING, RqDoorbell
from bot.adapters.redis_client import open_redis
from bot.ports.queue import Queue
from tests.contract.queue import jobs_under_test

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis

    from bot.adapters.redis_server import EmbeddedRedis


def test_a_ring_carries_a_name_and_ids_as_json(
    doorbell: RqDoorbell, queue: RqQueue, redis: Redis
) -> None:
    assert doorbell.ring(Queue.QUESTIONS, "answer", "thread-1")
    (job_id,) = queue.job_ids
    stored = redis.hgetall(f"rq:job:{job_id}")
    job = Job.fetch(job_id, connection=redis, serializer=JSONSerializer)
    assert (job.func_name, list(job.args)) == (f"{jobs_under_test.__name__}.answer", ["thread-1"])
    assert job.kwargs == {}
    assert job.retries_left is None
    assert not any(b"\x80\x05" in value for value in stored.values()), "no pickles"
    assert 0 < redis.ttl(f"rq:job:{job_id}") <= 300


def test_an_operation_is_not_cut_off_like_an_investigation(
    doorbell: RqDoorbell, redis: Redis
) -> None:
    """Some are watched for half an hour after a rollout of ten minutes."""
    assert doorbell.ring(Queue.OPERATIONS, "answer", "action-1")
    lane = RqQueue(Queue.OPERATIONS.value, connection=redis, serializer=JSONSerializer)
    (job_id,) = lane.job_ids
    job = Job.fetch(job_id, connection=redis, serializer=JSONSerializer)
    assert job.timeout is not None
    assert job.timeout >= 2 * 3600


def test_every_ring_is_a_job_of_its_own(doorbell: RqDoorbell, queue: RqQueue) -> None:
    for _ in range(3):
        assert doorbell.ring(Queue.QUESTIONS, "answer", "thread-1")
    assert len(set(queue.job_ids)) == 3


def test_a_crowded_queue_takes_no_more_rings(
    doorbell: RqDoorbell, queue: RqQueue, redis: Redis
) -> None:
    redis.rpush(queue.key, *(f"waiting-{n}" for n in range(MAX_WAITING)))
    with capture_logs() as logged:
        assert not doorbell.ring(Queue.QUESTIONS, "answer", "thread-1")
    assert [line["event"] for line in logged] == ["ring_left_out"]
    assert queue.count == MAX_WAITING


def test_without_redis_a_ring_is_false_at_once(tmp_path: Path) -> None:
    deaf = RqDoorbell(open_redis(f"unix://{tmp_path}/nowhere.sock"), job_timeout_s=60)
    started = time.monotonic()
    with capture_logs() as logged:
        assert not deaf.ring(Queue.QUESTIONS, "answer", "thread-1")
    assert time.monotonic() - started < 2.5
    assert [(line["event"], line["log_level"]) for line in logged] == [("ring_failed", "warning")]


def test_a_redis_that_does_not_answer_costs_two_seconds_at_most(
    server: EmbeddedRedis, doorbell: RqDoorbell, queue: RqQueue
) -> None:
    assert server.pid is not None
    assert doorbell.ring(Queue.QUESTIONS, "answer", "thread-1")
    frozen = psutil.Process(server.pid)
    frozen.suspend()
    started = time.monotonic()
    try:
        assert not doorbell.ring(Queue.QUESTIONS, "answer", "thread-2")
        took_s = time.monotonic() - started
    finally:
        frozen.resume()
    assert took_s < 4
    assert queue.count >= 1
