"""The table of rights keeps up with the code, and what is printed of it is safe to run."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot
import safe_ops
from bot.adapters.store import grants_audit
from bot.adapters.store.grants import RIGHTS, right_of
from bot.adapters.store.grants_rights import ALL, Client
from bot.adapters.store.grants_sql import fingerprint, grants_sql, quoted
from bot.adapters.store.tables import metadata
from bot.domain.errors import SettingsError
from safe_ops.model.actions import TERMINAL, State
from tests.unit.safe_ops.test_lifecycle import TABLE

if TYPE_CHECKING:
    from collections.abc import Iterator

ALEMBICS: Final = {"alembic_version"}
NEVER_CHANGED: Final = ("action_approvals", "action_journal", "audit_rows", "audit_checkpoints")
_EVENT: Final = re.compile(r"[a-z]+\.[a-z_]+")


def test_every_table_says_who_may_do_what_with_it() -> None:
    assert set(RIGHTS) == set(metadata.tables) | ALEMBICS


def test_only_columns_there_are_are_named() -> None:
    for table in set(RIGHTS) - ALEMBICS:
        known = {*metadata.tables[table].columns.keys(), *ALL}
        for client in Client:
            right = right_of(client, table)
            assert known >= {*right.reads, *right.changes}


@pytest.mark.parametrize("table", NEVER_CHANGED)
def test_nobody_changes_or_deletes_what_was_said_and_done(table: str) -> None:
    for client in Client:
        right = right_of(client, table)
        assert (right.changes, right.deletes) == ((), False)


def test_an_investigator_writes_nothing_of_an_operation_but_the_wish() -> None:
    written = {
        table
        for table in RIGHTS
        if (right := right_of(Client.INVESTIGATOR, table)).adds or right.changes or right.deletes
        if table.startswith(("action", "audit", "autonomy", "factor", "switch"))
    }
    assert written == {"actions", "action_rationales", "audit_head", "audit_rows"}
    assert right_of(Client.INVESTIGATOR, "actions").changes == ()


def test_only_the_operator_writes_the_journal() -> None:
    writers = [client for client in Client if right_of(client, "action_journal").adds]
    assert writers == [Client.OPERATOR]


def test_every_move_of_the_lifecycle_is_somebodys_and_no_end_is_left() -> None:
    moves = {move for client in Client for move in right_of(client, "actions").moves}
    assert moves >= {(before, after) for (before, _), after in TABLE.items()}
    assert not any(before in TERMINAL for before, _ in moves)


def test_only_operators_bring_an_action_to_work() -> None:
    at_work = {State.CLAIMED, State.EXECUTING, State.VERIFYING, State.ROLLING_BACK}
    for client in set(Client) - {Client.OPERATOR}:
        assert not any(after in at_work for _, after in right_of(client, "actions").moves)


def events_in(root: Path) -> Iterator[str]:
    """Yield every text that looks like an event in modules that write audit entries."""
    for path in root.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = {
            node.func.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        if "AuditEntry" not in called:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and _EVENT.fullmatch(str(node.value)):
                yield str(node.value)


def test_every_event_of_the_audit_is_somebodys() -> None:
    told = {name for package in (bot, safe_ops) for name in events_in(Path(package.__path__[0]))}
    known = {
        event
        for events in (
            grants_audit.BY_LISTENER,
            grants_audit.BY_INVESTIGATOR,
            grants_audit.BY_PLANNER,
            grants_audit.BY_OPERATOR,
            grants_audit.BY_CRON,
            grants_audit.BY_FACTOR,
        )
        for event in events
    }
    assert told - known == set()
    assert known - told == set()


def test_no_role_at_all_is_refused() -> None:
    with pytest.raises(SettingsError, match="--listener ROLE"):
        grants_sql({})


def test_two_processes_never_share_a_role() -> None:
    with pytest.raises(SettingsError, match="nd is named for several processes"):
        grants_sql({Client.LISTENER: "nd", Client.OPERATOR: "nd"})


@pytest.mark.parametrize("name", ["", "public", "none", "pg_monitor", "a\0b", "é" * 32])
def test_a_name_that_would_mean_somebody_else_is_refused(name: str) -> None:
    with pytest.raises(SettingsError):
        grants_sql({Client.CRON: name})


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=15))
def test_no_name_ends_its_quotes(name: str) -> None:
    if "\0" in name or name in {"public", "none"} or name.startswith("pg_"):
        return
    inside = quoted(name)[1:-1]
    assert inside.replace('""', "").count('"') == 0
    assert inside.replace('""', '"') == name


def test_rights_of_a_version_are_told_apart_by_process_and_not_by_role() -> None:
    marks = [fingerprint(client) for client in Client]
    assert len(set(marks)) == len(marks)
    printed = grants_sql({Client.CRON: "sweeper"})
    assert fingerprint(Client.CRON) in printed
    assert fingerprint(Client.LISTENER) not in printed
