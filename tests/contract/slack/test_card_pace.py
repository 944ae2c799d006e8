"""A card follows an operator at work without keeping it, and without spending Slack's budget."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack import actions
from safe_ops.model import events as on
from safe_ops.model.actions import CallOutcome, JournalRow, Outcome, Phase, State
from tests.contract.slack.approvals import (
    OPEN,
    OPERATOR,
    PROGRESS_EVERY_S,
    Approvals,
    approvals,
)
from tests.lab.slack.seed import ANA, MARTA
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.actions import Action
    from tests.lab.databases import SqliteFiles


@pytest.fixture
def house(sqlite: SqliteFiles) -> Iterator[Approvals]:
    with approvals(sqlite.fresh()) as made:
        yield made


def approved(house: Approvals) -> Action:
    action = house.pending()
    for who, their_id in (("ana", ANA), ("marta", MARTA)):
        house.click(who, action, actions.OPERATION_APPROVE)
        house.lab.wait_for(lambda their_id=their_id: their_id in house.card(action).text)  # type: ignore[misc] # mypy cannot type a bound default
        house.lab.wait_until_delivered()
    house.until(action, State.APPROVED)
    house.lab.wait_for(lambda: "👍" in house.card(action).text)
    return house.now(action)


def test_who_is_at_work_goes_on_before_the_card_is_drawn(house: Approvals) -> None:
    action = approved(house)
    house.lab.faults.add("chat.update", latency_s=0.5)
    house.begin(action)
    house.cards.tell_soon(action.action_id)
    assert "👍" in house.card(action).text
    house.lab.wait_for(lambda: "executing" in house.card(action).text)


def test_states_that_pass_quickly_are_drawn_as_the_last_of_them(house: Approvals) -> None:
    action = approved(house)
    house.lab.faults.add("chat.update", latency_s=0.5)
    before = len(house.lab.calls("chat.update"))
    claimed = house.move(action, on.Claimed(actor=OPERATOR, operator="op-1", window=OPEN))
    house.cards.tell_soon(action.action_id)
    for event in (
        on.Started(actor=OPERATOR, fence=claimed.fence),
        on.AllSent(actor=OPERATOR, fence=claimed.fence, says="all sent"),
        on.Verified(actor=OPERATOR, fence=claimed.fence, outcome=Outcome(says="4 of 4")),
    ):
        house.move(action, event)
        house.cards.tell_soon(action.action_id)
    house.lab.wait_for(lambda: "✅" in house.card(action).text)
    assert len(house.lab.calls("chat.update")) - before <= 2


def test_steps_are_shown_at_a_pace_that_leaves_room_for_other_cards(house: Approvals) -> None:
    action = house.begin(approved(house))
    house.cards.tell(action.action_id)
    drawn_at = house.lab.clock.now()
    before = len(house.lab.calls("chat.update"))
    for phase, outcome in ((Phase.BEFORE, None), (Phase.AFTER, CallOutcome.APPLIED)):
        house.journal(
            JournalRow(
                action_id=action.action_id,
                fence=action.fence,
                part="steps",
                step=0,
                attempt=1,
                phase=phase,
                outcome=outcome,
            )
        )
        house.cards.tell(action.action_id)
    assert len(house.lab.calls("chat.update")) == before
    house.cards.tell_soon(action.action_id)
    eventually(lambda: "1 of 1 call made" in house.card(action).text, "the step is shown")
    assert house.lab.clock.now() - drawn_at >= PROGRESS_EVERY_S


def test_threads_that_call_a_human_at_once_call_once(house: Approvals) -> None:
    action = house.begin(approved(house))
    lost = Outcome(says="no answer came", pages=True)
    ended = house.move(action, on.OutcomeLost(actor=OPERATOR, fence=action.fence, outcome=lost))
    house.lab.faults.add("chat.postMessage", latency_s=0.2, times=None)
    before = len(house.lab.calls("chat.postMessage"))
    house.cards.tell_soon(ended.action_id)
    with ThreadPoolExecutor(4) as crowd:
        list(crowd.map(lambda _: house.cards.page(ended.action_id, lost.says), range(4)))
    house.lab.wait_for(lambda: "❓" in house.card(ended).text)
    house.cards.page(ended.action_id, lost.says)
    assert len(house.lab.calls("chat.postMessage")) == before + 1
