"""Posts in watched channels: whose are alerts, which are edits, which are none of our business."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.adapters.slack.inbound import concerns_us, read_event
from bot.adapters.slack.intents import AlertsPosted, Ignored
from bot.domain.registry import AlertRules
from tests.lab.alerts.samples import edited, slack_event

US, OUR_APP, CHANNEL = "U0NIGHT", "A0NIGHT", "C0ALERTS01"


def delivery(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "event_callback",
        "event_id": "Ev1",
        "team_id": "T1",
        "api_app_id": OUR_APP,
        "authorizations": [{"team_id": "T1", "user_id": US}],
        "event": event,
    }


def read(event: dict[str, Any], rules: AlertRules | None) -> object:
    return read_event(
        delivery(event),
        knows_thread=lambda _channel, _thread: False,
        rules_of=lambda channel: rules if channel == CHANNEL else None,
    )


def post(name: str = "alertmanager_firing", **given: Any) -> dict[str, Any]:
    return {**slack_event(name), "channel": CHANNEL, **given}


def test_an_apps_post_in_a_watched_channel_is_an_alert() -> None:
    intent = read(post(), AlertRules())
    assert isinstance(intent, AlertsPosted)
    assert intent.shape == "alertmanager"
    assert (intent.channel, intent.origin.channel) == (CHANNEL, CHANNEL)
    assert intent.origin.delivery_id == "Ev1"
    assert not intent.origin.is_edit


def test_an_edit_keeps_the_ts_of_the_first_version() -> None:
    first = post()
    intent = read({**edited(first), "channel": CHANNEL}, AlertRules())
    assert isinstance(intent, AlertsPosted)
    assert intent.origin.ts == first["ts"]
    assert intent.origin.is_edit


def test_the_same_post_elsewhere_is_nothing() -> None:
    assert isinstance(read({**post(), "channel": "C0OTHER01"}, AlertRules()), Ignored)
    assert isinstance(read(post(), None), Ignored)


def test_a_reply_in_a_thread_is_no_alert() -> None:
    assert isinstance(read(post(thread_ts="1700000000.000001"), AlertRules()), Ignored)


def test_our_own_posts_are_never_alerts() -> None:
    ours = post(app_id=OUR_APP, bot_profile={"app_id": OUR_APP, "name": "Alertmanager"})
    assert isinstance(read(ours, AlertRules()), Ignored)
    assert isinstance(read(post(user=US), AlertRules()), Ignored)


@pytest.mark.parametrize("name", ["B0AM", "b0am", "A0AM", "Prom Bot"])
def test_an_app_is_believed_by_its_ids_and_its_own_name(name: str) -> None:
    event = post(bot_id="B0AM", app_id="A0AM", bot_profile={"name": "Prom Bot", "app_id": "A0AM"})
    assert isinstance(read(event, AlertRules(apps=(name,))), AlertsPosted)


def test_a_name_that_a_post_gives_itself_makes_nobody_believed() -> None:
    event = post(bot_id="B0EVIL", username="Alertmanager", bot_profile={"name": "evil"})
    assert isinstance(read(event, AlertRules(apps=("Alertmanager",))), Ignored)


def test_a_post_of_no_known_shape_comes_back_empty_to_be_counted() -> None:
    event = {
        "type": "message",
        "subtype": "bot_message",
        "bot_id": "B1",
        "channel": CHANNEL,
        "ts": "1700000000.000100",
        "text": "lunch is ready",
    }
    intent = read(event, AlertRules())
    assert isinstance(intent, AlertsPosted)
    assert (intent.alerts, intent.shape) == ((), "unknown")


def test_people_are_heard_where_the_channel_is_for_it() -> None:
    event = {
        "type": "message",
        "user": "U1",
        "channel": CHANNEL,
        "ts": "1700000000.000100",
        "text": "checkout is 5xx in namespace shop",
    }
    intent = read(event, AlertRules(people=True))
    assert isinstance(intent, AlertsPosted)
    assert intent.alerts[0].scope.namespace == "shop"
    assert isinstance(read(event, AlertRules()), Ignored)
    mention = {**event, "text": f"<@{US}> what fails?"}
    assert not isinstance(read(mention, AlertRules(people=True)), AlertsPosted)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "subtype",
                    "message",
                    "ts",
                    "text",
                    "attachments",
                    "blocks",
                    "bot_id",
                    "user",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(event=st.dictionaries(st.text(max_size=8), JSON, max_size=5))
def test_no_payload_in_a_watched_channel_is_too_odd_to_be_read(event: dict[str, Any]) -> None:
    payload = delivery({**event, "type": "message", "channel": CHANNEL})
    concerns_us(payload, rules_of=lambda _channel: AlertRules(people=True))
