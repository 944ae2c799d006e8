"""A worker process under test; arguments: the URL of Redis, the grace in seconds."""

from __future__ import annotations

import sys

from bot import log
from bot.adapters.clock import SystemClock
from bot.adapters.redis_client import open_redis
from bot.entrypoints.worker import run_worker
from bot.ports.queue import Queue
from tests.contract.queue import jobs_under_test

if __name__ == "__main__":
    log.configure(as_json=True, role="worker")
    run_worker(
        [Queue.QUESTIONS],
        open_redis(sys.argv[1]),
        name="lab",
        clock=SystemClock(),
        on_stop=jobs_under_test.stop_soon,
        grace_s=int(sys.argv[2]),
        jobs_module=jobs_under_test.__name__,
    )
