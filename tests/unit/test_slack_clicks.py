"""Commands, clicks and shortcuts, and JSON of every shape that might come with them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack import wording
from bot.adapters.slack.inbound import concerns_us, read_event
from bot.adapters.slack.inbound_clicks import read_action, read_command, read_shortcut
from bot.adapters.slack.intents import (
    Ask,
    AskForHelp,
    AskForStatus,
    Ignored,
    OpenDetails,
    PickScope,
    Rate,
    Retry,
    Stop,
    UseScope,
)
from bot.adapters.slack.payload import storable
from bot.domain.conversation import Rating
from tests.unit.slack_payloads import (
    ANA,
    ROOM,
    ROOT,
    TEAM,
    TS,
    US,
)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", AskForHelp),
        ("help", AskForHelp),
        ("why is it down?", AskForHelp),
        ("status", AskForStatus),
        ("use prod-eu", UseScope),
        ("use cluster prod-eu shop", UseScope),
        ("use", AskForHelp),
    ],
)
def test_the_slash_command_knows_its_words(text: str, kind: type) -> None:
    payload = {"command": "/nightdesk", "text": text, "user_id": ANA, "channel_id": ROOM}
    intent = read_command({**payload, "team_id": TEAM})
    assert isinstance(intent, kind)
    if isinstance(intent, UseScope):
        assert intent.cluster == "prod-eu"
        assert intent.actor.thread_ts is None


def click(action: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {
        "type": "block_actions",
        "user": {"id": ANA, "team_id": TEAM},
        "team": {"id": TEAM},
        "channel": {"id": ROOM},
        "container": {"type": "message", "message_ts": TS, "channel_id": ROOM},
        "message": {"ts": TS, "thread_ts": ROOT},
        "trigger_id": "1.2.3",
        "actions": [action],
        **fields,
    }


def test_clicks_are_read_with_their_person_and_thread() -> None:
    stop = read_action(click({"action_id": "run.stop", "value": "x"}))
    assert isinstance(stop, Stop)
    assert (stop.actor.person, stop.actor.thread_ts, stop.actor.message_ts) == (ANA, ROOT, TS)
    retry = read_action(click({"action_id": "answer.retry", "value": "inv-1"}))
    assert isinstance(retry, Retry)
    assert retry.investigation_id == "inv-1"
    rating = read_action(click({"action_id": "answer.rate", "value": "bad:inv-1"}))
    assert isinstance(rating, Rate)
    assert (rating.investigation_id, rating.rating) == ("inv-1", Rating.BAD)
    button = read_action(click({"action_id": "scope.button.3", "value": "prod-eu"}))
    menu = read_action(click({"action_id": "scope.menu", "selected_option": {"value": "prod-eu"}}))
    assert isinstance(button, PickScope)
    assert isinstance(menu, PickScope)
    assert button.cluster == menu.cluster == "prod-eu"
    details = read_action(click({"action_id": "answer.details", "value": "inv-1"}))
    assert isinstance(details, OpenDetails)
    assert (details.page, details.trigger_id, details.view_id) == (0, "1.2.3", None)
    page = read_action(
        click({"action_id": "details.page.later", "value": "2:inv-1"}, view={"id": "V1"})
    )
    assert isinstance(page, OpenDetails)
    assert (page.investigation_id, page.page, page.view_id) == ("inv-1", 2, "V1")


@pytest.mark.parametrize(
    "action",
    [
        {},
        {"action_id": "answer.rate", "value": "great:inv-1"},
        {"action_id": "answer.rate", "value": "good:"},
        {"action_id": "answer.retry"},
        {"action_id": "details.page.later", "value": "-1:inv"},
        {"action_id": "details.page.later", "value": "99999999999:inv"},
        {"action_id": "somebody.else", "value": "x"},
    ],
)
def test_a_click_that_carries_nonsense_is_nothing(action: dict[str, Any]) -> None:
    assert isinstance(read_action(click(action)), Ignored)


def test_the_shortcut_makes_the_message_the_subject() -> None:
    intent = read_shortcut(
        {
            "type": "message_action",
            "callback_id": "investigate",
            "channel": {"id": ROOM},
            "user": {"id": ANA},
            "team": {"id": TEAM},
            "action_ts": "1700000005.000001",
            "message": {"ts": TS, "text": "", "attachments": [{"text": "checkout &lt;down&gt;"}]},
        }
    )
    assert isinstance(intent, Ask)
    question = intent.question
    assert question.subject == "checkout <down>"
    assert (question.thread_ts, question.ts) == (TS, "1700000005.000001")
    assert "checkout" not in question.text


_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=30)
    | st.sampled_from([TS, ROOM, ANA, f"<@{US}> stop", "im", "block_actions", "9" * 400]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "text", "ts", "user", "id", "value", "elements", "blocks", "fields"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=10,
)


_NAMES = (
    "type",
    "subtype",
    "channel",
    "channel_type",
    "user",
    "ts",
    "thread_ts",
    "text",
    "bot_id",
    "attachments",
    "blocks",
    "tab",
    "hidden",
    "files",
)


_CLICK_NAMES = (
    "user",
    "team",
    "channel",
    "container",
    "message",
    "actions",
    "view",
    "trigger_id",
    "action_ts",
    "text",
    "user_id",
    "channel_id",
    "callback_id",
)


@given(st.dictionaries(st.sampled_from(_NAMES), _VALUES), _VALUES, st.booleans())
def test_no_event_makes_the_reader_fall_over(
    event: dict[str, Any], authorizations: object, known: bool
) -> None:
    for kind in ("message", "app_mention", "agent_session_stopped", "app_home_opened"):
        payload = {"authorizations": authorizations, "event": {**event, "type": kind}}
        intent = read_event(payload, knows_thread=lambda _channel, _thread: known)
        assert intent is not None
        concerns_us(payload)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "user",
                "team",
                "channel",
                "container",
                "message",
                "actions",
                "view",
                "trigger_id",
                "action_ts",
                "text",
                "user_id",
                "channel_id",
                "callback_id",
            ]
        ),
        _VALUES,
    ),
    _VALUES,
)
def test_no_interaction_makes_the_reader_fall_over(payload: dict[str, Any], inner: object) -> None:
    told = {"callback_id": "investigate", "message": inner, "actions": [inner], **payload}
    for reader in (read_action, read_command, read_shortcut):
        assert reader(told) is not None


@given(st.text(max_size=300))
def test_decoding_never_raises_and_leaves_text_every_database_takes(text: str) -> None:
    words = wording.decoded(text)
    words.encode()
    assert "\x00" not in words


@given(_VALUES)
def test_what_is_stored_is_json_without_nul_or_lone_surrogates(value: object) -> None:
    text = json.dumps(storable({"payload": value, "a\x00b": ["\ud800"]}), ensure_ascii=False)
    assert "\\u0000" not in text
    # A lone surrogate cannot be written as UTF-8.
    assert text.encode()
