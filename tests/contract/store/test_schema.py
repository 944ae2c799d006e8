"""Migrations lead to the tables, and a process can tell when they have not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import MIGRATIONS, check_schema, current, pending, upgrade
from bot.adapters.store.tables import HEAD, metadata
from bot.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.databases import PostgresServer, SqliteFiles


@pytest.fixture
def empty(databases: SqliteFiles | PostgresServer) -> Iterator[Engine]:
    url = databases.empty()
    engine = open_engine(url)
    yield engine
    engine.dispose()
    databases.drop(url)


def test_migrations_lead_to_exactly_the_tables_of_this_version(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_migrations_name_every_constraint_and_index_as_the_tables_do(empty: Engine) -> None:
    """compare_metadata does not see check constraints and the conditions of partial indexes."""
    metadata.create_all(empty)
    declared = names_in(empty)
    metadata.drop_all(empty)
    upgrade(empty)
    assert names_in(empty) == declared


def names_in(engine: Engine) -> dict[str, object]:
    found = inspect(engine)
    return {
        table: (
            sorted(str(check["name"]) for check in found.get_check_constraints(table)),
            sorted(
                (
                    str(index["name"]),
                    index["unique"],
                    {k: str(v) for k, v in index.get("dialect_options", {}).items()},
                )
                for index in found.get_indexes(table)
            ),
            found.get_pk_constraint(table)["name"],
        )
        for table in metadata.tables
    }


def test_this_version_knows_its_newest_migration() -> None:
    assert ScriptDirectory(str(MIGRATIONS)).get_heads() == [HEAD]


def test_an_empty_database_says_what_to_run(empty: Engine) -> None:
    assert current(empty) is None
    assert pending(empty) == ["0001", "0002", "0003", "0004"]
    with pytest.raises(SettingsError, match="run `nightdesk db upgrade`"):
        check_schema(empty)


def test_upgrading_twice_is_harmless(empty: Engine) -> None:
    upgrade(empty)
    upgrade(empty)
    check_schema(empty)
    assert current(empty) == HEAD
    assert pending(empty) == []


def test_a_newer_database_is_not_touched_by_an_older_version(empty: Engine) -> None:
    upgrade(empty)
    with empty.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SettingsError, match="run the newer version"):
        check_schema(empty)
    with pytest.raises(SettingsError, match="run the newer version"):
        pending(empty)


def test_a_database_in_memory_can_be_migrated() -> None:
    engine = open_engine("sqlite://")
    upgrade(engine)
    check_schema(engine)
    engine.dispose()
