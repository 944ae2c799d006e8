"""An outcome nobody knows: due for a look in its time, read back under a fence, settled once."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import update

from bot.adapters.clock import SystemClock
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.engine import writing
from bot.adapters.store.operation_tables import actions
from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.model import events as on
from safe_ops.model.actions import Action, Outcome, State
from tests.contract.store.action_promises import check_promises
from tests.contract.store.operations import Crew, actor
from tests.contract.store.test_action_races import at_once, now_of

if TYPE_CHECKING:
    from sqlalchemy import Engine

OPERATOR = actor("process:operator")


@pytest.fixture
def crew(engine: Engine) -> Crew:
    return Crew(SqlActionBook(engine, SystemClock(), lambda: uuid4().hex))


def lost(crew: Crew) -> Action:
    action = crew.started()
    crew.before(action)
    outcome = on.OutcomeLost(actor=OPERATOR, fence=action.fence, outcome=Outcome(says="no answer"))
    return crew.tell(action, lambda _now: outcome)


def look_again(crew: Crew, action: Action, operator: str = "op-2") -> Action:
    return crew.tell(action, lambda _now: on.LookedAgain(actor=OPERATOR, operator=operator))


def read_back(crew: Crew, action: Action) -> Action:
    return crew.tell(
        action,
        lambda _now: on.ReadBack(
            actor=OPERATOR,
            fence=action.fence,
            took_effect=True,
            outcome=Outcome(says="it took effect"),
            read={"0": "applied"},
        ),
    )


def let_time_pass(engine: Engine, action: Action, *, minutes: float) -> None:
    """Set the row's times back, as if so long had gone by since its last change."""
    back = timedelta(minutes=minutes)
    assert action.stage_until is not None
    with writing(engine) as connection:
        connection.execute(
            update(actions)
            .where(actions.c.action_id == action.action_id)
            .values(
                changed_at=action.changed_at - back,
                stage_until=action.stage_until - back,
                lease_until=None,
            )
        )


def test_it_is_due_three_times_and_then_left_to_people(crew: Crew, engine: Engine) -> None:
    action = lost(crew)
    due = ((action.action_id, State.INDETERMINATE),)
    for minutes in (1, 4, 10):
        assert crew.book.due() == ()
        let_time_pass(engine, action, minutes=minutes)
        assert crew.book.due() == due
        action = look_again(crew, now_of(crew, action))
    let_time_pass(engine, action, minutes=60)
    assert crew.book.due() == ()
    with pytest.raises(RefusedError):
        look_again(crew, now_of(crew, action))
    assert (action.fence, action.operator) == (4, "op-2")


def test_of_many_operators_one_reads_back(crew: Crew, engine: Engine) -> None:
    action = lost(crew)
    let_time_pass(engine, action, minutes=1)
    outcomes = at_once(*[partial(look_again, crew, action, f"op-{n}") for n in range(8)])
    assert Counter(outcomes) == {"done": 1, "state": 7}
    assert now_of(crew, action).fence == action.fence + 1


def test_what_it_proved_counts_under_its_fence_and_once(crew: Crew, engine: Engine) -> None:
    first = lost(crew)
    let_time_pass(engine, first, minutes=1)
    looked = look_again(crew, now_of(crew, first))
    with pytest.raises(FenceLostError):
        read_back(crew, first)
    outcomes = at_once(*[partial(read_back, crew, looked)] * 4)
    assert Counter(outcomes) == {"done": 1, "fence": 3}
    rows = SqlTrail(engine, SystemClock(), str).rows_of(first.action_id)
    assert [row.entry.event for row in rows][-3:] == [
        "action.outcome_lost",
        "action.looked_again",
        "action.settled",
    ]
    assert rows[-1].entry.facts == {"read": {"0": "applied"}}


def test_looks_are_changes_like_all_others(crew: Crew, engine: Engine) -> None:
    """One audit row for each, the chain whole, and the target its own until it is settled."""
    action = lost(crew)
    let_time_pass(engine, action, minutes=1)
    read_back(crew, look_again(crew, now_of(crew, action)))
    lost(crew)
    with pytest.raises(RefusedError):
        crew.planned()
    check_promises(engine, SystemClock())
