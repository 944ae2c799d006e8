"""A process that claims one thread from several threads at once; run by test_concurrency.

Says `ready`, waits for a line on standard input, then prints how many of its claims won.
"""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

from bot.adapters.store.engine import open_engine
from bot.adapters.store.store import SqlStore
from bot.domain.conversation import ThreadId
from tests.contract.store.builders import DAY, LEASE
from tests.lab.clock import LabClock
from tests.lab.time import LabTime

CLAIMS = 8


def main(url: str, thread_id: str) -> None:
    engine = open_engine(url)
    store = SqlStore(engine, LabTime(LabClock(frozen_at=DAY.timestamp())), lambda: uuid4().hex)
    barrier = Barrier(CLAIMS)

    def claim(number: int) -> bool:
        barrier.wait(timeout=10)
        won = store.claim(ThreadId(thread_id), worker=f"w{number}", lease=LEASE, max_attempts=3)
        return won is not None

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(CLAIMS) as pool:
        sys.stdout.write(f"{sum(pool.map(claim, range(CLAIMS)))}\n")
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
