"""The journal is proved by the audit: whoever changes a row of it by hand is found."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import delete, insert, select, text, update

from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.engine import writing
from bot.adapters.store.kept_calls import SqlKeptCalls
from bot.adapters.store.operation_tables import action_journal
from bot.domain.errors import UpstreamError
from safe_ops.model.actions import CallOutcome, State
from safe_ops.service.call_proof import CallProof
from tests.contract.store.action_promises import check_promises
from tests.contract.store.operations import Crew
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

    from tests.lab.clock import LabClock


@pytest.fixture
def crew(engine: Engine, lab: LabClock) -> Crew:
    return Crew(SqlActionBook(engine, LabTime(lab), lambda: uuid4().hex))


@pytest.fixture
def trail(engine: Engine, lab: LabClock) -> SqlTrail:
    return SqlTrail(engine, LabTime(lab), str)


def faults(engine: Engine, lab: LabClock) -> list[str]:
    kept = SqlKeptCalls(engine, LabTime(lab), str)
    proof = CallProof(kept)
    proof.see(SqlTrail(engine, LabTime(lab), str).rows())
    return [fault.says for fault in proof.faults()]


def test_each_row_of_a_journal_is_in_the_audit_with_its_call_and_who_sent_it(
    crew: Crew, trail: SqlTrail
) -> None:
    action = crew.started()
    crew.after(crew.before(action, 1), CallOutcome.NOT_APPLIED)
    before, after = trail.rows_of(action.action_id)[-2:]
    assert (before.entry.event, after.entry.event) == ("call.before", "call.after")
    assert (before.entry.actor.subject, before.entry.actor.address) == ("process:operator", "op-1")
    assert before.entry.digest == action.digest
    assert before.entry.facts == {
        "row": 1,
        "part": "steps",
        "step": 1,
        "attempt": 1,
        "fence": 1,
        "outcome": "",
        "call": "PATCH",
        "path": "/apis/apps/v1/namespaces/shop/deployments/cart-1",
    }
    assert (after.entry.facts["row"], after.entry.facts["outcome"]) == (2, "not_applied")
    assert before.at == crew.book.journal(action.action_id)[0].at


def test_a_call_of_an_undo_is_named_as_the_plan_has_it(crew: Crew, trail: SqlTrail) -> None:
    crew.before(crew.undoing(), part="undo")
    last = trail.last()
    assert last is not None
    assert str(last.entry.facts["path"]).endswith("cart-2")


def edit(engine: Engine) -> None:
    with writing(engine) as connection:
        second = action_journal.c.number == 2
        connection.execute(update(action_journal).where(second).values(outcome="applied"))


def say_otherwise(engine: Engine) -> None:
    with writing(engine) as connection:
        second = action_journal.c.number == 2
        connection.execute(update(action_journal).where(second).values(says="all went well"))


def make_unreadable(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(text("UPDATE action_journal SET phase = 'gone' WHERE number = 2"))


def drop(engine: Engine) -> None:
    with writing(engine) as connection:
        connection.execute(delete(action_journal).where(action_journal.c.number == 2))


def add(engine: Engine) -> None:
    with writing(engine) as connection:
        found = connection.execute(
            select(action_journal).where(action_journal.c.number == 2)
        ).mappings()
        row = dict(found.one())
        for number in (4, 5):
            made_up = row | {"number": number, "step": number}
            connection.execute(insert(action_journal).values(made_up))


@pytest.mark.parametrize(
    ("tamper", "named"),
    [
        (edit, "row 2 of its journal (row 7 of the audit tells of it) was changed"),
        (say_otherwise, "row 2 of its journal (row 7 of the audit tells of it) was changed"),
        (make_unreadable, "row 2 of its journal (row 7 of the audit tells of it) cannot be read"),
        (drop, "row 2 of its journal (row 7 of the audit tells of it) is gone"),
        (add, "rows from 4 to 5 of its journal: the audit knows nothing"),
    ],
)
def test_a_row_of_the_journal_changed_by_hand_is_named(
    crew: Crew, engine: Engine, lab: LabClock, tamper: Callable[[Engine], None], named: str
) -> None:
    action = crew.started()
    crew.after(crew.before(action), CallOutcome.NOT_APPLIED)
    crew.before(action, attempt=2)
    assert faults(engine, lab) == []
    tamper(engine)
    (says,) = faults(engine, lab)
    assert says.startswith(named)


def test_what_a_row_says_that_json_cannot_carry_is_no_fault(
    crew: Crew, engine: Engine, lab: LabClock
) -> None:
    action = crew.started()
    row = crew.before(action)
    crew.after(row, CallOutcome.APPLIED, says="half an emoji \ud83d and \x00")
    assert faults(engine, lab) == []


def test_rows_written_while_the_audit_is_read_are_no_fault(
    crew: Crew, engine: Engine, lab: LabClock, trail: SqlTrail
) -> None:
    action = crew.started()
    first = crew.before(action)
    proof = CallProof(SqlKeptCalls(engine, LabTime(lab), str))
    proof.see(trail.rows())
    crew.after(first, CallOutcome.APPLIED)
    crew.before(action, 1)
    assert proof.faults() == ()


def test_a_call_whose_audit_row_cannot_be_written_is_not_begun(crew: Crew, engine: Engine) -> None:
    action = crew.started()
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE audit_rows RENAME TO audit_rows_away"))
    with pytest.raises(UpstreamError):
        crew.before(action)
    with writing(engine) as connection:
        connection.execute(text("ALTER TABLE audit_rows_away RENAME TO audit_rows"))
    assert crew.book.journal(action.action_id) == ()
    crew.before(action)


def test_calls_change_no_state_and_count_for_no_transition(
    crew: Crew, engine: Engine, lab: LabClock
) -> None:
    """I6: one audit row for each transition, however many calls there were between."""
    action = crew.started()
    for step in (0, 1):
        crew.after(crew.before(action, step), CallOutcome.APPLIED)
    assert crew.finish(action).state is State.SUCCEEDED
    check_promises(engine, LabTime(lab))
