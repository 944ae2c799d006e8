"""Worker processes and Redis servers that a test may kill."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import psutil

from bot.adapters.clock import SystemClock
from bot.adapters.jobs import RqDoorbell
from bot.adapters.redis_client import open_redis
from bot.adapters.redis_server import EmbeddedRedis
from tests.contract.queue import jobs_under_test
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GRACE_S = 1


class Worker:
    """A worker process and what it logged."""

    def __init__(self, url: str, log: Path) -> None:
        self._log = log
        with log.open("ab") as sink:
            self.popen = subprocess.Popen(  # noqa: S603 -- our own module
                [sys.executable, "-m", "tests.contract.queue.worker_under_test", url, str(GRACE_S)],
                stderr=sink,
            )

    def events(self, name: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self._log.read_text().splitlines()]
        return [line for line in lines if line["event"] == name]

    def wait_until_started(self) -> None:
        eventually(lambda: self.events("worker_started"), "the worker starts")


@contextmanager
def worker(url: str, tmp_path: Path) -> Iterator[Worker]:
    running = Worker(url, tmp_path / f"worker-{time.monotonic_ns()}.log")
    try:
        yield running
    finally:
        running.popen.kill()
        running.popen.wait()


class MortalRedis:
    """A Redis that a test kills and starts again over the same file."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._running = ExitStack()
        self._server = EmbeddedRedis(state, clock=SystemClock())

    @property
    def url(self) -> str:
        return self._server.url

    def start(self) -> None:
        self._server = self._running.enter_context(EmbeddedRedis(self._state, clock=SystemClock()))

    def kill(self) -> None:
        assert self._server.pid is not None
        psutil.Process(self._server.pid).kill()
        self._running.close()

    def stop(self) -> None:
        self._running.close()

    def doorbell(self) -> RqDoorbell:
        return RqDoorbell(
            open_redis(self.url), job_timeout_s=60, jobs_module=jobs_under_test.__name__
        )

    def has_written(self) -> bool:
        with open_redis(self.url) as client:
            persistence = client.info("persistence")
        pending = (persistence["aof_pending_bio_fsync"], persistence["aof_buffer_length"])
        return pending == (0, 0)


def lines(trace: Path) -> list[str]:
    return trace.read_text().split()
