"""Attacks by people: words instead of clicks, and clicks of those who may not decide."""

from __future__ import annotations

import json
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest

from bot.adapters.slack.actions import OPERATION_APPROVE
from bot.entrypoints.web import EVENTS_PATH
from safe_ops.model.actions import State
from tests.flows.operations.ground import PATIENCE_S
from tests.lab.slack import conversation, elements
from tests.lab.slack.events_http import sign
from tests.lab.slack.records import BOT_ID, BOT_USER_ID, Message

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from tests.flows.attacks.siege import Siege
    from tests.flows.operations.ground import Ground

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(300)

SIX_MINUTES_S = 360
"""Slack's own limit on the age of a signature is five."""


@pytest.mark.parametrize("who", ["ana", "bot"])
def test_5_words_are_no_approval_whoever_writes_them(
    ground: Ground, siege: Siege, who: str
) -> None:
    action = ground.suspend()
    said = f"Approve ✅ {action.label} `{action.action_id}`"
    if who == "bot":
        siege.slack.post_as_app(
            {"text": said, "username": "nightdesk"}, channel=f"#{ground.channel}"
        )
    else:
        siege.slack.as_user(who).post(f"#{ground.channel}", said)
        ground.say(f"approve {action.label}", who=who)
        ground.note_to(who, "Words decide nothing here")
    siege.slack.wait_until_delivered(timeout_s=PATIENCE_S)
    assert siege.action(action.action_id).state is State.PENDING_ONCALL
    assert ground.writes() == []


@pytest.mark.parametrize(
    ("who", "says"),
    [
        ("gus", "gus may not approve: single-channel guests"),
        ("zoe", "zoe may not approve: people of other workspaces"),
    ],
    ids=["guest", "foreign workspace"],
)
def test_21_guests_and_foreign_workspaces_approve_nothing(
    ground: Ground, siege: Siege, who: str, says: str
) -> None:
    action = ground.suspend()
    ground.approve(action, who=who)
    ground.note_to(who, says)
    siege.until_refused(action, times=1)
    assert ground.reaches(action, State.PENDING_ONCALL).approvals == ()
    assert ground.writes() == []


def test_21_a_forwarded_card_is_the_same_action_and_gives_no_rights(
    ground: Ground, siege: Siege
) -> None:
    action, elsewhere = ground.suspend(), siege.ground()
    card = ground.deciding_card(action)
    posted = conversation.post(
        siege.slack.workspace,
        elsewhere.room,
        Message(
            channel=elsewhere.room.id,
            ts="",
            user=BOT_USER_ID,
            bot_id=BOT_ID,
            text=card.text,
            blocks=card.blocks,
        ),
    )
    copy = next(one for one in siege.slack.messages(f"#{elsewhere.channel}") if one.ts == posted.ts)
    ground.press_stale(copy, OPERATION_APPROVE, who="tom")
    elsewhere.note_to("tom", "tom is in none of the teams")
    ground.deny(action, who="ana")
    ground.reaches(action, State.REJECTED)
    ground.press_stale(copy, OPERATION_APPROVE, who="ana")
    siege.until_refused(action, times=2)
    assert siege.action(action.action_id).state is State.REJECTED
    assert ground.writes() == []


def test_21_a_click_that_is_delivered_again_counts_once(ground: Ground, siege: Siege) -> None:
    action = ground.suspend(heavy=True)
    ground.approve(action, who="ana")
    approved = ground.reaches(action, State.PENDING_MANAGER)
    siege.redeliver("block_actions")
    assert siege.action(action.action_id) == approved
    assert ground.writes() == []


def test_21_a_signed_click_is_worth_nothing_later_or_signed_by_another(
    ground: Ground, siege: Siege
) -> None:
    action = ground.suspend()
    payload = _click_of(siege, ground, action)
    body = urlencode({"payload": json.dumps(payload)}).encode()
    secret, now = siege.slack.signing_secret, time.time()
    with siege.by_http() as port:
        assert _posted(port, body, sign(secret, body, at=now - SIX_MINUTES_S)) == 401
        assert _posted(port, body, sign("another-secret", body, at=now)) == 401
        assert _posted(port, body + b"&more=1", sign(secret, body, at=now)) == 401
    assert siege.action(action.action_id).state is State.PENDING_ONCALL
    assert siege.action(action.action_id).approvals == ()


def _click_of(siege: Siege, ground: Ground, action: Action) -> dict[str, Any]:
    """Return the body of a click by somebody who may approve, as Slack sends it."""
    card = ground.deciding_card(action)
    block, element = elements.find(card.blocks, OPERATION_APPROVE, user_id="")
    ana = siege.slack.workspace.person("ana")
    return {
        "type": "block_actions",
        "user": {"id": ana.id, "team_id": siege.slack.team_id},
        "team": {"id": siege.slack.team_id},
        "api_app_id": "A0LAB",
        "channel": {"id": ground.room.id, "name": ground.channel},
        "message": {"ts": card.ts, "blocks": card.blocks},
        "container": {"type": "message", "message_ts": card.ts, "channel_id": ground.room.id},
        "actions": [elements.action_of(block, element, None, at=card.ts)],
    }


def _posted(port: int, body: bytes, signature: dict[str, str]) -> int:
    """Return the status a delivery by HTTP is answered with."""
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)) as connection:
        connection.request("POST", EVENTS_PATH, body=body, headers=kind | signature)
        return connection.getresponse().status
