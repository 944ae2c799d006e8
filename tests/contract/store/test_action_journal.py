"""What the journal refuses is what must never be sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import update

from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.engine import writing
from bot.adapters.store.operation_tables import actions
from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.model.actions import CallOutcome, JournalRow, Phase, State, Switches
from tests.contract.store.action_promises import check_promises
from tests.contract.store.operations import Crew, note
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from safe_ops.model.actions import Action
    from tests.lab.clock import LabClock


@pytest.fixture
def crew(engine: Engine, lab: LabClock) -> Iterator[Crew]:
    yield Crew(SqlActionBook(engine, LabTime(lab), lambda: uuid4().hex))
    check_promises(engine, LabTime(lab))


def refused(crew: Crew, row: JournalRow) -> str:
    before = crew.book.journal(row.action_id)
    with pytest.raises(RefusedError) as refusal:
        crew.book.write_journal(row)
    assert crew.book.journal(row.action_id) == before
    return refusal.value.code


def test_rows_are_read_back_in_the_order_they_were_written(crew: Crew) -> None:
    action = crew.started()
    second = crew.before(action, 1)
    first = crew.before(action, 0)
    crew.book.write_journal(
        replace(first, phase=Phase.AFTER, outcome=CallOutcome.APPLIED, says="200 \x00")
    )
    crew.after(second, CallOutcome.UNKNOWN)
    rows = crew.book.journal(action.action_id)
    assert [(row.step, row.phase, row.outcome, row.says) for row in rows] == [
        (1, Phase.BEFORE, None, ""),
        (0, Phase.BEFORE, None, ""),
        (0, Phase.AFTER, CallOutcome.APPLIED, "200 \x00"),
        (1, Phase.AFTER, CallOutcome.UNKNOWN, ""),
    ]
    assert all(row.at is not None and row.at >= action.changed_at for row in rows)


def test_a_call_that_was_begun_is_not_begun_again(crew: Crew) -> None:
    action = crew.started()
    begun = crew.before(action)
    assert refused(crew, begun) == "journal"
    assert refused(crew, replace(begun, attempt=2)) == "journal"


@pytest.mark.parametrize("outcome", [CallOutcome.APPLIED, CallOutcome.UNKNOWN])
def test_a_call_that_may_have_taken_effect_is_not_begun_again(
    crew: Crew, outcome: CallOutcome
) -> None:
    action = crew.started()
    begun = crew.before(action)
    crew.after(begun, outcome)
    assert refused(crew, replace(begun, attempt=2)) == "journal"


def test_a_call_that_took_no_effect_may_be_begun_once_more(crew: Crew) -> None:
    action = crew.started()
    begun = crew.before(action)
    crew.after(begun, CallOutcome.NOT_APPLIED)
    assert refused(crew, begun) == "journal"
    assert refused(crew, replace(begun, attempt=3)) == "journal"
    again = crew.before(action, attempt=2)
    crew.after(again, CallOutcome.APPLIED)


def test_the_first_attempt_is_the_first(crew: Crew) -> None:
    action = crew.started()
    assert refused(crew, replace(row_of(action), attempt=2)) == "journal"
    assert refused(crew, replace(row_of(action), outcome=CallOutcome.APPLIED)) == "journal"


def row_of(action: Action, part: str = "steps") -> JournalRow:
    return JournalRow(
        action_id=action.action_id,
        fence=action.fence,
        part=part,
        step=0,
        attempt=1,
        phase=Phase.BEFORE,
    )


def test_only_what_was_begun_can_end_and_only_once(crew: Crew) -> None:
    action = crew.started()
    ended = replace(row_of(action), phase=Phase.AFTER, outcome=CallOutcome.APPLIED)
    assert refused(crew, ended) == "journal"
    begun = crew.before(action)
    assert refused(crew, replace(begun, phase=Phase.AFTER)) == "journal"
    assert refused(crew, replace(ended, attempt=2)) == "journal"
    assert refused(crew, replace(ended, step=1)) == "journal"
    crew.book.write_journal(ended)
    assert refused(crew, replace(ended, outcome=CallOutcome.NOT_APPLIED)) == "journal"


def test_an_operator_that_was_replaced_writes_nothing_more(crew: Crew, engine: Engine) -> None:
    action = crew.started()
    begun = crew.before(action)
    let_lease_run_out(engine, action)
    taken = crew.claim(action, "op-2")
    for late in (replace(begun, phase=Phase.AFTER, outcome=CallOutcome.APPLIED), row_of(action)):
        with pytest.raises(FenceLostError, match=r"taken over by op-2 \(fence 2, ours is 1\)"):
            crew.book.write_journal(late)
    crew.after(replace(begun, fence=taken.fence), CallOutcome.APPLIED)


def let_lease_run_out(engine: Engine, action: Action) -> None:
    with writing(engine) as connection:
        connection.execute(
            update(actions)
            .where(actions.c.action_id == action.action_id)
            .values(lease_until=action.changed_at - timedelta(seconds=1))
        )


def test_without_its_lease_an_operator_begins_no_call_but_may_tell_how_one_ended(
    crew: Crew, engine: Engine
) -> None:
    action = crew.started()
    begun = crew.before(action)
    let_lease_run_out(engine, action)
    with pytest.raises(FenceLostError, match="lease on A1 ran out"):
        crew.before(action, 1)
    crew.after(begun, CallOutcome.APPLIED)


def test_no_call_begins_before_the_action_executes(crew: Crew) -> None:
    waiting = crew.approved("a")
    claimed = crew.claim(crew.approved("b"))
    for action in (waiting, claimed):
        with pytest.raises(FenceLostError):
            crew.before(action)
    with pytest.raises(FenceLostError, match="no call of its undo begins"):
        crew.before(crew.started("c"), part="undo")
    with pytest.raises(FenceLostError, match="no call of its other begins"):
        crew.before(crew.started("d"), part="other")


def test_no_call_begins_once_the_action_has_ended(crew: Crew) -> None:
    action = crew.fail(crew.started())
    assert action.state is State.FAILED
    with pytest.raises(FenceLostError, match="failed and not at work"):
        crew.before(action)


def test_an_unknown_action_has_no_journal(crew: Crew) -> None:
    assert crew.book.journal("nobody") == ()
    with pytest.raises(FenceLostError, match="does not exist"):
        crew.book.write_journal(replace(row_of(crew.started()), action_id="nobody"))


def test_a_stop_refuses_further_steps_but_not_their_ends(crew: Crew) -> None:
    action = crew.started()
    begun = crew.before(action, 0)
    crew.book.change_switches(lambda _: Switches(stopped_by="Mia"), note("switch.set"))
    assert refused(crew, replace(row_of(action), step=1)) == "stopped"
    crew.after(begun, CallOutcome.APPLIED)


def test_a_stop_lets_what_was_changed_be_changed_back(crew: Crew) -> None:
    action = crew.undoing()
    crew.book.change_switches(lambda _: Switches(stopped_by="Mia"), note("switch.set"))
    crew.after(crew.before(action, part="undo"), CallOutcome.APPLIED)
    with pytest.raises(FenceLostError):
        crew.before(action, 1)
