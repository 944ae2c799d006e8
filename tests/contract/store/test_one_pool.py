"""A process has one pool of connections to the database and one to Redis, however wired."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
import yaml
from pydantic import SecretStr
from sqlalchemy import text

from bot.adapters.clock import SystemClock
from bot.adapters.redis_client import open_redis
from bot.adapters.redis_server import EmbeddedRedis
from bot.adapters.store.engine import open_engine
from bot.bootstrap.investigator import build_investigator
from bot.bootstrap.operator import build_bench
from bot.bootstrap.workplace import build_workplace
from bot.domain.conversation import ThreadId
from bot.ports.queue import Queue
from bot.settings import LimitSettings, ModelSettings, ServiceSettings, Settings, SlackSettings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.databases import PostgresServer

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def database(postgres_server: PostgresServer) -> Iterator[str]:
    url = postgres_server.fresh()
    yield url
    postgres_server.give_back(url)


@pytest.fixture
def settings(database: str, tmp_path: Path) -> Iterator[Settings]:
    registry = tmp_path / "nightdesk.yaml"
    registry.write_text(yaml.safe_dump({"clusters": [{"name": "prod-eu"}]}), encoding="utf-8")
    with EmbeddedRedis(tmp_path / "redis", clock=SystemClock()) as redis:
        yield Settings(
            slack=SlackSettings(bot_token=SecretStr("xoxb-lab")),
            model=ModelSettings(),
            limits=LimitSettings(),
            service=ServiceSettings(
                home=tmp_path / "home",
                config=registry,
                database_url=SecretStr(database),
                redis_url=SecretStr(redis.url),
            ),
        )


def database_sessions(url: str) -> int:
    """Count the sessions there are beside the one that asks."""
    engine = open_engine(url)
    with engine.connect() as connection:
        count = connection.execute(
            text(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        ).scalar_one()
    engine.dispose()
    return int(count)


def redis_sessions(settings: Settings) -> int:
    """Count the sessions there are beside the one that asks."""
    url = settings.service.redis_url
    assert url is not None
    with open_redis(url.get_secret_value()) as client:
        return len(client.client_list()) - 1


def test_all_a_process_is_made_of_shares_one_session_with_each(
    settings: Settings, database: str
) -> None:
    with closing(build_workplace(settings)) as place:
        crew = build_investigator(settings, place)
        office = build_bench(settings, place).office
        place.store.unrouted(received_before=LONG_AGO, limit=1)
        place.doorbell.ring(Queue.QUESTIONS, "answer", ThreadId("t"))
        crew.dispatch.bring_up("no-such-incident")
        office.book.find("none")
        office.trail.last()
        office.factors.enrolments.factors_of("nobody")
        office.sweep.run()
        office.cards.catch_up()
        assert (database_sessions(database), redis_sessions(settings)) == (1, 1)
    assert (database_sessions(database), redis_sessions(settings)) == (0, 0)
