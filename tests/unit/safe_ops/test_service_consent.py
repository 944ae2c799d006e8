"""Consent holds for one plan, one place and one asker, and for as long as it was given."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from safe_ops.model.actions import State
from tests.unit.safe_ops.game import Elsewhere
from tests.unit.safe_ops.test_service_break_glass import broken_glass
from tests.unit.safe_ops.test_service_crashes import DyingBook, kill, relieve

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from tests.unit.safe_ops.book import MemoryBook
    from tests.unit.safe_ops.write_side import WriteSide


def with_another_plan(book: MemoryBook, action: Action) -> None:
    """Write another value into the plan's row, as somebody with the database could."""
    stored = book.actions[action.action_id]
    assert stored.plan is not None
    drawing = stored.plan.drawing
    steps = tuple(
        replace(step, call=replace(step.call, body={**step.call.body, "to": 99}))
        for step in drawing.steps
    )
    plan = replace(stored.plan, drawing=replace(drawing, steps=steps))
    book.actions[action.action_id] = replace(stored, plan=plan)


def test_a_plan_that_is_not_the_digested_one_is_not_run(side: WriteSide, book: MemoryBook) -> None:
    action = side.approved("a")
    with_another_plan(book, action)
    ended = side.operator.execute(action.action_id)
    assert (ended.state, side.machine.sent) == (State.BLOCKED, [])
    assert "not the plan that was approved" in ended.reason
    assert side.outside.pages == [f"A1: {ended.reason}"]


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (State.EXECUTING, State.INDETERMINATE),
        (State.VERIFYING, State.FAILED),
        (State.ROLLING_BACK, State.ROLLBACK_FAILED),
    ],
)
def test_a_plan_changed_while_it_runs_is_not_gone_on_with(
    side: WriteSide, book: MemoryBook, at: State, state: State
) -> None:
    side.machine.missed = "it fell over"
    action = side.approved("a")
    kill(side, action, DyingBook(book, when="after", at=(at,)))
    sent = len(side.machine.sent)
    with_another_plan(book, action)
    ended = relieve(side, action)
    assert (ended.state, len(side.machine.sent), len(side.outside.pages)) == (state, sent, 1)


def test_a_place_that_counts_as_another_environment_now_is_left_alone(side: WriteSide) -> None:
    side.workshop.environment = "staging"
    action = side.approved("a")
    side.workshop.environment = "prod"
    ended = side.operator.execute(action.action_id)
    assert (ended.state, side.machine.sent) == (State.STALE, [])
    assert "staging" in ended.reason
    assert "prod" in ended.reason


def test_an_asker_who_turns_out_to_be_the_approver_did_not_ask_somebody_else(
    side: WriteSide,
) -> None:
    """Nobody knew whose account U9 was when it asked; the policy names it as Ana's meanwhile."""
    action = side.approved("a")
    side.people.change("U9", subject="ana")
    ended = side.operator.execute(action.action_id)
    assert (ended.state, side.machine.sent) == (State.REVOKED, [])
    assert "another's now" in ended.reason


def agreed_by_both(side: WriteSide, action: Action) -> Action:
    for slack_id in ("U1", "U4"):
        side.click(action, slack_id)
        side.prove(action, slack_id)
    return side.now_as(action)


def test_glass_that_waited_while_other_glass_was_broken_stays_whole(side: WriteSide) -> None:
    side.catalogue["set_other"] = Elsewhere(side, "set_other", "other", "shop/other")
    waiting = agreed_by_both(side, broken_glass(side))
    other = agreed_by_both(side, broken_glass(side, "b", key="other", operation="set_other"))
    assert side.operator.execute(other.action_id).state is State.SUCCEEDED
    ended = side.operator.execute(waiting.action_id)
    assert (ended.state, side.machine.effects) == (State.BLOCKED, [("b", 5)])
    assert "may be once an hour" in ended.reason


def test_glass_counts_from_when_it_was_broken_not_from_when_it_was_asked_for(
    side: WriteSide,
) -> None:
    first = broken_glass(side)
    side.clock.move(minutes=10)
    agreed_by_both(side, first)
    assert side.operator.execute(first.action_id).state is State.SUCCEEDED
    side.clock.move(minutes=55)
    assert broken_glass(side, key="again", to=9).state is State.BLOCKED


def test_who_may_not_break_glass_any_more_does_not(side: WriteSide) -> None:
    action = agreed_by_both(side, broken_glass(side))
    side.people.change("U3", teams=frozenset())
    ended = side.operator.execute(action.action_id)
    assert (ended.state, side.machine.sent) == (State.BLOCKED, [])
    assert "may not break glass" in ended.reason
