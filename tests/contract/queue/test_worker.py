"""The worker: hears at once, dies cleanly, and runs nothing but our jobs."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import psutil
from rq import Queue as RqQueue
from rq.registry import FailedJobRegistry, StartedJobRegistry

from bot.adapters.jobs import RqDoorbell
from bot.ports.queue import Queue
from tests.contract.queue import jobs_under_test
from tests.contract.queue.workers import GRACE_S, lines, worker
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path

    from redis import Redis

    from bot.adapters.redis_server import EmbeddedRedis

IDLE_MEMORY_MAX_BYTES = 120 * 2**20


def test_a_ring_reaches_the_worker_in_no_time(
    server: EmbeddedRedis, doorbell: RqDoorbell, queue: RqQueue, tmp_path: Path, trace: Path
) -> None:
    with worker(server.url, tmp_path) as running:
        running.wait_until_started()
        doorbell.ring(Queue.QUESTIONS, "note", str(trace), "warm")
        eventually(lambda: lines(trace) == ["warm"], "the first job")
        rung_at = time.monotonic()
        doorbell.ring(Queue.QUESTIONS, "note", str(trace), "heard")
        eventually(lambda: "heard" in lines(trace), "the second job")
        assert time.monotonic() - rung_at < 0.5
        eventually(lambda: not queue.connection.keys("rq:job:*"), "done jobs are deleted")


def test_an_idle_worker_is_small(
    server: EmbeddedRedis, doorbell: RqDoorbell, tmp_path: Path, trace: Path
) -> None:
    with worker(server.url, tmp_path) as running:
        doorbell.ring(Queue.QUESTIONS, "note", str(trace), "warm")
        eventually(lambda: lines(trace), "a job is done")
        used = psutil.Process(running.popen.pid).memory_info().rss
    assert used < IDLE_MEMORY_MAX_BYTES


def test_the_job_of_a_killed_worker_is_not_run_again_and_blocks_nothing(
    server: EmbeddedRedis, doorbell: RqDoorbell, queue: RqQueue, tmp_path: Path, trace: Path
) -> None:
    with worker(server.url, tmp_path) as first:
        doorbell.ring(Queue.QUESTIONS, "hang", str(trace))
        eventually(lambda: lines(trace) == ["started"], "the job runs")
        first.popen.send_signal(signal.SIGKILL)
        first.popen.wait()

    jobs_under_test.note(str(trace), "go")
    with worker(server.url, tmp_path):
        doorbell.ring(Queue.QUESTIONS, "hang", str(trace))
        eventually(lambda: "finished" in lines(trace), "the next ring is heard")
        assert lines(trace) == ["started", "go", "started", "finished"]
        assert queue.count == 0


def test_a_job_found_abandoned_is_put_aside_and_said(
    server: EmbeddedRedis, doorbell: RqDoorbell, queue: RqQueue, tmp_path: Path, trace: Path
) -> None:
    with worker(server.url, tmp_path) as first:
        doorbell.ring(Queue.QUESTIONS, "hang", str(trace))
        eventually(lambda: lines(trace) == ["started"], "the job runs")
    started = StartedJobRegistry(queue=queue)
    (abandoned,) = started.get_job_and_execution_ids()
    # As it will be when the job's time is over.
    queue.connection.zadd(started.key, {":".join(abandoned): 1})

    with worker(server.url, tmp_path) as second:
        eventually(lambda: second.events("job_abandoned"), "the next worker finds it")
        doorbell.ring(Queue.QUESTIONS, "note", str(trace), "next")
        eventually(lambda: "next" in lines(trace), "and goes on")

    assert lines(trace) == ["started", "next"]
    assert len(FailedJobRegistry(queue=queue).get_job_ids()) == 1
    assert first.popen.returncode == -signal.SIGKILL


def test_an_idle_worker_stops_at_once(server: EmbeddedRedis, tmp_path: Path) -> None:
    with worker(server.url, tmp_path) as running:
        running.wait_until_started()
        running.popen.terminate()
        assert running.popen.wait(timeout=5) == 0
        assert running.events("worker_stopped")


def test_a_busy_worker_lets_its_job_release_what_it_holds(
    server: EmbeddedRedis, doorbell: RqDoorbell, tmp_path: Path, trace: Path
) -> None:
    with worker(server.url, tmp_path) as running:
        doorbell.ring(Queue.QUESTIONS, "hang", str(trace))
        eventually(lambda: lines(trace) == ["started"], "the job runs")
        doorbell.ring(Queue.QUESTIONS, "note", str(trace), "for-others")
        running.popen.terminate()
        assert running.popen.wait(timeout=5) == 0
        assert lines(trace) == ["started", "released"]


def test_a_job_that_ignores_the_stop_is_ended_after_its_grace(
    server: EmbeddedRedis, doorbell: RqDoorbell, tmp_path: Path, trace: Path
) -> None:
    with worker(server.url, tmp_path) as running:
        doorbell.ring(Queue.QUESTIONS, "ignore_everything", str(trace))
        eventually(lambda: lines(trace) == ["started"], "the job runs")
        running.popen.terminate()
        assert running.popen.wait(timeout=GRACE_S + 5) == 0
        assert lines(trace) == ["started", "unwound"]
        assert running.events("job_timed_out")


def test_a_job_over_its_time_is_ended_and_the_worker_goes_on(
    server: EmbeddedRedis, redis: Redis, doorbell: RqDoorbell, tmp_path: Path, trace: Path
) -> None:
    hasty = RqDoorbell(redis, job_timeout_s=1, jobs_module=jobs_under_test.__name__)
    with worker(server.url, tmp_path) as running:
        hasty.ring(Queue.QUESTIONS, "ignore_everything", str(trace))
        doorbell.ring(Queue.QUESTIONS, "note", str(trace), "next")
        eventually(lambda: "next" in lines(trace), "the worker goes on")
        assert lines(trace) == ["started", "unwound", "next"]
        assert len(running.events("job_timed_out")) == 1


def test_a_job_that_fails_is_one_closing_event(
    server: EmbeddedRedis, doorbell: RqDoorbell, tmp_path: Path, trace: Path
) -> None:
    with worker(server.url, tmp_path) as running:
        doorbell.ring(Queue.QUESTIONS, "fail", str(trace))
        doorbell.ring(Queue.QUESTIONS, "note", str(trace), "next")
        eventually(lambda: lines(trace) == ["failed", "next"], "the worker goes on")
        (failed,) = running.events("job_failed")
    assert failed["job"] == f"fail({trace})"
    assert "LookupError: no such thread" in failed["exception"]


def test_a_worker_runs_our_jobs_and_no_other_function(
    server: EmbeddedRedis, doorbell: RqDoorbell, queue: RqQueue, tmp_path: Path, trace: Path
) -> None:
    """Whoever can write to Redis could name any function that can be imported."""
    with worker(server.url, tmp_path) as running:
        queue.enqueue("os.truncate", str(trace), 0)
        queue.enqueue(f"{jobs_under_test.__name__}.Path.touch", f"{trace}-touched")
        queue.enqueue(f"{jobs_under_test.__name__}.note", path=str(trace), word="keywords")
        queue.enqueue(f"{jobs_under_test.__name__}.note", str(trace), ["not", "an", "id"])
        doorbell.ring(Queue.QUESTIONS, "note", str(trace), "ours")
        eventually(lambda: "ours" in lines(trace), "our own job")
        assert len(running.events("job_refused")) == 4
        eventually(lambda: not queue.connection.keys("rq:job:*"), "refused jobs are deleted")
    assert lines(trace) == ["ours"]


def test_a_pickled_job_is_never_loaded(
    server: EmbeddedRedis, redis: Redis, doorbell: RqDoorbell, tmp_path: Path, trace: Path
) -> None:
    pickled = RqQueue(Queue.QUESTIONS.value, connection=redis)
    with worker(server.url, tmp_path) as running:
        pickled.enqueue(f"{jobs_under_test.__name__}.note", str(trace), "pickled")
        doorbell.ring(Queue.QUESTIONS, "note", str(trace), "ours")
        eventually(lambda: "ours" in lines(trace), "our own job")
        assert len(running.events("job_refused")) == 1
    assert lines(trace) == ["ours"]
