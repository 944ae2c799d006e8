"""Connections: how both databases are opened so that several processes and threads are safe.

It knows drivers and their settings, and no table.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, QueuePool, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from bot.adapters.store.faults import translated
from bot.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy.engine.interfaces import DBAPIConnection

BUSY_TIMEOUT_S = 5
"""How long a writer waits for another; transactions here take milliseconds."""
CHECKPOINT_PAGES = 4000
"""16 MB of write-ahead log. Whoever commits past it waits for the disk: in a burst of alerts, which
write some twenty pages each, one in two hundred instead of one in fifty."""
CONNECT_TIMEOUT_S = 5
STATEMENT_TIMEOUT_S = 30
IDLE_TRANSACTION_TIMEOUT_S = 60
"""Frees the locks of a machine that vanished without closing its connection."""
POOL_WAIT_S = 10
"""How long a thread waits for a connection of this process."""

_READING = "nightdesk_reading"
_DISPOSABLE = "nightdesk_disposable"
"""Set where another connection leads to the same database: not for one in memory."""


def open_engine(url: str) -> Engine:
    """Return an engine for a SQLAlchemy URL; nothing is connected yet.

    `sqlite://` is a database in memory, shared by all threads of this process. Safe to use from
    several threads, not across a fork.

    Raises:
        SettingsError: The URL is not one of SQLite or PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise _wrong_url("is not a URL") from error
    backend = parsed.get_backend_name()
    try:
        if backend == "sqlite":
            return _open_sqlite(parsed)
        if backend in {"postgresql", "postgres"}:
            return _open_postgres(parsed)
    except (ArgumentError, NoSuchModuleError) as error:
        raise _wrong_url(f"cannot be used: {error}") from error
    raise _wrong_url(f"is for {backend}")


def _wrong_url(complaint: str) -> SettingsError:
    return SettingsError(
        [f"DATABASE_URL {complaint}; set sqlite:///file or postgresql+psycopg://user:pw@host/name"]
    )


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads; on SQLite it never waits for a writer."""
    with (
        translated(engine),
        engine.connect().execution_options(**{_READING: True}) as connection,
        _transaction(connection),
    ):
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes, committed at the end and rolled back on any error."""
    with translated(engine), engine.connect() as connection, _transaction(connection):
        yield connection


@contextmanager
def _transaction(connection: Connection) -> Iterator[None]:
    """Begin, and commit; on any error roll back and give the connection up.

    Its cursors may still be open in a traceback. Since Python 3.11 a rollback of sqlite3 no longer
    resets them, and with one open the connection's next COMMIT fails while its lock stays.
    """
    transaction = connection.begin()
    ended_well = False
    try:
        yield
        transaction.commit()
        ended_well = True
    finally:
        if not ended_well:
            transaction.rollback()
            if connection.get_execution_options().get(_DISPOSABLE, False):
                connection.invalidate()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _wrong_url(f"lies in {folder}, which cannot be made ({error.strerror})") from error


def _open_sqlite(url: URL) -> Engine:
    in_memory = url.database in {None, "", ":memory:"}
    if url.database is not None and not in_memory:
        _make_folder(Path(url.database).parent)
    options: dict[str, Any] = {"poolclass": QueuePool, "pool_timeout": POOL_WAIT_S}
    if in_memory:
        # A database in memory is its connection: one, lent to one thread at a time.
        options |= {"pool_size": 1, "max_overflow": 0, "pool_reset_on_return": "rollback"}
    engine = create_engine(
        url,
        connect_args={"check_same_thread": False, "timeout": BUSY_TIMEOUT_S},
        hide_parameters=True,
        **options,
    )
    if not in_memory:
        engine.update_execution_options(**{_DISPOSABLE: True})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # The driver's own BEGIN comes too late and cannot be IMMEDIATE:
    # https://docs.sqlalchemy.org/en/20/dialects/sqlite.html#serializable-isolation-savepoints-transactional-ddl
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode")
    if cursor.fetchone() != ("wal",):
        # The mode is the file's, so it is enough that one succeeds. Of several that open a new
        # file at once the others are told at once that it is busy, without the usual patience.
        with suppress(sqlite3.OperationalError):
            cursor.execute("PRAGMA journal_mode=WAL")
    # With WAL this survives the death of every process; only a power cut can take the last
    # commits, and leaves the file whole (https://www.sqlite.org/pragma.html#pragma_synchronous).
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA wal_autocheckpoint={CHECKPOINT_PAGES}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once when somebody wrote between
    # (https://www.sqlite.org/lang_transaction.html), so writers queue at their beginning.
    read_only = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")


def _open_postgres(url: URL) -> Engine:
    limits = {
        "lock_timeout": BUSY_TIMEOUT_S,
        "statement_timeout": STATEMENT_TIMEOUT_S,
        "idle_in_transaction_session_timeout": IDLE_TRANSACTION_TIMEOUT_S,
    }
    ours = {
        "application_name": "nightdesk",
        "connect_timeout": str(CONNECT_TIMEOUT_S),
        "options": " ".join(f"-c {name}={seconds}s" for name, seconds in limits.items()),
    }
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={name: value for name, value in ours.items() if name not in url.query},
        hide_parameters=True,
        # A connection that the server closed meanwhile is replaced, not reported.
        pool_pre_ping=True,
        pool_timeout=POOL_WAIT_S,
    )
