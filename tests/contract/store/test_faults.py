"""A database that fails says so in words, and loses nothing that was stored."""

from __future__ import annotations

import socket
import sqlite3
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import text
from sqlalchemy.exc import StatementError

from bot.adapters.store.engine import open_engine, reading, writing
from bot.adapters.store.schema import check_schema, upgrade
from bot.adapters.store.store import SqlStore
from bot.domain.errors import SettingsError, UpstreamError
from tests.contract.store.builders import DAY, LEASE, event, observation, question
from tests.lab.clock import LabClock
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine

    from tests.lab.databases import PostgresServer, SqliteFiles

LATER = datetime(2040, 1, 1, tzinfo=UTC)


def store_over(engine: Engine) -> SqlStore:
    numbers = count(1)
    clock = LabTime(LabClock(frozen_at=DAY.timestamp()))
    return SqlStore(engine, clock, lambda: f"id-{next(numbers)}")


def limit_pages(engine: Engine, pages: int) -> None:
    """Let the file grow no further, as on a full disk; SQLite answers SQLITE_FULL to both."""

    def limit(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages}")

    sqlalchemy_event.listen(engine, "connect", limit)


def test_a_full_disk_is_said_clearly_and_harms_nothing(sqlite_files: SqliteFiles) -> None:
    url = sqlite_files.fresh()
    engine = open_engine(url)
    limit_pages(engine, 200)
    store = store_over(engine)
    thread = store.add_question(question())
    run = store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    assert run is not None
    kept = []

    def fill_the_disk() -> None:
        for number in count():
            large = observation("x" * 20_000)
            tool_use_id = f"tu{number}"
            kept.append(
                store.enter(
                    run.investigation_id, fence=1, tool_use_id=tool_use_id, observation=large
                )
            )

    with pytest.raises(UpstreamError, match="no space left: free some") as caught:
        fill_the_disk()
    engine.dispose()

    assert caught.value.system == "database"
    assert caught.value.retry_after_s is None
    assert kept
    roomy = open_engine(url)
    survivor = store_over(roomy)
    assert survivor.of_investigation(run.investigation_id) == kept
    following = survivor.enter(
        run.investigation_id, fence=1, tool_use_id="next", observation=observation()
    )
    assert following.label == f"E{len(kept) + 1}"
    with roomy.connect() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    roomy.dispose()


def test_a_writer_that_never_ends_is_said_to_lock_the_database(sqlite_files: SqliteFiles) -> None:
    url = sqlite_files.fresh()
    hog = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    hog.execute("BEGIN IMMEDIATE")
    engine = open_engine(url)
    # The patience of five seconds is the driver's; the test has less.
    sqlalchemy_event.listen(
        engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout=50")
    )
    store = store_over(engine)

    with pytest.raises(UpstreamError, match="locked by another writer") as caught:
        store.record(event())

    assert caught.value.retry_after_s is not None
    assert store.unrouted(received_before=LATER, limit=1) == [], "reading does not wait"
    hog.execute("ROLLBACK")
    hog.close()
    assert store.record(event())
    engine.dispose()


def test_a_row_held_too_long_is_said_to_lock_the_database(
    postgres_server: PostgresServer,
) -> None:
    url = postgres_server.fresh()
    holder = open_engine(url)
    engine = open_engine(f"{url}&options=-c%20lock_timeout%3D50ms")
    store = store_over(engine)
    thread = store.add_question(question())
    with writing(holder) as connection:
        connection.execute(text("SELECT * FROM threads FOR UPDATE"))
        with pytest.raises(UpstreamError, match="locked by another writer"):
            store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    assert store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3) is not None
    engine.dispose()
    holder.dispose()
    postgres_server.give_back(url)


def test_a_server_that_is_not_there_is_named() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        engine = open_engine(f"postgresql+psycopg://bot:hunter2@127.0.0.1:{port}/nightdesk")
        with pytest.raises(UpstreamError, match=r"127\.0\.0\.1.*cannot be reached") as caught:
            store_over(engine).record(event())
    assert caught.value.retry_after_s is not None
    assert "hunter2" not in str(caught.value)


def test_a_database_that_restarted_is_found_again(postgres_server: PostgresServer) -> None:
    url = postgres_server.fresh()
    engine = open_engine(url)
    store = store_over(engine)
    store.record(event("Ev1"))
    postgres_server.disconnect(url)
    assert store.record(event("Ev2"))
    engine.dispose()
    postgres_server.give_back(url)


def test_a_database_that_does_not_exist_is_named(postgres_server: PostgresServer) -> None:
    url = postgres_server.empty()
    postgres_server.drop(url)
    engine = open_engine(url)
    with pytest.raises(UpstreamError, match=r"cannot be reached.*does not exist"):
        store_over(engine).record(event())


def test_missing_tables_say_what_to_run(databases: SqliteFiles | PostgresServer) -> None:
    url = databases.empty()
    engine = open_engine(url)
    with pytest.raises(UpstreamError, match="run `nightdesk db upgrade`"):
        store_over(engine).record(event())
    engine.dispose()
    databases.drop(url)


def test_a_file_that_is_no_database_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_text("my notes, all of them\n" * 100)
    engine = open_engine(f"sqlite:///{path}")
    with pytest.raises(UpstreamError, match="no SQLite file"):
        upgrade(engine)
    engine.dispose()
    assert path.read_text().startswith("my notes")


def test_a_path_that_cannot_be_opened_says_where_to_look(tmp_path: Path) -> None:
    (tmp_path / "taken.db").mkdir()
    engine = open_engine(f"sqlite:///{tmp_path / 'taken.db'}")
    with pytest.raises(UpstreamError, match="cannot be opened"):
        check_schema(engine)


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("nightdesk.db", "is not a URL"),
        ("mysql://u:p@h/d", "is for mysql"),
        ("sqlite+nothing://", "cannot be used"),
    ],
)
def test_a_wrong_address_is_refused_with_an_example(url: str, complaint: str) -> None:
    with pytest.raises(SettingsError, match=complaint) as caught:
        open_engine(url)
    assert "postgresql+psycopg://" in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_spelling_of_a_postgres_address_is_understood(scheme: str) -> None:
    engine = open_engine(f"{scheme}://bot@db.internal/nightdesk")
    assert engine.url.drivername == "postgresql+psycopg"


def test_a_directory_is_made_for_a_new_file(tmp_path: Path) -> None:
    engine = open_engine(f"sqlite:///{tmp_path}/state/deep/nightdesk.db")
    upgrade(engine)
    check_schema(engine)
    engine.dispose()


def test_a_time_without_a_zone_is_not_stored(store: SqlStore) -> None:
    naive = DAY.replace(tzinfo=None)
    with pytest.raises(StatementError, match="no time zone"):
        store.record(event(at=naive))
    assert store.unrouted(received_before=LATER, limit=1) == []


def break_off(engine: Engine) -> None:
    """Leave a writing transaction by an error, with a cursor half read."""
    with writing(engine) as connection:
        values = "VALUES ('C', 'U', '{}', '2026-01-01 00:00:00')"
        raise LookupError(
            connection.execute(text(f"INSERT INTO chosen_scopes {values} RETURNING channel"))
        )


def test_a_transaction_that_broke_off_with_an_open_cursor_leaves_no_lock(
    sqlite_files: SqliteFiles,
) -> None:
    engine = open_engine(sqlite_files.fresh())
    with pytest.raises(LookupError) as kept:
        break_off(engine)
    insert = text("INSERT INTO chosen_scopes VALUES ('C', 'U', '{}', '2026-01-01 00:00:00')")
    with writing(engine) as connection:
        connection.execute(insert)
    with reading(open_engine(str(engine.url))) as connection:
        assert connection.execute(text("SELECT count(*) FROM chosen_scopes")).scalar() == 1
    assert kept.value.args
