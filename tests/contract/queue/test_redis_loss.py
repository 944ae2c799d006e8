"""Losing Redis costs time and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.ports.queue import Queue
from tests.contract.queue import jobs_under_test
from tests.contract.queue.workers import MortalRedis, lines, worker
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from pathlib import Path


def test_a_worker_outlives_a_restart_of_redis(
    mortal: MortalRedis, tmp_path: Path, trace: Path
) -> None:
    mortal.start()
    doorbell = mortal.doorbell()
    with worker(mortal.url, tmp_path) as running:
        doorbell.ring(Queue.QUESTIONS, "note", str(trace), "before")
        eventually(lambda: "before" in lines(trace), "a job before the restart")

        mortal.kill()
        assert not doorbell.ring(Queue.QUESTIONS, "note", str(trace), "unheard")
        mortal.start()

        assert doorbell.ring(Queue.QUESTIONS, "note", str(trace), "after")
        eventually(lambda: "after" in lines(trace), "a job after the restart", within_s=15)
        assert lines(trace) == ["before", "after"]
        assert running.popen.poll() is None


def test_a_ring_survives_the_death_of_redis(
    mortal: MortalRedis, tmp_path: Path, trace: Path
) -> None:
    mortal.start()
    mortal.doorbell().ring(Queue.QUESTIONS, "note", str(trace), "kept")
    eventually(mortal.has_written, "the append-only file is on disk")
    mortal.kill()
    mortal.start()
    with worker(mortal.url, tmp_path):
        eventually(lambda: lines(trace) == ["kept"], "the ring is heard")


def test_a_redis_that_dies_during_a_job_does_not_end_the_worker(
    mortal: MortalRedis, tmp_path: Path, trace: Path
) -> None:
    mortal.start()
    doorbell = mortal.doorbell()
    with worker(mortal.url, tmp_path) as running:
        doorbell.ring(Queue.QUESTIONS, "hang", str(trace))
        eventually(lambda: lines(trace) == ["started"], "the job runs")

        mortal.kill()
        jobs_under_test.note(str(trace), "go")
        eventually(lambda: "finished" in lines(trace), "the job ends without Redis")
        eventually(lambda: running.events("worker_lost_redis"), "the loss is said")
        mortal.start()

        doorbell.ring(Queue.QUESTIONS, "note", str(trace), "after")
        eventually(lambda: "after" in lines(trace), "a job after the restart", within_s=15)
        assert lines(trace) == ["started", "go", "finished", "after"]
        running.popen.terminate()
        assert running.popen.wait(timeout=5) == 0


def test_a_worker_waiting_for_redis_can_be_stopped(tmp_path: Path) -> None:
    with worker(f"unix://{tmp_path}/nowhere.sock", tmp_path) as running:
        eventually(lambda: running.events("worker_lost_redis"), "the worker waits")
        running.popen.terminate()
        assert running.popen.wait(timeout=5) == 0
