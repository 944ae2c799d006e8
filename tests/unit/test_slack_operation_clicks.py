"""Clicks, forms and words about operations are read as what they say, and never as a right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack import actions
from bot.adapters.slack.blocks.approval import views
from bot.adapters.slack.blocks.approval.controls import ballot_of, ballot_text, parse_ballot
from bot.adapters.slack.blocks.notice import help_card
from bot.adapters.slack.inbound_clicks import read_action, read_command
from bot.adapters.slack.inbound_operations import read_submission
from bot.adapters.slack.intents import Ask, AskForHelp, Ignored, Stop
from bot.adapters.slack.operation_intents import (
    Approve,
    Cancel,
    Deny,
    ListActions,
    ListTrust,
    Modal,
    OpenModal,
    Prove,
    Run,
    SayApproval,
    Settle,
    Switch,
    Throw,
)
from bot.adapters.slack.validation import validate_message, validate_view
from bot.entrypoints.listeners.inbox import without_codes
from bot.ports.operations_desk import ProofWays
from safe_ops.model.plans import Stage
from tests.unit.slack_actions import DIGEST, action
from tests.unit.slack_payloads import ANA, ROOM, ROOT, TEAM, TS, mention, message, read

BALLOT = ballot_text(ballot_of(action(), Stage.ONCALL))
PLACE = {"channel": ROOM, "thread_ts": ROOT, "message_ts": TS}


def click(name: str, value: str) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": ANA, "team_id": TEAM},
        "team": {"id": TEAM},
        "channel": {"id": ROOM},
        "container": {"type": "message", "message_ts": TS, "channel_id": ROOM},
        "message": {"ts": TS, "thread_ts": ROOT},
        "trigger_id": "1.2.3",
        "actions": [{"action_id": name, "value": value}],
    }


def submission(view: dict[str, Any], **entered: Any) -> dict[str, Any]:
    values = {
        name: {
            "x": {"selected_option": {"value": value[0]}}
            if isinstance(value, list)
            else {"value": value}
        }
        for name, value in entered.items()
    }
    return {
        "type": "view_submission",
        "user": {"id": ANA, "team_id": TEAM},
        "team": {"id": TEAM},
        "trigger_id": "4.5.6",
        "view": {**view, "state": {"values": values}},
    }


def command(text: str) -> dict[str, Any]:
    return {
        "command": "/nightdesk",
        "text": text,
        "user_id": ANA,
        "team_id": TEAM,
        "channel_id": ROOM,
        "trigger_id": "7.8.9",
    }


def test_approve_is_read_with_who_pressed_it_and_what_they_saw() -> None:
    intent = read_action(click(actions.OPERATION_APPROVE, BALLOT))
    assert isinstance(intent, Approve)
    assert (intent.actor.person, intent.actor.channel, intent.actor.thread_ts) == (ANA, ROOM, ROOT)
    assert intent.ballot.digest == DIGEST[:32]
    assert intent.ballot.version == 3


def test_deny_asks_for_the_reason_first() -> None:
    intent = read_action(click(actions.OPERATION_DENY, BALLOT))
    assert isinstance(intent, OpenModal)
    assert (intent.modal, intent.action_id, intent.trigger_id) == (
        Modal.DENIAL,
        "act-0001",
        "1.2.3",
    )
    assert intent.ballot == parse_ballot(BALLOT)


@pytest.mark.parametrize(
    ("name", "modal"),
    [
        (actions.OPERATION_DETAILS, Modal.WHOLE),
        (actions.OPERATION_PROVE, Modal.PROOF),
        (actions.OPERATION_SETTLE, Modal.SETTLEMENT),
    ],
)
def test_the_other_controls_open_their_modal(name: str, modal: Modal) -> None:
    intent = read_action(click(name, "act-0001"))
    assert isinstance(intent, OpenModal)
    assert intent.modal is modal


@pytest.mark.parametrize(
    "value",
    [
        "",
        "act-0001",
        "v2|act-0001|oncall|3|" + "a" * 32,
        "v1|act-0001|ceo|3|" + "a" * 32,
        "v1|act-0001|oncall|-3|" + "a" * 32,
        "v1|act-0001|oncall|3|" + "a" * 31,
        "v1|act-0001|oncall|3|" + "A" * 32,
        "v1|act 1|oncall|3|" + "a" * 32,
        BALLOT + "|x",
        BALLOT + "\n",
    ],
)
def test_a_button_that_is_none_of_ours_decides_nothing(value: str) -> None:
    assert parse_ballot(value) is None
    assert isinstance(read_action(click(actions.OPERATION_APPROVE, value)), Ignored)
    assert isinstance(read_action(click(actions.OPERATION_DENY, value)), Ignored)


def test_a_card_copied_to_another_channel_is_about_the_same_action() -> None:
    copied = {**click(actions.OPERATION_APPROVE, BALLOT), "channel": {"id": "C0ELSEWHERE"}}
    original = read_action(click(actions.OPERATION_APPROVE, BALLOT))
    intent = read_action(copied)
    assert isinstance(intent, Approve)
    assert isinstance(original, Approve)
    assert intent.ballot == original.ballot
    assert intent.actor.channel == "C0ELSEWHERE"


def test_a_denial_carries_its_reason_and_where_to_answer() -> None:
    view = views.denial_view({**PLACE, "ballot": BALLOT}, needs_reason=True)
    assert validate_view(view) == []
    intent = read_submission(submission(view, reason="  too risky now "))
    assert isinstance(intent, Deny)
    assert intent.reason == "too risky now"
    assert intent.ballot == parse_ballot(BALLOT)
    assert (intent.actor.channel, intent.actor.thread_ts, intent.actor.message_ts) == (
        ROOM,
        ROOT,
        TS,
    )


@pytest.mark.parametrize("needed", [True, False])
def test_slack_insists_on_a_reason_where_one_is_needed(needed: bool) -> None:
    view = views.denial_view(PLACE, needs_reason=needed)
    (entry,) = [block for block in view["blocks"] if block["type"] == "input"]
    assert entry["optional"] is not needed


def test_a_code_is_read_and_never_kept() -> None:
    ways = ProofWays(subject="idp|ana", code=True, link="")
    view = views.proof_view({**PLACE, "action_id": "act-0001"}, ways)
    assert validate_view(view) == []
    delivered = submission(view, code="654321")
    intent = read_submission(delivered)
    assert isinstance(intent, Prove)
    assert (intent.action_id, intent.code) == ("act-0001", "654321")
    kept = without_codes(delivered)
    assert "654321" not in json.dumps(kept)
    assert isinstance(read_submission(kept), Ignored)


def test_other_forms_are_kept_whole() -> None:
    view = views.denial_view({**PLACE, "ballot": BALLOT}, needs_reason=False)
    delivered = submission(view, reason="no")
    assert without_codes(delivered) == delivered


@pytest.mark.parametrize(("choice", "effect"), [("took_effect", True), ("had_none", False)])
def test_a_settlement_says_what_became_of_the_call(choice: str, effect: bool) -> None:
    view = views.settlement_view({**PLACE, "action_id": "act-0001"})
    assert validate_view(view) == []
    intent = read_submission(submission(view, effect=[choice], reason="I looked"))
    assert isinstance(intent, Settle)
    assert intent.took_effect is effect


def test_a_run_command_is_taken_apart() -> None:
    intent = read_command(
        command("run rollout_restart deployment/cart -n shop cluster=eu --reason 'two words'")
    )
    assert isinstance(intent, Run)
    assert intent.order.operation == "rollout_restart"
    assert intent.order.loose == ("deployment/cart",)
    assert intent.order.given == {"namespace": "shop", "cluster": "eu", "reason": "two words"}
    assert intent.order.channel == ROOM
    assert intent.trigger_id == "7.8.9"


def test_the_same_command_delivered_twice_is_one_order() -> None:
    first, again = (read_command(command("run cordon node-1")) for _ in range(2))
    other = read_command({**command("run cordon node-1"), "trigger_id": "9.9.9"})
    assert isinstance(first, Run)
    assert isinstance(again, Run)
    assert isinstance(other, Run)
    assert first.order.order_id == again.order.order_id != other.order.order_id


def test_a_value_said_twice_is_left_for_the_person_to_settle() -> None:
    intent = read_command(command("run scale_up -n shop -n kube-system replicas=3"))
    assert isinstance(intent, Run)
    assert intent.order.given["namespace"] == "shop"
    assert intent.order.loose == ("namespace=kube-system",)


@pytest.mark.parametrize(
    ("text", "switch", "reason"),
    [
        ("stop", Switch.STOP, ""),
        ("stop too many at once", Switch.STOP, "too many at once"),
        ("release", Switch.RELEASE, ""),
        ("readonly on audit", Switch.READ_ONLY, "audit"),
        ("read-only off", Switch.READ_WRITE, ""),
        ("freeze black friday", Switch.FREEZE, "black friday"),
        ("thaw", Switch.THAW, ""),
    ],
)
def test_the_switches_have_words(text: str, switch: Switch, reason: str) -> None:
    intent = read_command(command(text))
    assert isinstance(intent, Throw)
    assert (intent.switch, intent.reason) == (switch, reason)


def test_the_other_words() -> None:
    assert isinstance(read_command(command("actions")), ListActions)
    assert isinstance(read_command(command("autonomy")), ListTrust)
    cancel = read_command(command("cancel A12 wrong cluster"))
    assert isinstance(cancel, Cancel)
    assert (cancel.name, cancel.reason) == ("A12", "wrong cluster")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("freeze", "Say why: `/nightdesk freeze month end`."),
        ("cancel", "Say which, and why if you like: `/nightdesk cancel A12 wrong cluster`."),
        ("readonly perhaps", "Say `/nightdesk readonly on`, or `off`."),
        ("`why` &lt;is&gt; it down?", "`/nightdesk why &lt;is&gt; it down?` is no command"),
    ],
)
def test_a_command_that_is_none_is_answered_with_what_it_lacks(text: str, told: str) -> None:
    intent = read_command(command(text))
    assert isinstance(intent, AskForHelp)
    card = help_card(intent.said)
    assert validate_message({"text": card.text, "blocks": list(card.blocks)}) == []
    assert told in card.text
    assert "Ask me about your clusters" not in str(card.blocks)


@pytest.mark.parametrize("text", ["", "help", "Help"])
def test_who_asks_for_help_gets_all_of_it(text: str) -> None:
    intent = read_command(command(text))
    assert isinstance(intent, AskForHelp)
    assert "Ask me about your clusters" in str(help_card(intent.said).blocks)


@pytest.mark.parametrize(
    "text",
    ["approve", "Approve ✅", "approved!", "I approve", "approve A12", "deny", "LGTM", "承認"],
)
def test_words_never_approve(text: str) -> None:
    intent = read(mention(text))
    assert isinstance(intent, SayApproval), intent
    assert isinstance(read(message(text, thread_ts=ROOT), known=True), SayApproval)


@pytest.mark.parametrize("text", ["approve", "approve A12", "deny A12 because", "reject"])
def test_typed_decisions_are_told_to_use_the_button(text: str) -> None:
    assert isinstance(read_command(command(text)), SayApproval)


def test_an_app_that_says_approve_is_not_heard() -> None:
    intent = read(message("Approve ✅", thread_ts=ROOT, bot_id="B0EVIL", user=""), known=True)
    assert isinstance(intent, Ignored)


@pytest.mark.parametrize("text", ["why was it approved?", "approve the budget for shop?"])
def test_a_question_about_approvals_is_a_question(text: str) -> None:
    assert isinstance(read(mention(text)), Ask)


def test_stop_in_a_thread_still_ends_the_run_there() -> None:
    assert isinstance(read(mention("stop")), Stop)


@given(text=st.text(max_size=120))
def test_no_command_raises(text: str) -> None:
    read_command(command(text))
    read_command(command(f"run {text}"))
