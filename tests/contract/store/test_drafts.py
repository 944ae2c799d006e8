"""Drafts are planned by one at a time, and what failed at one is counted by the audit."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import update

from bot.adapters.clock import SystemClock
from bot.adapters.store.actions import SqlActionBook
from bot.adapters.store.audit_trail import SqlTrail
from bot.adapters.store.engine import writing
from bot.adapters.store.operation_tables import actions
from safe_ops.model.actions import State
from safe_ops.model.drafts import ABANDONED, PLAN_WITHIN
from tests.contract.store.action_promises import check_promises
from tests.contract.store.operations import Crew, note
from tests.contract.store.test_action_races import at_once

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from safe_ops.model.actions import Action


@pytest.fixture
def crew(engine: Engine) -> Iterator[Crew]:
    yield Crew(SqlActionBook(engine, SystemClock(), lambda: uuid4().hex))
    check_promises(engine, SystemClock())


def take(crew: Crew, draft: Action, planner: str = "one") -> int | None:
    return crew.book.take_draft(draft.action_id, planner=planner, by=PLAN_WITHIN)


def let_time_run_out(engine: Engine, draft: Action) -> None:
    """Set the row's time back, as if the planner had been silent for so long."""
    with writing(engine) as connection:
        connection.execute(
            update(actions)
            .where(actions.c.action_id == draft.action_id)
            .values(lease_until=draft.created_at - timedelta(seconds=1))
        )


def test_of_many_planners_at_once_one_has_the_draft(crew: Crew) -> None:
    draft = crew.requested()
    taken: list[int | None] = []
    at_once(*[lambda n=n: taken.append(take(crew, draft, f"p-{n}")) for n in range(8)])
    assert Counter(taken) == {0: 1, None: 7}
    assert crew.book.due() == ()


def test_a_draft_is_due_until_somebody_has_it_and_again_once_they_fell_silent(
    crew: Crew, engine: Engine
) -> None:
    draft = crew.requested()
    due = ((draft.action_id, State.DRAFT),)
    assert crew.book.due() == due
    assert take(crew, draft) == 0
    assert crew.book.due() == ()
    let_time_run_out(engine, draft)
    assert crew.book.due() == due


def test_who_has_a_draft_keeps_it_and_that_changes_nothing(crew: Crew, engine: Engine) -> None:
    draft = crew.requested()
    assert take(crew, draft) == 0
    let_time_run_out(engine, draft)
    assert take(crew, draft) == 0
    assert take(crew, draft, "two") is None
    found = crew.book.find(draft.action_id)
    assert found is not None
    assert (found.version, found.state) == (draft.version, State.DRAFT)


def test_a_planner_that_fell_silent_is_counted_in_the_audit(crew: Crew, engine: Engine) -> None:
    draft = crew.requested()
    for number in range(3):
        assert take(crew, draft, f"p-{number}") == number
        let_time_run_out(engine, draft)
    rows = SqlTrail(engine, SystemClock(), str).rows_of(draft.action_id)
    told = [(row.entry.actor.address, row.entry.facts) for row in rows[1:]]
    assert told == [("p-0", {"tries": 1}), ("p-1", {"tries": 2})]
    assert crew.book.count_noted(draft.action_id, ABANDONED) == 2
    # A clean end leaves no such row.
    assert crew.take_back(draft).state is State.CANCELLED
    assert crew.book.count_noted(draft.action_id, ABANDONED) == 2


def test_what_is_no_draft_is_not_taken(crew: Crew) -> None:
    assert take(crew, crew.planned()) is None
    assert crew.book.take_draft("nobody", planner="one", by=PLAN_WITHIN) is None


def test_only_rows_of_the_action_and_the_event_are_counted(crew: Crew) -> None:
    draft = crew.requested()
    crew.book.note(note(ABANDONED))
    assert crew.book.count_noted(draft.action_id, "action.requested") == 1
    assert crew.book.count_noted(draft.action_id, ABANDONED) == 0
