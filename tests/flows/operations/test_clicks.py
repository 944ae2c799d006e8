"""Clicks that do not count: twice, late, by the wrong person, on a copy. Each gets a sentence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack.actions import OPERATION_APPROVE, OPERATION_DENY
from bot.entrypoints.web import EVENTS_PATH
from safe_ops.model.actions import TERMINAL, State
from tests.flows.house import events_of
from tests.flows.operations.ground import PATIENCE_S
from tests.lab.slack import conversation
from tests.lab.slack.records import BOT_ID, BOT_USER_ID, Message

if TYPE_CHECKING:
    from tests.flows.operations.ground import Ground
    from tests.flows.operations.guarded import Guarded
    from tests.lab.slack.reading import Seen

FIFTY = 50


def test_fifty_clicks_of_one_person_are_one_approval(ground: Ground, guarded: Guarded) -> None:
    """R1."""
    action = ground.suspend(heavy=True)
    card = ground.deciding_card(action)
    for _ in range(FIFTY):
        ground.press_stale(card, OPERATION_APPROVE, who="ana")
    approved = ground.reaches(action, State.PENDING_MANAGER)
    guarded.until_refused(action, times=FIFTY - 1)
    assert guarded.action(action.action_id) == approved
    assert [given.name for given in approved.approvals] == ["ana"]
    ground.note_to("ana", "ana agreed at")
    assert ground.writes() == []


def test_a_click_that_is_delivered_again_is_one_approval(ground: Ground, guarded: Guarded) -> None:
    """R14."""
    action = ground.suspend(heavy=True)
    ground.approve(action, who="ana")
    approved = ground.reaches(action, State.PENDING_MANAGER)
    guarded.redeliver("block_actions")
    assert guarded.action(action.action_id) == approved
    assert ground.writes() == []


def test_an_order_that_is_delivered_again_is_one_action(ground: Ground, guarded: Guarded) -> None:
    """R14."""
    action = ground.suspend()
    ground.deciding_card(action)
    guarded.redeliver("/nightdesk")
    assert [one.action_id for one in ground.actions()] == [action.action_id]
    assert len(ground.cards(action)) == 1


def test_what_slack_sends_again_over_http_counts_once(ground: Ground, guarded: Guarded) -> None:
    """R14: signed requests, the second with `X-Slack-Retry-Num`."""
    web = guarded.start("listener", SLACK_APP_TOKEN="")
    web.wait_until_said("listener_ready", within_s=PATIENCE_S)
    port = events_of(web, "listener_ready")[0]["http_port"]
    guarded.slack.deliver_to(f"http://127.0.0.1:{port}{EVENTS_PATH}")
    try:
        action = ground.suspend(heavy=True)
        guarded.redeliver("/nightdesk")
        ground.approve(action, who="ana")
        approved = ground.reaches(action, State.PENDING_MANAGER)
        guarded.redeliver("block_actions")
    finally:
        guarded.slack.deliver_to("")
        web.stop()
    assert len(events_of(web, "delivery_repeated")) == 2
    assert [one.action_id for one in ground.actions()] == [action.action_id]
    assert guarded.action(action.action_id) == approved
    assert ground.writes() == []


def test_yes_and_no_at_once_end_in_one_of_the_two(ground: Ground, guarded: Guarded) -> None:
    """R2."""
    action = ground.suspend(heavy=True)
    ground.approved(action, "ana")
    card = ground.deciding_card(action)
    guarded.slack.as_user("ana").click(card.ts, OPERATION_DENY)
    form = guarded.slack.wait_for_view("ana", callback_id="operation.denial", timeout_s=20)
    guarded.slack.as_user("marta").click(card.ts, OPERATION_APPROVE)
    guarded.slack.as_user("ana").submit_view(form.id, {"reason": "not today"})
    ended = ground.until(action, lambda one: one.state in TERMINAL, what="ended")
    assert ended.state in {State.SUCCEEDED, State.REJECTED}
    assert len(ground.writes()) == (1 if ended.state is State.SUCCEEDED else 0)


def test_a_manager_cannot_take_the_first_turn(ground: Ground) -> None:
    """R4: it is recorded only once it is the manager's turn."""
    action = ground.suspend(heavy=True)
    ground.approve(action, who="marta")
    ground.note_to("marta", "marta is in none of the teams that may give the on-call approval")
    assert ground.reaches(action, State.PENDING_ONCALL).approvals == ()


def test_who_gave_the_first_yes_cannot_give_the_second(ground: Ground) -> None:
    action = ground.suspend(heavy=True)
    first = ground.deciding_card(action)
    ground.approved(action, "ana")
    ground.press_stale(first, OPERATION_APPROVE, who="ana")
    ground.note_to("ana", "Your click changed nothing")
    ground.approve(action, who="ana")
    ground.note_to("ana", "ana is in none of the teams that may give the manager approval")
    assert len(ground.reaches(action, State.PENDING_MANAGER).approvals) == 1
    assert ground.writes() == []


def test_who_asked_for_it_cannot_approve_it(ground: Ground) -> None:
    action = ground.suspend(heavy=True, who="marta")
    ground.approved(action, "ana")
    ground.approve(action, who="marta")
    ground.note_to("marta", "marta asked for this, so somebody else of managers")
    assert len(ground.reaches(action, State.PENDING_MANAGER).approvals) == 1
    assert ground.writes() == []


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("tom", "tom is in none of the teams"),
        ("gus", "gus may not approve: single-channel guests"),
        ("zoe", "zoe may not approve: people of other workspaces"),
    ],
)
def test_who_may_not_approve_is_told_why(ground: Ground, who: str, says: str) -> None:
    action = ground.suspend(who="marta")
    ground.approve(action, who=who)
    ground.note_to(who, says)
    assert ground.reaches(action, State.PENDING_ONCALL).approvals == ()
    assert ground.writes() == []


def test_a_deactivated_account_decides_nothing(ground: Ground, guarded: Guarded) -> None:
    action = ground.suspend()
    guarded.slack.change_user("vera", deleted=True)
    ground.approve(action, who="vera")
    ground.note_to("vera", "this account is deactivated")
    assert ground.reaches(action, State.PENDING_ONCALL).approvals == ()


def test_a_click_after_the_end_is_told_how_it_ended(ground: Ground) -> None:
    action = ground.suspend()
    card = ground.deciding_card(action)
    ground.approved(action, "ana")
    ground.reaches(action, State.SUCCEEDED)
    ground.press_stale(card, OPERATION_APPROVE, who="ana")
    ground.note_to("ana", f"{action.label} has succeeded")
    assert len(ground.writes()) == 1


def test_a_card_copied_to_another_channel_decides_the_same_action_once(
    ground: Ground, guarded: Guarded
) -> None:
    """R13."""
    action = ground.suspend()
    card = ground.deciding_card(action)
    copy = _copied(card, guarded.ground(), guarded)
    ground.approve(action, who="ana")
    ground.reaches(action, State.SUCCEEDED)
    ground.press_stale(copy, OPERATION_APPROVE, who="ana")
    guarded.until_refused(action, times=1)
    assert len(ground.writes()) == 1


def test_a_copied_card_gives_nobody_more_rights(ground: Ground, guarded: Guarded) -> None:
    """R13."""
    action = ground.suspend()
    elsewhere = guarded.ground()
    copy = _copied(ground.deciding_card(action), elsewhere, guarded)
    ground.press_stale(copy, OPERATION_APPROVE, who="tom")
    elsewhere.note_to("tom", "tom is in none of the teams")
    assert ground.reaches(action, State.PENDING_ONCALL).approvals == ()


def test_a_button_changed_by_somebody_decides_nothing(ground: Ground, guarded: Guarded) -> None:
    mine, other = ground.suspend(), guarded.ground().suspend()
    card = ground.deciding_card(mine)
    forged = _copied(card, ground, guarded, change=(mine.action_id, other.action_id))
    ground.press_stale(forged, OPERATION_APPROVE, who="ana")
    ground.note_to("ana", "This card does not show the plan")
    for action in (mine, other):
        assert guarded.action(action.action_id).state is State.PENDING_ONCALL
    assert ground.writes() == []


def _copied(
    card: Seen, ground: Ground, guarded: Guarded, *, change: tuple[str, str] = ("", "")
) -> Seen:
    """Post the card's very blocks into another channel, as a copy in the bot's name."""
    blocks = json.loads(
        json.dumps(card.blocks).replace(*change) if change[0] else json.dumps(card.blocks)
    )
    message = Message(
        channel=ground.room.id, ts="", user=BOT_USER_ID, bot_id=BOT_ID, text="", blocks=blocks
    )
    posted = conversation.post(guarded.slack.workspace, ground.room, message)
    return next(one for one in guarded.slack.messages(f"#{ground.channel}") if one.ts == posted.ts)
