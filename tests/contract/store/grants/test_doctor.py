"""What `nightdesk doctor` says of the role a process connects with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from bot.adapters.clock import SystemClock
from bot.adapters.store.grants_rights import Client
from bot.adapters.store.grants_sql import quoted
from bot.adapters.store.probe import database_probe
from bot.adapters.store.schema import check_schema, upgrade
from bot.adapters.store.tables import HEAD
from bot.domain.errors import SettingsError
from bot.ports.probe import Checkup, Health
from tests.contract.store.grants.staff import Staff, run_script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.databases import SqliteFiles


def rights(url: str) -> Checkup:
    looked = database_probe(url, clock=SystemClock())()
    (found,) = [one for one in looked if one.part == "database rights"]
    return found


@pytest.fixture
def mended(staff: Staff) -> Iterator[Staff]:
    """The staff, whose rights are as they were once the test is over."""
    yield staff
    staff.grant()


@pytest.mark.parametrize("client", Client)
def test_a_role_with_its_processs_rights_is_well(client: Client, staff: Staff) -> None:
    found = rights(staff.url(client))
    assert (found.health, found.next_step) == (Health.OK, None)
    assert found.found.endswith(f"has the rights of {client.value} and no more")


def test_the_owner_may_do_everything_which_is_too_much(staff: Staff) -> None:
    found = rights(staff.owner_url)
    assert found.health is Health.WARNING
    assert "may write everything" in found.found
    assert "nightdesk db grants" in (found.next_step or "")


def test_a_right_too_many_is_named_with_its_column(mended: Staff) -> None:
    role = quoted(mended.roles[Client.INVESTIGATOR])
    run_script(
        mended.owner_url,
        f"GRANT UPDATE (state) ON actions TO {role}; GRANT DELETE ON evidence TO {role};",
    )
    found = rights(mended.url(Client.INVESTIGATOR))
    assert found.health is Health.WARNING
    assert found.found.endswith("needs: UPDATE actions (state), DELETE evidence")
    assert "--investigator" in (found.next_step or "")


def test_a_right_that_is_missing_is_a_failure(mended: Staff) -> None:
    role = quoted(mended.roles[Client.OPERATOR])
    run_script(mended.owner_url, f"REVOKE INSERT ON action_journal FROM {role};")
    found = rights(mended.url(Client.OPERATOR))
    assert found.health is Health.FAILED
    assert found.found.endswith("lacks what operator needs: INSERT action_journal")


def test_conditions_on_rows_that_are_switched_off_are_told(mended: Staff) -> None:
    run_script(mended.owner_url, "ALTER TABLE actions DISABLE ROW LEVEL SECURITY;")
    found = rights(mended.url(Client.INVESTIGATOR))
    assert found.health is Health.WARNING
    assert found.found.endswith("any row of actions")


def test_rights_of_another_version_are_told(mended: Staff) -> None:
    run_script(
        mended.owner_url, "COMMENT ON POLICY nightdesk_cron_select ON audit_head IS 'another';"
    )
    found = rights(mended.url(Client.CRON))
    assert found.health is Health.WARNING
    assert "in another version" in found.found


def test_a_role_that_is_two_processes_is_told(mended: Staff) -> None:
    both = f"{quoted(mended.roles[Client.OPERATOR])} TO {quoted(mended.roles[Client.LISTENER])}"
    run_script(mended.owner_url, f"GRANT {both};")
    found = rights(mended.url(Client.LISTENER))
    run_script(mended.owner_url, f"REVOKE {both.replace(' TO ', ' FROM ')};")
    assert found.health is Health.WARNING
    assert "has the rights of 2 processes" in found.found


def test_a_role_that_may_become_the_owner_is_told(mended: Staff) -> None:
    role = quoted(mended.roles[Client.LISTENER])
    run_script(mended.owner_url, f"GRANT postgres TO {role} WITH INHERIT FALSE;")
    found = rights(mended.url(Client.LISTENER))
    run_script(mended.owner_url, f"REVOKE postgres FROM {role};")
    assert found.health is Health.WARNING
    assert "it may become postgres" in found.found


def test_an_embedded_database_is_its_users_as_a_whole(sqlite_files: SqliteFiles) -> None:
    found = rights(sqlite_files.fresh())
    assert found.health is Health.OK
    assert "one file of one user" in found.found


def test_a_process_leaves_migrations_to_the_owner(mended: Staff) -> None:
    engine = mended.engine(Client.LISTENER)
    with mended.owner.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    try:
        with pytest.raises(SettingsError, match="belong to postgres") as refused:
            upgrade(engine)
        assert "nightdesk db grants" in str(refused.value.problems)
        with pytest.raises(SettingsError, match="as the tables' owner"):
            check_schema(engine)
        assert "database rights" not in {
            one.part for one in database_probe(mended.owner_url, clock=SystemClock())()
        }
    finally:
        with mended.owner.begin() as connection:
            connection.execute(text(f"UPDATE alembic_version SET version_num = '{HEAD}'"))


def test_granting_twice_changes_nothing(staff: Staff) -> None:
    staff.grant()
    assert rights(staff.url(Client.OPERATOR)).health is Health.OK
