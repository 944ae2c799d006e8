"""The edge: signatures, sizes, health, reconnecting, and a manifest that matches the listeners."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from slack_bolt import App, BoltRequest

from bot.adapters.slack import actions
from bot.adapters.slack.manifest import manifest
from bot.entrypoints.listeners import clicks, commands, events, shortcuts
from bot.entrypoints.socket_mode import SocketRunner
from bot.entrypoints.web import EVENTS_PATH, MOST_BYTES
from tests.lab.slack.desk import until
from tests.lab.slack.events_http import encode, sign
from tests.lab.slack.testing import SlackLab
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from tests.lab.databases import SqliteFiles


from tests.contract.slack.listener import ROOM, Listener, Web, parts


def test_a_replayed_interaction_changes_nothing(web: Web) -> None:
    delivery = web.listener.lab.as_user("ana").slash(actions.COMMAND, "use prod-eu")
    web.listener.lab.wait_until_delivered()
    body, content_type = encode(delivery)
    headers = {"Content-Type": content_type, **sign(web.listener.lab.signing_secret, body)}
    assert web.send(EVENTS_PATH, body, headers) == (200, "")
    assert len(web.listener.desk.did("use_scope")) == 1


def test_the_manifest_and_the_listeners_name_the_same_things(listener: Listener) -> None:
    declared = manifest()
    bot_events = declared["settings"]["event_subscriptions"]["bot_events"]
    assert {name.partition(".")[0] for name in bot_events} == set(events.EVENTS)
    features = declared["features"]
    assert {row["command"] for row in features["slash_commands"]} == set(commands.COMMANDS)
    assert {row["callback_id"] for row in features["shortcuts"]} == set(shortcuts.SHORTCUTS)
    # What is registered is what the tables say: each is dispatched and finds its listener.
    for name in bot_events:
        body: dict[str, Any] = {
            "type": "event_callback",
            "event_id": f"Ev-{name}",
            "authorizations": [{"team_id": "T1", "user_id": "U0LABBOT1"}],
            "event": {
                "type": name.partition(".")[0],
                "channel": "D1",
                "channel_type": "im",
                "user": "U0LABANA1",
                "ts": "1700000000.000100",
                "thread_ts": "1700000000.000100",
                "tab": "messages",
                "text": "why?",
            },
        }
        assert dispatched(listener.app, body) == 200
    for command in commands.COMMANDS:
        assert dispatched(listener.app, {"command": command, "user_id": "U1"}) == 200
    for name in shortcuts.SHORTCUTS:
        body = {"type": "message_action", "callback_id": name, "user": {"id": "U1"}}
        assert dispatched(listener.app, body) == 200


def test_every_control_of_our_cards_has_a_listener(listener: Listener) -> None:
    ids = {f"{actions.SCOPE_BUTTON}.0", f"{actions.DETAILS_PAGE}.later", actions.SCOPE_MENU}
    ids |= {actions.DETAILS, actions.RETRY, actions.RATE, actions.STOP}
    assert len(ids) == len(clicks.ACTIONS)
    for number, action_id in enumerate(sorted(ids)):
        body = {
            "type": "block_actions",
            "user": {"id": "U0LABANA1"},
            "trigger_id": f"t{number}",
            "actions": [{"type": "button", "action_id": action_id}],
        }
        assert dispatched(listener.app, body) == 200
    unknown = {"type": "block_actions", "user": {"id": "U1"}, "actions": [{"action_id": "x"}]}
    assert dispatched(listener.app, {**unknown, "trigger_id": "t-x"}) == 404


def dispatched(app: App, body: dict[str, Any]) -> int:
    return app.dispatch(
        BoltRequest(mode="socket_mode", body={"trigger_id": uuid4().hex} | body)
    ).status


def test_the_manifest_keeps_slacks_limits() -> None:
    features = manifest()["features"]
    assert len(features["agent_view"]["agent_description"]) <= 300
    assert len(features["agent_view"]["suggested_prompts"]) <= 4
    assert all(len(row["name"]) <= 24 for row in features["shortcuts"])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"X-Slack-Request-Timestamp": "soon", "X-Slack-Signature": "v0=1"}, 401),
        ({"X-Slack-Request-Timestamp": "१२", "X-Slack-Signature": "v0=1"}, 401),
        ({"X-Slack-Request-Timestamp": "1", "X-Slack-Signature": "v0=1"}, 401),
        ({"X-Slack-Request-Timestamp": "9" * 400, "X-Slack-Signature": "v0=1"}, 401),
    ],
)
def test_a_request_without_a_valid_signature_is_turned_away(
    web: Web, headers: dict[str, str], status: int
) -> None:
    encoded = {name: value.encode().decode("latin-1") for name, value in headers.items()}
    body = json.dumps({"type": "event_callback", "event_id": "Ev1"}).encode()
    got, answer = web.send(EVENTS_PATH, body, encoded)
    assert got == status
    assert "Traceback" not in answer
    assert web.listener.unrouted() == []


def test_an_old_signature_and_a_foreign_one_are_turned_away(web: Web) -> None:
    body = b"{}"
    secret = web.listener.lab.signing_secret
    for headers in (sign(secret, body, at=1_000_000), sign("another", body), sign(secret, b"x")):
        assert web.send(EVENTS_PATH, body, headers)[0] == 401


def test_bytes_that_are_no_text_are_turned_away(web: Web) -> None:
    body = b"\xff\xfe\x00"
    assert web.send(EVENTS_PATH, body, sign(web.listener.lab.signing_secret, body))[0] == 400


def test_a_body_that_is_too_long_is_turned_away(web: Web) -> None:
    # Announced only: who sends it all may be cut off before the answer can be read.
    connection = HTTPConnection(urlsplit(web.url).netloc, timeout=5)
    connection.putrequest("POST", EVENTS_PATH)
    connection.putheader("Content-Length", str(MOST_BYTES + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_health_and_readiness_are_told_apart(web: Web) -> None:
    assert web.send("/healthz")[0] == 200
    assert web.send("/readyz")[0] == 200
    web.ready["listening"] = False
    assert web.send("/healthz")[0] == 200
    status, answer = web.send("/readyz")
    assert status == 503
    assert json.loads(answer) == {"ok": False, "checks": {"listening": False}}
    assert web.send("/elsewhere")[0] == 404


def test_twenty_slow_listeners_leave_a_click_its_acknowledgement(listener: Listener) -> None:
    card = listener.posted()
    listener.desk.takes_s = 0.3
    for number in range(10):
        listener.lab.as_user("ana").mention(ROOM, f"question {number}")
    click = listener.lab.as_user("ana").click(card, actions.RATE, value="good:inv-0001")
    listener.lab.wait_for(lambda: click.finished, timeout_s=2.5)
    assert click.state == "acked"


def test_a_refreshed_connection_goes_on_and_closes_cleanly(sqlite: SqliteFiles) -> None:
    with SlackLab(manifest=manifest()) as lab, parts(lab, sqlite.fresh()) as listener:
        runner = SocketRunner(listener.app, app_token=lab.app_token, clock=LabTime(lab.clock))
        assert not runner.health().ready
        runner.start()
        assert runner.wait_until_greeted(5)
        assert runner.health().ready
        lab.kill_sockets("refresh_requested")
        lab.wait_for(lambda: len(lab.calls("apps.connections.open")) == 2)
        until(lambda: runner.health().ready)
        lab.as_user("ana").mention(ROOM, "still there?")
        until(lambda: listener.desk.asked)
        runner.stop()
        assert not runner.health().ready
