"""Two app replicas and two operators over one PostgreSQL, whose clock a test may move forward.

A policy file knows minutes and a test does not wait for one: the server's time is what all
processes go by, so it is the server that is moved.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import text

from bot.adapters.store.engine import open_engine
from tests.flows.house import House
from tests.flows.operations.factors import PUBLIC
from tests.flows.operations.guarded import Guarded
from tests.lab.databases import postgres

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

BOUND, FROZEN = "prod-us", "staging"
"""A cluster with a change window, and one nothing may be changed in for weeks."""
ENVIRONMENTS = {BOUND: "across", FROZEN: "shut"}
"""Both count as prod; everything else is `prod` itself, and always open."""
ZONE = ZoneInfo("Asia/Kathmandu")
"""Three quarters of an hour off all full ones."""
AHEAD = timedelta(minutes=20)
CLOSED_FOR = timedelta(minutes=30)
_MOVABLE = """
CREATE SCHEMA moved;
CREATE TABLE moved.ahead (span interval NOT NULL);
INSERT INTO moved.ahead VALUES ('0 s');
CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
    'SELECT pg_catalog.clock_timestamp() + span FROM moved.ahead';
ALTER DATABASE {database} SET search_path = public, moved, pg_catalog
"""
"""Named in the path, the built-in functions come where they stand in it, not first."""


class ServerTime:
    """What time it is for everybody who asks one database."""

    def __init__(self, url: str) -> None:
        """Make it movable, for whoever connects from now on."""
        self._url = url
        with self._connected() as connection:
            database = connection.execute(text("SELECT current_database()")).scalar_one()
            for statement in _MOVABLE.format(database=database).split(";\n"):
                connection.execute(text(statement))

    def now(self) -> datetime:
        """Return what processes are told."""
        with self._connected() as connection:
            found: datetime = connection.execute(
                text("SELECT moved.clock_timestamp()")
            ).scalar_one()
            return found.astimezone(UTC)

    def move_to(self, at: datetime) -> None:
        """Let it be `at` now, which is later than it was."""
        with self._connected() as connection:
            moved = connection.execute(
                text(
                    "UPDATE moved.ahead SET span = :at - pg_catalog.clock_timestamp()"
                    " WHERE :at > moved.clock_timestamp()"
                ),
                {"at": at},
            )
            assert moved.rowcount == 1, "time does not go back"

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        engine = open_engine(self._url)
        try:
            with engine.begin() as connection:
                yield connection
        finally:
            engine.dispose()


class Replicas:
    """The installation, its time, and when the window of one environment closes."""

    def __init__(self, guarded: Guarded, *, time: ServerTime) -> None:
        self.guarded = guarded
        self.time = time
        begun = time.now().replace(second=0, microsecond=0)
        self._closes_at = begun + AHEAD
        clusters = guarded.house.lab.registry()["clusters"]
        assert isinstance(clusters, list)
        named = [one | {"environment": ENVIRONMENTS.get(one["name"], "prod")} for one in clusters]
        guarded.house.lab.declare(clusters=named, environments=["prod", *ENVIRONMENTS.values()])
        window = {
            "name": "nightly backup",
            "allow": False,
            "environments": [ENVIRONMENTS[BOUND]],
            "zone": ZONE.key,
            "from": f"{self._closes_at.astimezone(ZONE):%H:%M}",
            "to": f"{(self._closes_at + CLOSED_FOR).astimezone(ZONE):%H:%M}",
        }
        freeze = {
            "reason": "year-end closing",
            "environments": [ENVIRONMENTS[FROZEN]],
            "zone": ZONE.key,
            "from": f"{begun - timedelta(days=1):%Y-%m-%d}",
            "to": f"{begun + timedelta(days=30):%Y-%m-%d}",
        }
        environments = dict.fromkeys(["prod", *ENVIRONMENTS.values()], "prod")
        guarded.write_policy(
            guarded.policy_file, windows=[window], freezes=[freeze], environments=environments
        )

    def next_closing(self, *, after: timedelta) -> datetime:
        """Return when the window closes next, at least so long from now."""
        at, now = self._closes_at, self.time.now()
        while at - after <= now:
            at += timedelta(days=1)
        return at


@contextmanager
def two_replicas(home: Path) -> Iterator[Replicas]:
    """Give the installation at work; ImportError where there is no PostgreSQL to be had."""
    with postgres() as server:
        url = server.empty()
        # Held requests are waited for: they end when a test says so.
        with House(
            home, DATABASE_URL=url, NIGHTDESK_CLUSTER_TIMEOUT_S="25", NIGHTDESK_PUBLIC_URL=PUBLIC
        ) as house:
            time = ServerTime(url)
            guarded = Guarded(house)
            replicas = Replicas(guarded, time=time)
            try:
                guarded.open(operators=2, listeners=2)
                yield replicas
            finally:
                guarded.close()
