"""A PostgreSQL database in which each process has a role of its own, as its owner granted them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from sqlalchemy import Engine, create_engine, make_url, text

from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.engine import open_engine
from bot.adapters.store.grants_rights import Client
from bot.adapters.store.grants_sql import grants_sql, quoted
from bot.adapters.store.schema import upgrade
from bot.adapters.store.store import SqlStore
from bot.adapters.store.tables import metadata
from tests.contract.store.builders import DAY
from tests.contract.store.operations import Crew
from tests.lab.clock import LabClock
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lab.databases import PostgresServer

AWKWARD: Final = "o'brien's \"{}\" $nightdesk$; --"
"""A name every character of which PostgreSQL allows."""


class Staff:
    """The database, as its owner and as each of the processes sees it."""

    def __init__(self, owner_url: str, *, named: str, ids: Callable[[], str]) -> None:
        """Take the owner's URL of a migrated database; `named` has a place for the process."""
        self.owner_url = owner_url
        self.owner = open_engine(owner_url)
        self.roles = {client: named.format(client.value) for client in Client}
        self._ids = ids
        self.clock = LabTime(LabClock(frozen_at=DAY.timestamp()))
        self._engines: dict[Client, Engine] = {}

    def url(self, client: Client) -> str:
        """Return the URL the process is given."""
        own = make_url(self.owner_url).set(username=self.roles[client])
        return own.render_as_string(hide_password=False)

    def engine(self, client: Client) -> Engine:
        """Return the process's connections."""
        if client not in self._engines:
            self._engines[client] = open_engine(self.url(client))
        return self._engines[client]

    def store(self, client: Client) -> SqlStore:
        """Return the store as the process has it."""
        return SqlStore(self.engine(client), self.clock, self._ids)

    def book(self, client: Client) -> SqlActionBook:
        """Return the book of actions as the process has it."""
        return SqlActionBook(self.engine(client), self.clock, self._ids)

    def crew(self, client: Client) -> Crew:
        """Return everybody who acts on actions, all of them in one process's role."""
        return Crew(self.book(client))

    def everybody(self) -> Crew:
        """Return everybody who acts on actions, in the owner's role, which may do all of it."""
        return Crew(SqlActionBook(self.owner, self.clock, self._ids))

    def trail(self, client: Client) -> SqlTrail:
        """Return the audit as the process has it."""
        return SqlTrail(self.engine(client), self.clock, self._ids)

    def grant(self) -> None:
        """Run, as the owner, what is printed for all roles."""
        run_script(self.owner_url, grants_sql(self.roles))

    def empty(self) -> None:
        """Leave no rows."""
        with self.owner.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())

    def close(self) -> None:
        """Give up all connections."""
        for engine in (self.owner, *self._engines.values()):
            engine.dispose()


@contextmanager
def staffed(
    server: PostgresServer, *, ids: Callable[[], str], named: str = AWKWARD
) -> Iterator[Staff]:
    """Make a migrated database with a role for each process, and take both down again."""
    url = server.empty()
    staff = Staff(url, named=named, ids=ids)
    upgrade(staff.owner)
    names = ", ".join(quoted(role) for role in staff.roles.values())
    run_script(url, "".join(f"CREATE ROLE {quoted(one)} LOGIN;" for one in staff.roles.values()))
    try:
        staff.grant()
        yield staff
    finally:
        staff.close()
        run_script(url, f"DROP OWNED BY {names}; DROP ROLE {names};")
        server.drop(url)


def run_script(url: str, script: str) -> None:
    """Run statements as `psql -v ON_ERROR_STOP=1` does: as they are, the first fault ends it."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(script)
    engine.dispose()
