"""A process that admits the alerts of one burst, as a replica would; run by its test.

Says `ready`, waits for a line on standard input, then prints how many incidents it opened.
"""

from __future__ import annotations

import sys
from uuid import uuid4

from bot.adapters.store.engine import open_engine
from bot.adapters.store.store import SqlStore
from bot.domain.incident import Joining
from tests.contract.store.alerts import Post, alert
from tests.contract.store.builders import DAY
from tests.lab.clock import LabClock
from tests.lab.time import LabTime

PLACES = 6


def main(url: str, road: str) -> None:
    engine = open_engine(url)
    store = SqlStore(engine, LabTime(LabClock(frozen_at=DAY.timestamp())), lambda: uuid4().hex)
    post = Post(store)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    opened = 0
    for number in range(PLACES):
        told = alert(namespace=f"ns{number}x", workload=f"app{number}x", cluster=None)
        admission = post.webhook(told, delivery=f"{road}-{number}", road=road)
        opened += admission.joining is Joining.OPENED
    sys.stdout.write(f"{opened}\n")
    engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
