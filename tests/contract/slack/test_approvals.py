"""What people decide on a card, over a real Slack, a real book and the real service."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.approval.card import action_card
from bot.adapters.slack.blocks.card import Card
from bot.domain.conversation import ChannelId, MessageTs
from safe_ops.model import events as on
from safe_ops.model.actions import Outcome, State
from safe_ops.model.plans import Need, Stage, Tier
from tests.contract.slack.approvals import OPERATOR, RIGHT_CODE, ROOM, Approvals, approvals
from tests.lab.waiting import eventually
from tests.unit.slack_actions import plan, view

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from safe_ops.model.actions import Action
    from tests.lab.databases import SqliteFiles
    from tests.lab.slack.reading import Seen

PAYMENTS = ChannelId("C0LABPAY1")
DECIDING = {actions.OPERATION_APPROVE, actions.OPERATION_DENY}


@pytest.fixture
def house(sqlite: SqliteFiles) -> Iterator[Approvals]:
    with approvals(sqlite.fresh()) as made:
        yield made


def copied(house: Approvals, action: Action) -> str:
    """Post the card as it stands into another channel, as somebody might; return its ts."""
    seen = house.card(action)
    card = Card(text=seen.text, blocks=tuple(seen.blocks))
    return house.gateway.post(PAYMENTS, card, thread_ts=None)


def decided(house: Approvals, action: Action) -> Seen:
    """Wait until the card has no way to decide, and return it."""
    house.lab.wait_for(lambda: not DECIDING & set(house.card(action).action_ids))
    return house.card(action)


def test_the_card_stands_once_in_the_thread_it_was_asked_in(house: Approvals) -> None:
    action = house.pending(rationale="error rate rose with the last rollout")
    house.cards.tell(action.action_id)
    card = house.card(action)
    assert card.thread_ts == action.request.thread_ts
    assert set(card.action_ids) >= DECIDING
    assert "error rate rose" in card.words


def test_two_people_approve_and_the_operator_is_rung(house: Approvals) -> None:
    action = house.pending()
    house.click("ana", action, actions.OPERATION_APPROVE)
    house.until(action, State.PENDING_MANAGER)
    house.lab.wait_for(lambda: "Approved by <@U0LABANA1>" in house.card(action).text)
    house.lab.wait_until_delivered()
    house.click("marta", action, actions.OPERATION_APPROVE)
    card = decided(house, action)
    assert house.now(action).state is State.APPROVED
    house.lab.wait_until_delivered()
    eventually(lambda: house.bell.executed == [action.action_id], "the operator is rung")
    assert "<@U0LABANA1>" in card.text
    assert "<@U0LABMAR1>" in card.text
    assert house.lab.ephemerals("ana") == house.lab.ephemerals("marta") == []


def test_whoever_may_not_decide_is_told_and_the_card_stays(house: Approvals) -> None:
    action = house.pending(by="ana")
    before = house.card(action)
    updates = len(house.lab.calls("chat.update"))
    house.click("tom", action, actions.OPERATION_APPROVE)
    told = house.lab.wait_for_ephemeral("tom")
    assert "ask somebody of oncall" in told.text
    assert told.thread_ts == action.request.thread_ts
    assert house.card(action) == before
    assert len(house.lab.calls("chat.update")) == updates
    assert house.now(action).version == action.version


def test_nobody_approves_their_own_request(house: Approvals) -> None:
    action = house.pending(by="ana")
    house.click("ana", action, actions.OPERATION_APPROVE)
    assert "asked for this" in house.lab.wait_for_ephemeral("ana").text
    assert house.now(action).state is State.PENDING_ONCALL


def test_a_guest_who_sees_a_copied_card_decides_nothing(house: Approvals) -> None:
    action = house.pending()
    ts = copied(house, action)
    house.lab.as_user("gus").click(ts, actions.OPERATION_APPROVE)
    assert "guests" in house.lab.wait_for_ephemeral("gus").text
    assert house.now(action).state is State.PENDING_ONCALL


def test_a_copied_card_decides_the_same_action_and_is_late_afterwards(house: Approvals) -> None:
    action = house.pending()
    ts = copied(house, action)
    house.lab.as_user("ana").click(ts, actions.OPERATION_APPROVE)
    house.until(action, State.PENDING_MANAGER)
    house.lab.wait_for(lambda: "<@U0LABANA1>" in house.card(action).text)
    house.lab.as_user("ana").click(ts, actions.OPERATION_APPROVE)
    assert "already" in house.lab.wait_for_ephemeral("ana").text
    assert len(house.now(action).approvals) == 1


def test_a_late_click_says_what_became_of_it(house: Approvals) -> None:
    action = house.pending()
    ts = copied(house, action)
    house.move(action, on.TakenBack(actor=OPERATOR, name="Tom", reason="fixed itself"))
    house.lab.as_user("ana").click(ts, actions.OPERATION_APPROVE)
    told = house.lab.wait_for_ephemeral("ana").text
    assert "taken back" in told
    assert "Your click changed nothing" in told


def test_a_denial_has_a_reason_and_ends_it(house: Approvals) -> None:
    action = house.pending(plan(tier=Tier.T3))
    house.click("ana", action, actions.OPERATION_DENY)
    form = house.lab.wait_for_view("ana", callback_id=actions.DENIAL_VIEW)
    (entry,) = [block for block in form.body["blocks"] if block["type"] == "input"]
    assert entry["optional"] is False
    house.submit("ana", {"reason": "not while hunter2 is the password"})
    card = decided(house, action)
    assert house.now(action).state is State.REJECTED
    assert "not while [masked] is the password" in card.words
    assert house.lab.wait_for(lambda: house.lab.views("ana") == [])


def test_a_denial_holds_although_somebody_approved_meanwhile(house: Approvals) -> None:
    action = house.pending()
    house.click("marta", action, actions.OPERATION_DENY)
    house.lab.wait_for_view("marta")
    house.click("ana", action, actions.OPERATION_APPROVE)
    house.until(action, State.PENDING_MANAGER)
    house.submit("marta", {"reason": "no"})
    house.until(action, State.REJECTED)
    assert DECIDING.isdisjoint(decided(house, action).action_ids)


def test_who_asked_takes_it_back_with_deny(house: Approvals) -> None:
    action = house.pending(by="tom")
    house.click("tom", action, actions.OPERATION_DENY)
    house.submit("tom", {"reason": "wrong cluster"})
    house.until(action, State.CANCELLED)
    assert "taken back" in house.lab.wait_for_ephemeral("tom").text


def test_a_denial_by_somebody_without_a_say_changes_nothing(house: Approvals) -> None:
    action = house.pending(by="ana")
    house.click("tom", action, actions.OPERATION_DENY)
    house.submit("tom", {"reason": "no"})
    assert "ask somebody of oncall" in house.lab.wait_for_ephemeral("tom").text
    assert house.now(action).state is State.PENDING_ONCALL


def test_a_second_factor_is_asked_for_and_a_wrong_code_can_be_tried_again(
    house: Approvals,
) -> None:
    need = Need(stage=Stage.ONCALL, teams=("oncall",), not_requester=True, factor=True)
    action = house.pending(plan(needs=(need,)))
    house.click("ana", action, actions.OPERATION_APPROVE)
    house.until(action, State.PENDING_FACTOR)
    assert "second factor" in house.lab.wait_for_ephemeral("ana").text
    house.lab.wait_for(lambda: actions.OPERATION_PROVE in house.card(action).action_ids)
    house.click("ana", action, actions.OPERATION_PROVE)
    form = house.lab.wait_for_view("ana", callback_id=actions.PROOF_VIEW)
    house.submit("ana", {"code": "000000"})
    house.lab.wait_for(lambda: form.errors)
    assert "4 more may fail" in form.errors["code"]
    assert house.now(action).state is State.PENDING_FACTOR
    house.submit("ana", {"code": RIGHT_CODE})
    house.until(action, State.APPROVED)
    assert house.lab.wait_for(lambda: house.lab.views("ana") == [])
    kept = [event.payload for event in house.store.unrouted(received_before=_late(house), limit=99)]
    assert RIGHT_CODE not in str(kept)


def test_a_lost_answer_is_settled_by_a_manager_and_by_nobody_else(house: Approvals) -> None:
    action = _running(house)
    lost = on.OutcomeLost(
        actor=OPERATOR, fence=action.fence, outcome=Outcome(says="no answer came", pages=True)
    )
    house.move(action, lost)
    house.cards.tell(action.action_id)
    house.lab.wait_for(lambda: actions.OPERATION_SETTLE in house.card(action).action_ids)
    for who in ("ana", "marta"):
        house.click(who, action, actions.OPERATION_SETTLE)
        house.submit(who, {"effect": "took_effect", "reason": "4 of 4 pods are new"})
        if who == "ana":
            house.lab.wait_for_ephemeral("ana", contains="ask somebody of managers")
            assert house.now(action).state is State.INDETERMINATE
    house.until(action, State.SUCCEEDED)


def test_details_show_the_whole_plan(house: Approvals) -> None:
    action = house.pending()
    house.click("tom", action, actions.OPERATION_DETAILS)
    house.lab.wait_for(
        lambda: any("Exact calls" in str(one.body) for one in house.lab.views("tom"))
    )


def test_typing_approve_decides_nothing(house: Approvals) -> None:
    action = house.pending()
    house.lab.as_user("ana").mention(ROOM, "approve A1", action.request.thread_ts)
    assert "Words decide nothing" in house.lab.wait_for_ephemeral("ana").text
    assert house.now(action).state is State.PENDING_ONCALL


def test_the_kill_switch_takes_back_what_was_approved(house: Approvals) -> None:
    action = _approved(house)
    house.lab.as_user("ana").slash(actions.COMMAND, "stop the site is down")
    assert "Stopped" in house.lab.wait_for_ephemeral("ana").text
    assert house.book.switches().stopped_by
    house.until(action, State.REVOKED)
    waiting = house.pending()
    house.click("ana", waiting, actions.OPERATION_APPROVE)
    house.lab.wait_for_ephemeral("ana", contains="stopped all operations")
    house.lab.as_user("ana").slash(actions.COMMAND, "release")
    house.lab.wait_for_ephemeral("ana", contains="managers")
    assert house.book.switches().stopped_by
    house.lab.as_user("marta").slash(actions.COMMAND, "release")
    house.lab.wait_for_ephemeral("marta", contains="Released")
    assert not house.book.switches().stopped_by


def test_an_outsider_cannot_stop_operations(house: Approvals) -> None:
    house.lab.as_user("tom").slash(actions.COMMAND, "stop")
    assert "may not stop operations" in house.lab.wait_for_ephemeral("tom").text
    assert not house.book.switches().stopped_by


def test_open_actions_are_listed_and_can_be_taken_back(house: Approvals) -> None:
    action = house.pending(by="tom")
    house.lab.as_user("tom").slash(actions.COMMAND, "actions")
    assert action.label in house.lab.wait_for_ephemeral("tom").words
    house.lab.as_user("tom").slash(actions.COMMAND, f"cancel {action.label} wrong one")
    house.lab.wait_for_ephemeral("tom", contains="taken back")
    house.until(action, State.CANCELLED)


def test_the_home_tab_lists_what_waits_for_this_person_alone(house: Approvals) -> None:
    action = house.pending()
    for name, listed in (("ana", True), ("marta", False), ("tom", False)):
        house.lab.as_user(name).open_home()
        home = house.lab.wait_for(lambda name=name: house.lab.home(name))  # type: ignore[misc] # mypy cannot type a bound default
        assert ("Waiting for you" in str(home.body)) is listed
        assert (f"*{action.label}*" in str(home.body)) is listed


def test_a_page_is_one_message_for_each_state(house: Approvals) -> None:
    action = house.pending()
    for _ in range(2):
        house.cards.page(action.action_id, "the undo failed")
    assert len([one for one in house.lab.messages(ROOM) if "needs somebody now" in one.text]) == 1


def test_while_slack_is_away_a_decision_stands_and_its_card_follows(house: Approvals) -> None:
    action = house.pending()
    house.lab.faults.add("chat.update", status=503, times=None)
    house.click("ana", action, actions.OPERATION_APPROVE)
    house.lab.wait_until_delivered()
    house.lab.wait_for_call("chat.update", count=2, timeout_s=10)
    assert house.now(action).state is State.PENDING_MANAGER
    house.lab.faults.clear()

    def followed() -> bool:
        house.cards.catch_up()
        return "Approved by <@U0LABANA1>" in house.card(action).text

    eventually(followed, "the card is as new as the action")


def test_a_request_without_a_thread_gets_a_card_that_begins_one(house: Approvals) -> None:
    action = house.pending(thread_ts="", channel="C0LABONC1")
    card = house.card(action)
    assert card.thread_ts in {"", card.ts}
    house.lab.clock.advance(460)
    house.reminders.run()
    (said,) = [one for one in house.lab.messages(ROOM) if "still waits" in one.text]
    assert said.thread_ts == card.ts


def test_a_request_without_a_channel_is_told_nowhere(house: Approvals) -> None:
    asked = house.asked(channel="", thread_ts="")
    posts = len(house.lab.calls("chat.postMessage"))
    house.cards.tell(asked.action_id)
    house.cards.page(asked.action_id, "look")
    house.cards.tell("act-nowhere")
    assert len(house.lab.calls("chat.postMessage")) == posts
    assert house.cards.catch_up() == 0


def test_a_card_drawn_late_by_another_process_never_stays_on_top(house: Approvals) -> None:
    action = house.pending()
    ts = MessageTs(house.card(action).ts)
    older = action_card(view(replace(action, version=1)))
    _approve_all(house, action)
    house.gateway.update(ChannelId(action.request.channel), ts, older)
    moved = house.move(house.now(action), on.TakenBack(actor=OPERATOR, name="x", reason="y"))
    house.cards.tell(action.action_id)
    assert moved.state is State.REVOKED
    assert DECIDING.isdisjoint(house.card(action).action_ids)


def test_many_who_tell_at_once_leave_the_newest_card(house: Approvals) -> None:
    action = _running(house)
    going = threading.Event()

    def keep_telling() -> None:
        while not going.is_set():
            house.cards.tell(action.action_id)

    with ThreadPoolExecutor(4) as crowd:
        tellers = [crowd.submit(keep_telling) for _ in range(4)]
        sent = on.AllSent(actor=OPERATOR, fence=action.fence, says="all sent")
        house.move(action, sent)
        helped = on.Verified(actor=OPERATOR, fence=action.fence, outcome=Outcome(says="4 of 4"))
        house.move(action, helped)
        house.lab.wait_for(lambda: "✅" in house.card(action).text)
        going.set()
        assert [one.result() for one in tellers] == [None] * 4
    assert "✅" in house.card(action).text
    texts = [str(call.args["text"]) for call in house.lab.calls("chat.update")]
    newest = texts.index(next(text for text in texts if "✅" in text))
    assert all("✅" in text for text in texts[newest:])


def _approved(house: Approvals) -> Action:
    action = house.pending()
    _approve_all(house, action)
    return house.now(action)


def _approve_all(house: Approvals, action: Action) -> None:
    house.click("ana", action, actions.OPERATION_APPROVE)
    house.lab.wait_for(lambda: "<@U0LABANA1>" in house.card(action).text)
    house.lab.wait_until_delivered()
    house.click("marta", action, actions.OPERATION_APPROVE)
    house.until(action, State.APPROVED)
    decided(house, action)


def _running(house: Approvals) -> Action:
    return house.begin(_approved(house))


def _late(house: Approvals) -> datetime:
    return house.book.now().replace(year=2099)
