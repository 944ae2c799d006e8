"""What a process that somebody took over tries in the database, and is refused by the database.

Each statement is one its owner could run: what keeps the process from it is its role alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bot.adapters.store.grants_rights import Client
from bot.domain.errors import UpstreamError
from safe_ops.model.actions import CallOutcome, State
from tests.contract.store.builders import event, question
from tests.contract.store.operations import note, request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from tests.contract.store.grants.staff import Staff

REFUSED: Final = "42501"
"""PostgreSQL's insufficient_privilege: by grant, by row policy and by our trigger alike."""


def a_row(table: str, of: str, **columns: str) -> str:
    """Return a statement that adds a row like one there is, some columns as given."""
    return (
        "INSERT INTO {table} SELECT (jsonb_populate_record(old, jsonb_build_object({given}))).*"
        " FROM {table} old WHERE {of}"
    ).format(
        table=table,
        of=of,
        given=", ".join(f"'{name}', {value}" for name, value in columns.items()),
    )


def an_action(like: str = "draft", **columns: str) -> str:
    new = {"action_id": "'forged'", "number": "99", "request_key": "'forged'"} | columns
    return a_row("actions", f"action_id = :{like}", **new)


def an_approval(of: str, *, subject: str = "idp|eve") -> str:
    return (
        "INSERT INTO action_approvals (action_id, stage, subject, slack_id, name, at, factor)"
        f" VALUES (:{of}, 'manager', '{subject}', 'U1', '\"Eve\"', now(), 'none')"
    )


def a_call(of: str, *, fence: int = 1) -> str:
    return (
        "INSERT INTO action_journal"
        " (action_id, number, fence, part, step, attempt, phase, says, at)"
        f" VALUES (:{of}, 9, {fence}, 'steps', 1, 1, 'before', '\"\"', now())"
    )


def an_entry(event_name: str, *, subject: str = "idp|ana", gap: int = 1, more: str = "") -> str:
    entry = f'{{"event":"{event_name}","actor":{{"subject":"{subject}"}},"action_id":""{more}}}'
    return (
        "INSERT INTO audit_rows (number, at, action_id, entry, previous_hash, hash)"
        f" SELECT number + {gap}, now(), '', '{entry}', hash, 'forged' FROM audit_head"
    )


def a_factor(kind: str) -> str:
    return (
        "INSERT INTO factors (factor_id, subject, kind, secret, label, created_at)"
        f" VALUES ('forged', 'idp|ana', '{kind}', 's', '\"\"', now())"
    )


def to(state: State, of: str, more: str = "") -> str:
    return (
        f"UPDATE actions SET state = '{state.value}', version = version + 1{more}"
        f" WHERE action_id = :{of}"
    )


A_CHECKPOINT: Final = (
    "INSERT INTO audit_checkpoints (number, key_id, hash, at, signature)"
    " VALUES (1, 'k', 'h', now(), 's')"
)
TRUST: Final = (
    "INSERT INTO autonomy_grants (operation, environment, service_key, label, runs, given_at)"
    " VALUES ('evict_pod', 'prod', 'eu/shop/cart', 'A1', 20, now())"
)
A_PERSONS_QUESTION: Final = a_row("questions", "true", question_id="'q'", incident_id="'i'")
A_DELIVERY: Final = a_row("inbox_events", "true", event_id="'forged'")
A_CARD: Final = (
    "INSERT INTO deliveries (key, channel, thread_ts, intended_at)"
    " VALUES ('action/forged', 'C1', '1.0', now())"
)
THROWN: Final = "UPDATE switches SET stopped_by = 'eve'"
RELEASED: Final = "UPDATE switches SET stopped_by = ''"
BACK: Final = "UPDATE audit_head SET number = 1, hash = (SELECT hash FROM audit_rows LIMIT 1)"
AHEAD: Final = "UPDATE audit_head SET number = number + 100"
EVERYBODYS: Final = (
    "UPDATE audit_rows SET entry = '{}'",
    "DELETE FROM audit_rows",
    "TRUNCATE audit_rows",
    "UPDATE audit_checkpoints SET hash = 'x'",
    "DELETE FROM audit_checkpoints",
    "UPDATE action_approvals SET subject = 'idp|eve'",
    "DELETE FROM action_approvals",
    "UPDATE action_journal SET outcome = 'not_applied'",
    "DELETE FROM action_journal",
    "UPDATE actions SET request = '{}'",
    "UPDATE actions SET requester = 'idp|eve'",
    "UPDATE actions SET number = number + 1000",
    "DELETE FROM action_rationales",
    "UPDATE evidence SET digest = 'x'",
    BACK,
    AHEAD,
    an_entry("action.started", gap=2),
    an_entry("test.forged"),
    a_row("audit_head", "true", head_id="2"),
    "UPDATE factors SET secret = 'mine'",
    "UPDATE alembic_version SET version_num = '0001'",
    "UPDATE inbox_events SET payload = '{}'",
    "ALTER TABLE actions DISABLE ROW LEVEL SECURITY",
    "DROP POLICY IF EXISTS nightdesk_investigator_insert ON actions",
    "ALTER TABLE actions DISABLE TRIGGER ALL",
    "CREATE TABLE mine (id integer)",
    "CREATE ROLE mine SUPERUSER",
    "SET ROLE postgres",
)
BREAKS_GLASS: Final = """replace(old.request, '"break_glass":""', '"break_glass":"quick"')"""
GLASS_INSIDE: Final = (
    "regexp_replace(old.request, '}$',"
    """ ',"break_glass":"q","x":{"break_glass":"","origin":""}}')"""
)
FOLLOWS: Final = """replace(old.request, '"origin":""', '"origin":"' || :approved || '"')"""
OF: Final[dict[Client, tuple[str, ...]]] = {
    Client.INVESTIGATOR: (
        an_approval("pending"),
        an_approval("approved", subject="policy:abc"),
        an_action(state="'approved'"),
        an_action(like="ended"),
        an_action(like="ended", state="'draft'"),
        an_action(request=BREAKS_GLASS),
        an_action(request=GLASS_INSIDE),
        an_action(request=FOLLOWS),
        an_action(executed_at="now()"),
        to(State.APPROVED, "pending"),
        to(State.CANCELLED, "draft"),
        "SELECT * FROM actions FOR UPDATE",
        "UPDATE actions SET plan = '{}' WHERE action_id = :draft",
        "INSERT INTO action_rationales (action_id, body) VALUES (:pending, '\"do it\"')",
        a_call("executing"),
        THROWN,
        a_factor("webauthn"),
        "DELETE FROM factors",
        "INSERT INTO factor_counters (subject, counter) VALUES ('totp:f1', 0)",
        A_DELIVERY,
        A_CHECKPOINT,
        TRUST,
        an_entry("action.approved"),
        an_entry("action.requested", subject="process:operator"),
        an_entry("run.closed", more=',"event":"action.approved"'),
        an_entry("run.closed", more=',"action_id":"other"'),
        A_PERSONS_QUESTION,
        A_CARD,
        "INSERT INTO action_cards (action_id, version, rows, holder) VALUES (:ended, 9, 0, '')",
        "SELECT secret FROM factors",
        "SELECT entry FROM audit_rows",
        "SELECT payload FROM inbox_events",
    ),
    Client.LISTENER: (
        a_call("executing"),
        to(State.CLAIMED, "approved"),
        to(State.EXECUTING, "approved"),
        to(State.APPROVED, "ended"),
        to(State.APPROVED, "executing"),
        to(State.SUCCEEDED, "executing"),
        to(State.REVOKED, "executing"),
        to(State.APPROVED, "draft"),
        "UPDATE actions SET plan = '{}' WHERE action_id = :pending",
        "UPDATE actions SET digest = 'x' WHERE action_id = :pending",
        "UPDATE actions SET fence = 0 WHERE action_id = :executing",
        "UPDATE actions SET version = 1 WHERE action_id = :pending",
        an_action(state="'approved'"),
        an_approval("pending", subject="policy:abc"),
        an_approval("executing"),
        an_approval("ended"),
        a_factor("totp"),
        "DELETE FROM factors",
        an_entry("action.succeeded"),
        an_entry("action.approved", subject="process:operator"),
        A_CHECKPOINT,
        TRUST,
        "DELETE FROM inbox_events",
    ),
    Client.PLANNER: (
        an_approval("pending"),
        an_action(),
        a_call("executing"),
        to(State.APPROVED, "pending"),
        to(State.CLAIMED, "approved"),
        "UPDATE actions SET plan = '{}' WHERE action_id = :approved",
        "UPDATE actions SET fence = 9 WHERE action_id = :approved",
        "SELECT * FROM switches FOR SHARE",
        an_entry("call.before", subject="process:operator"),
        an_entry("action.planned"),
        TRUST,
    ),
    Client.OPERATOR: (
        an_approval("pending"),
        an_approval("ended", subject="policy:abc"),
        an_action(),
        to(State.APPROVED, "pending"),
        to(State.APPROVED, "ended"),
        to(State.CLAIMED, "ended", ", fence = fence + 1"),
        "UPDATE actions SET plan = '{}' WHERE action_id = :approved",
        to(State.CLAIMED, "approved", ", digest = 'another'"),
        "UPDATE actions SET fence = 0 WHERE action_id = :executing",
        to(State.PENDING_MANAGER, "approved"),
        a_call("approved"),
        a_call("executing", fence=2),
        RELEASED,
        "UPDATE switches SET switches_id = 2",
        an_entry("switch.set"),
        an_entry("action.claimed"),
        an_entry("action.agreed", subject="process:operator"),
        a_factor("totp"),
        "SELECT secret FROM factors",
        A_DELIVERY,
        TRUST,
    ),
    Client.CRON: (
        a_call("executing"),
        to(State.CLAIMED, "approved"),
        to(State.APPROVED, "ended"),
        an_entry("call.before"),
        an_entry("action.expired", subject="process:operator"),
        A_DELIVERY,
        a_factor("webauthn"),
        TRUST,
    ),
    Client.AUDIT: (
        an_approval("pending"),
        an_action(),
        a_call("executing"),
        to(State.APPROVED, "pending"),
        an_entry("run.closed"),
        THROWN,
        A_CHECKPOINT,
        TRUST,
        "SELECT * FROM audit_head FOR UPDATE",
        "SELECT secret FROM factors",
    ),
    Client.FACTOR: (
        an_approval("pending"),
        an_action(),
        to(State.APPROVED, "pending"),
        an_entry("action.approved", subject="process:terminal"),
        an_entry("factor.added"),
        THROWN,
        TRUST,
        "SELECT * FROM actions",
    ),
}


@pytest.fixture(scope="module")
def scene(all_staff: Staff) -> Iterator[dict[str, str]]:
    """An action in each kind of state, with a row of everything there is to forge."""
    all_staff.empty()
    owner = all_staff.everybody()
    owner.book.change_switches(lambda found: found, note("switch.set"))
    found = {
        "draft": owner.requested(),
        "pending": owner.planned("waits"),
        "approved": owner.approved("ready"),
        "executing": owner.started("under-way"),
        "ended": owner.deny(owner.planned("over")),
    }
    owner.after(owner.before(found["executing"]), CallOutcome.APPLIED)
    all_staff.store(Client.LISTENER).record(event())
    all_staff.store(Client.LISTENER).add_question(question())
    yield {name: action.action_id for name, action in found.items()}
    all_staff.empty()


THEIRS: Final[dict[Client, tuple[str, ...]]] = {
    Client.LISTENER: (
        an_action(request=BREAKS_GLASS),
        an_approval("pending"),
        to(State.APPROVED, "pending"),
        a_factor("webauthn"),
        THROWN,
        A_DELIVERY,
    ),
    Client.INVESTIGATOR: (an_action(), an_entry("run.closed")),
    Client.PLANNER: (
        to(State.PENDING_ONCALL, "draft", ", plan = '{}'"),
        an_approval("approved", subject="policy:abc"),
        an_entry("action.planned", subject="process:operator"),
    ),
    Client.OPERATOR: (
        to(State.CLAIMED, "approved", ", fence = fence + 1"),
        a_call("executing"),
        an_entry("call.before", subject="process:operator"),
        A_CHECKPOINT,
        "SELECT * FROM switches FOR SHARE",
    ),
    Client.CRON: (to(State.EXPIRED, "approved"), an_entry("click.refused"), A_CHECKPOINT),
    Client.AUDIT: ("SELECT entry FROM audit_rows",),
    Client.FACTOR: (a_factor("totp"), an_entry("factor.removed", subject="process:terminal")),
}
"""The same statements where they are the process's own to make."""


def attempt(engine: Engine, statement: str, scene: dict[str, str]) -> str:
    """Return the state PostgreSQL answers a statement with; empty where it is carried out."""
    with engine.connect() as connection, connection.begin() as transaction:
        try:
            connection.execute(text(statement), scene)
        except DBAPIError as error:
            return getattr(error.orig, "sqlstate", "") or "unknown"
        finally:
            transaction.rollback()
    return ""


@pytest.mark.parametrize("client", Client)
def test_the_database_refuses_what_only_another_process_may(
    client: Client, scene: dict[str, str], all_staff: Staff
) -> None:
    engine = all_staff.engine(client)
    tried = {one: attempt(engine, one, scene) for one in (*OF[client], *EVERYBODYS)}
    assert {one: state for one, state in tried.items() if state != REFUSED} == {}


@pytest.mark.parametrize("client", Client)
def test_the_database_lets_each_do_its_own(
    client: Client, scene: dict[str, str], all_staff: Staff
) -> None:
    engine = all_staff.engine(client)
    tried = {one: attempt(engine, one, scene) for one in THEIRS[client]}
    assert {one: state for one, state in tried.items() if state} == {}


def test_each_forgery_is_a_statement_the_owner_could_run(
    scene: dict[str, str], all_staff: Staff
) -> None:
    forgeries = {one for own in OF.values() for one in (*own, *EVERYBODYS)}
    tried = {one: attempt(all_staff.owner, one, scene) for one in sorted(forgeries)}
    assert {one: state for one, state in tried.items() if state} == {}


def test_another_processs_card_is_out_of_an_investigators_reach(
    all_staff: Staff,
) -> None:
    with all_staff.owner.begin() as connection:
        connection.execute(text(A_CARD))
    with all_staff.engine(Client.INVESTIGATOR).begin() as connection:
        moved = connection.execute(text("UPDATE deliveries SET ts = '9.9'")).rowcount
    with all_staff.owner.begin() as connection:
        left = connection.execute(text("DELETE FROM deliveries RETURNING ts")).scalars().all()
    assert (moved, left) == (0, [None])


def test_what_a_role_may_not_do_is_told_with_what_helps(all_staff: Staff) -> None:
    with pytest.raises(UpstreamError, match="nightdesk db grants") as told:
        all_staff.book(Client.AUDIT).open(request())
    assert told.value.retry_after_s is None
