"""How many runs of work the store takes in and closes a second, on both databases.

The yardstick is the same database told of one bare row and of its change, a transaction each:
what a store without leases, fences and an order of questions would do.
"""

from __future__ import annotations

import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from bot.adapters.clock import SystemClock
from bot.adapters.store.engine import open_engine, writing
from bot.adapters.store.store import SqlStore
from bot.bootstrap.installation import new_id
from bot.domain.investigation import RunState
from tests.bench.rows import Row
from tests.contract.store.builders import question
from tests.lab.databases import SqliteFiles, postgres

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.domain.conversation import ThreadId

RUNS = 300
LEASE = timedelta(seconds=15)


def measure() -> list[Row]:
    """Return claims with their finish, a second."""
    with tempfile.TemporaryDirectory(prefix="nd-bench-") as directory:
        rows = [_row("SQLite", SqliteFiles(Path(directory)).fresh(), note="")]
    try:
        with postgres() as server:
            rows.append(_row("PostgreSQL", server.fresh(), note=" (PostgreSQL without fsync)"))
    except ImportError:
        # No wheel for this platform.
        pass
    return rows


def _row(database: str, url: str, *, note: str) -> Row:
    engine = open_engine(url)
    try:
        ours_s, bare_s = _ours_s(engine), _bare_s(engine)
    finally:
        engine.dispose()
    return Row(
        name=f"claim and finish, {database}",
        value=RUNS / ours_s,
        unit="/s",
        ratio=ours_s / bare_s,
        note=f"time to a bare insert and update, {RUNS / bare_s:,.0f} /s{note}",
    )


def _ours_s(engine: Engine) -> float:
    store = SqlStore(engine, SystemClock(), new_id)
    waiting = [
        store.add_question(question(number, thread=f"{number}.000001")).thread_id
        for number in range(1, RUNS + 1)
    ]
    began = time.perf_counter()
    for thread_id in waiting:
        _claimed_and_finished(store, thread_id)
    return time.perf_counter() - began


def _claimed_and_finished(store: SqlStore, thread_id: ThreadId) -> None:
    run = store.claim(thread_id, worker="bench", lease=LEASE, max_attempts=3)
    if run is None:
        raise RuntimeError("a waiting thread could not be claimed")
    store.finish(run.investigation_id, fence=run.fence, state=RunState.DONE, verdict=None)


def _bare_s(engine: Engine) -> float:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE bare (id INTEGER PRIMARY KEY, state TEXT)"))
    began = time.perf_counter()
    for number in range(RUNS):
        with writing(engine) as connection:
            connection.execute(
                text("INSERT INTO bare (id, state) VALUES (:id, 'running')"), {"id": number}
            )
        with writing(engine) as connection:
            connection.execute(
                text("UPDATE bare SET state = 'done' WHERE id = :id"), {"id": number}
            )
    return time.perf_counter() - began
