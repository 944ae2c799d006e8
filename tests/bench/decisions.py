"""How many decisions about actions a second are stored, on both databases.

A decision is a click that counts: the row locked, judged, changed, its approval and its link of the
audit's chain written, in one transaction. The yardstick is the same database told of a bare change
and of a bare row in one transaction: what a store without a lock, a judgement and a chain would do.
"""

from __future__ import annotations

import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from bot.adapters.clock import SystemClock
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.engine import open_engine, writing
from bot.bootstrap.installation import new_id
from tests.bench.rows import Row
from tests.contract.store.operations import Crew
from tests.lab.databases import SqliteFiles, postgres

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from safe_ops.model.actions import Action

DECISIONS = 300
PEOPLE = 4
"""Who click at once: they wait for each other only at the end of the chain."""


def measure() -> list[Row]:
    """Return decisions a second, made one after another and by several people at once."""
    with tempfile.TemporaryDirectory(prefix="nd-bench-") as directory:
        rows = _rows("SQLite", SqliteFiles(Path(directory)).fresh(), note="")
    try:
        with postgres() as server:
            rows += _rows("PostgreSQL", server.fresh(), note=" (PostgreSQL without fsync)")
    except ImportError:
        # No wheel for this platform.
        pass
    return rows


def _rows(database: str, url: str, *, note: str) -> list[Row]:
    engine = open_engine(url)
    try:
        alone_s, together_s = _decided_s(engine, people=1), _decided_s(engine, people=PEOPLE)
        bare_s = _bare_s(engine)
    finally:
        engine.dispose()
    told = f"time to a bare change and row, {DECISIONS / bare_s:,.0f} /s{note}"
    return [
        Row(
            name=f"decisions, {database}",
            value=DECISIONS / alone_s,
            unit="/s",
            ratio=alone_s / bare_s,
            note=told,
        ),
        Row(
            name=f"decisions of {PEOPLE} at once, {database}",
            value=DECISIONS / together_s,
            unit="/s",
            ratio=together_s / bare_s,
            note=told,
        ),
    ]


def _decided_s(engine: Engine, *, people: int) -> float:
    crew = Crew(SqlActionBook(engine, SystemClock(), new_id))
    waiting = [crew.planned(f"app-{people}-{number}") for number in range(DECISIONS)]

    def decide(share: list[Action]) -> None:
        for action in share:
            crew.agree(action)

    with ThreadPoolExecutor(people) as pool:
        began = time.perf_counter()
        list(pool.map(decide, [waiting[first::people] for first in range(people)]))
        return time.perf_counter() - began


def _bare_s(engine: Engine) -> float:
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE bare (id INTEGER PRIMARY KEY, state TEXT)"))
        connection.execute(text("CREATE TABLE bare_said (id INTEGER PRIMARY KEY, said TEXT)"))
        for number in range(DECISIONS):
            connection.execute(text("INSERT INTO bare VALUES (:id, 'waiting')"), {"id": number})
    began = time.perf_counter()
    for number in range(DECISIONS):
        with writing(engine) as connection:
            connection.execute(
                text("UPDATE bare SET state = 'approved' WHERE id = :id"), {"id": number}
            )
            connection.execute(text("INSERT INTO bare_said VALUES (:id, 'yes')"), {"id": number})
    return time.perf_counter() - began
