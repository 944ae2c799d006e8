"""The lab delivers what people do to an unmodified Bolt app, by Socket Mode and by signed HTTP."""

from __future__ import annotations

import time
from http.client import HTTPConnection
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.slack.attached import AttachedApp, HttpApp
from tests.lab.slack.events_http import sign
from tests.lab.slack.testing import SlackLab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slack_bolt import Ack, Respond, Say
    from slack_sdk import WebClient

CARD = [
    {
        "type": "actions",
        "block_id": "card",
        "elements": [
            {
                "type": "button",
                "action_id": "approve",
                "value": "7",
                "text": {"type": "plain_text", "text": "Approve"},
            },
            {
                "type": "static_select",
                "action_id": "scope",
                "options": [
                    {"text": {"type": "plain_text", "text": "Production"}, "value": "prod"},
                    {"text": {"type": "plain_text", "text": "Staging"}, "value": "stage"},
                ],
            },
        ],
    }
]
MODAL = {
    "type": "modal",
    "callback_id": "reason",
    "title": {"type": "plain_text", "text": "Why?"},
    "submit": {"type": "plain_text", "text": "Send"},
    "blocks": [
        {
            "type": "input",
            "block_id": "why",
            "label": {"type": "plain_text", "text": "Reason"},
            "element": {"type": "plain_text_input", "action_id": "text"},
        }
    ],
}


@pytest.fixture
def lab() -> Iterator[SlackLab]:
    with SlackLab() as running:
        yield running


@pytest.fixture
def hasty_lab() -> Iterator[SlackLab]:
    # A short acknowledgement time, for the app that never acknowledges.
    with SlackLab(ack_timeout_s=0.4) as running:
        yield running


@pytest.fixture
def attached(lab: SlackLab) -> AttachedApp:
    attached = AttachedApp(lab)

    @attached.app.event("message")
    def ignore() -> None:
        """Other events are somebody else's."""

    return attached


def test_what_was_asked_before_the_app_connected_is_answered(
    lab: SlackLab, attached: AttachedApp
) -> None:
    @attached.app.event("app_mention")
    def answer(event: dict[str, Any], say: Say) -> None:
        say(text="pong", thread_ts=event["ts"])

    asked = lab.as_user("ana").mention("#oncall", "ping")
    with attached:
        assert lab.wait_for_reply("#oncall", asked.ts).text == "pong"
        lab.wait_until_delivered()
    # The mention, its app_mention, and the app's own words as an echo.
    assert [one.what for one in lab.deliveries()] == ["message", "app_mention", "message"]
    assert lab.deliveries()[2].payload["event"]["bot_id"] == lab.bot_id


def test_an_edited_alert_says_message_changed(lab: SlackLab, attached: AttachedApp) -> None:
    heard: list[dict[str, Any]] = []

    @attached.app.event({"type": "message", "subtype": "message_changed"})
    def changed(event: dict[str, Any]) -> None:
        heard.append(event)

    with attached:
        alert = lab.post_webhook_alert(attachments=[{"text": "firing"}])
        lab.change_webhook_alert(alert.ts, [{"text": "resolved"}])
        lab.wait_until_delivered()
    first, second = (one.payload["event"] for one in lab.deliveries("message"))
    assert (first["subtype"], first["text"], "user" in first) == ("bot_message", "", False)
    assert second["message"]["attachments"] == [{"text": "resolved"}]
    assert second["previous_message"]["attachments"] == [{"text": "firing"}]


def test_an_unacknowledged_event_comes_again_and_a_click_does_not(
    hasty_lab: SlackLab,
) -> None:
    lab, attached = hasty_lab, AttachedApp(hasty_lab)
    hold = Event()

    @attached.app.event("message")
    def ignore() -> None:
        """Its acknowledgement is what counts."""

    attached.app.client.chat_postMessage(channel="#oncall", text="Approve?", blocks=CARD)
    ana = lab.as_user("ana")

    @attached.app.middleware
    def stall(next: Callable[[], None]) -> None:  # noqa: A002  # Bolt's name
        hold.wait(5)
        next()

    @attached.app.action("approve")
    def approve(ack: Ack) -> None:
        ack()

    with attached:
        ana.dm("hello")
        click = ana.click(lab.messages("#oncall")[0], "approve")
        lab.wait_for(lambda: click.finished and lab.deliveries("message")[-1].attempts == 2)
        hold.set()
        lab.wait_until_delivered()
    assert (click.state, click.attempts, click.failures) == ("failed", 1, ["timeout"])
    retried = lab.deliveries("message")[-1]
    assert (retried.state, retried.failures) == ("acked", ["timeout"])


def test_a_lost_acknowledgement_brings_the_event_again_under_its_id(
    lab: SlackLab, attached: AttachedApp
) -> None:
    seen: list[tuple[str, str]] = []

    @attached.app.event("app_mention")
    def note(body: dict[str, Any], request: Any) -> None:
        attempt = request.headers.get("x-slack-retry-num", ["0"])
        seen.append((body["event_id"], attempt[0]))

    lab.faults.lose_acks(what="app_mention")
    with attached:
        lab.as_user("ana").mention("#oncall", "ping")
        lab.wait_until_delivered()
    told = lab.deliveries("app_mention")[0]
    assert (told.attempts, told.failures) == (2, ["ack_lost"])
    assert [event_id for event_id, _ in seen] == [told.id, told.id]
    assert sorted(attempt for _, attempt in seen)[1] == "1"


def test_an_event_can_be_delivered_twice_or_out_of_order(lab: SlackLab) -> None:
    # One worker, and a middleware rather than a listener: the order heard is the order sent.
    attached = AttachedApp(lab, concurrency=1)
    heard: list[str] = []

    @attached.app.middleware
    def note(body: dict[str, Any], next: Callable[[], None]) -> None:  # noqa: A002  # Bolt's name
        heard.append(body["event"].get("reaction", "message"))
        next()

    @attached.app.event("message")
    @attached.app.event("reaction_added")
    def ignore() -> None:
        """Counted above."""

    ana = lab.as_user("ana")
    with attached:
        message = ana.post("#oncall", "x")
        lab.faults.duplicate_events(what="reaction_added")
        ana.react(message, "eyes")
        lab.wait_until_delivered()
        lab.faults.reverse_events(what="reaction_added")
        ana.react(message, "one")
        ana.react(message, "two")
        lab.wait_until_delivered()
    assert heard == ["message", "eyes", "eyes", "two", "one"]
    twins = lab.deliveries("reaction_added")[:2]
    assert twins[0].id == twins[1].id


def test_a_refreshed_socket_is_replaced_and_nothing_is_lost(
    lab: SlackLab, attached: AttachedApp
) -> None:
    heard: list[str] = []

    @attached.app.event("app_mention")
    def note(event: dict[str, Any]) -> None:
        heard.append(event["text"])

    with attached:
        lab.kill_sockets("refresh_requested")
        lab.wait_for(lambda: len(lab.calls("apps.connections.open")) == 2)
        lab.as_user("ana").mention("#oncall", "still there?")
        lab.wait_until_delivered()
    assert set(heard) == {f"<@{lab.bot_user_id}> still there?"}


def test_a_click_reaches_the_app_and_its_response_url_answers_five_times(
    lab: SlackLab, attached: AttachedApp
) -> None:
    errors: list[int] = []

    @attached.app.action("approve")
    def approve(ack: Ack, respond: Respond, body: dict[str, Any]) -> None:
        ack()
        for number in range(6):
            answer = respond(f"{body['user']['name']} {body['actions'][0]['value']} {number}")
            errors.append(answer.status_code)

    with attached:
        attached.app.client.chat_postMessage(channel="#oncall", text="Approve?", blocks=CARD)
        card = lab.messages("#oncall")[0]
        click = lab.as_user("ana").click(card, "approve")
        lab.wait_for(lambda: len(errors) == 6)
        lab.wait_until_delivered()
    assert click.acked
    assert click.payload["message"]["ts"] == card.ts
    assert [seen.text for seen in lab.ephemerals("ana")] == [f"ana 7 {n}" for n in range(5)]
    assert errors == [200] * 5 + [404]


def test_a_response_url_can_replace_the_message(lab: SlackLab, attached: AttachedApp) -> None:
    @attached.app.action("scope")
    def choose(ack: Ack, respond: Respond, action: dict[str, Any]) -> None:
        ack()
        respond(text=f"chosen {action['selected_option']['value']}", replace_original=True)

    with attached:
        attached.app.client.chat_postMessage(channel="#oncall", text="Which?", blocks=CARD)
        card = lab.messages("#oncall")[0]
        lab.as_user("ana").click(card, "scope", selected_option="Staging")
        lab.wait_for(lambda: lab.messages("#oncall")[0].text == "chosen stage")
        lab.wait_until_delivered()


def test_a_modal_shows_errors_then_closes(lab: SlackLab, attached: AttachedApp) -> None:
    @attached.app.shortcut("investigate")
    def ask(ack: Ack, shortcut: dict[str, Any], client: WebClient) -> None:
        ack()
        client.views_open(trigger_id=shortcut["trigger_id"], view=MODAL)

    @attached.app.view("reason")
    def take(ack: Ack, view: dict[str, Any]) -> None:
        reason = view["state"]["values"]["why"]["text"]["value"]
        if len(reason) < 5:
            ack(response_action="errors", errors={"why": "Too short."})
        else:
            ack()

    marta = lab.as_user("marta")
    with attached:
        message = marta.post("#oncall", "look at this")
        marta.shortcut("investigate", "#oncall", message.ts)
        view = lab.wait_for_view("marta", callback_id="reason")
        marta.submit_view(view.id, {"why": "eh"})
        lab.wait_for(lambda: view.errors)
        assert view.errors == {"why": "Too short."}
        marta.submit_view(view.id, {"why": "because it burns"})
        lab.wait_for(lambda: not lab.views("marta"))
        lab.wait_until_delivered()


def test_a_command_is_answered_by_its_acknowledgement(lab: SlackLab, attached: AttachedApp) -> None:
    @attached.app.command("/nightdesk")
    def run(ack: Ack, command: dict[str, Any]) -> None:
        ack(f"you said {command['text']}")

    with attached:
        lab.as_user("ana").slash("/nightdesk", "help")
        assert lab.wait_for_ephemeral("ana").text == "you said help"
        lab.wait_until_delivered()


def test_a_click_with_no_app_behind_it_fails_at_once(lab: SlackLab, attached: AttachedApp) -> None:
    attached.app.client.chat_postMessage(channel="#oncall", text="Approve?", blocks=CARD)
    click = lab.as_user("ana").click(lab.messages("#oncall")[0], "approve")
    lab.wait_for(lambda: click.finished)
    assert (click.state, click.failures) == ("failed", ["no_socket"])


def test_the_same_app_is_reached_by_signed_http(lab: SlackLab) -> None:
    behind = HttpApp(lab)

    @behind.app.event("app_mention")
    def answer(event: dict[str, Any], say: Say) -> None:
        say(text="pong", thread_ts=event["ts"], blocks=CARD)

    @behind.app.event("message")
    def ignore() -> None:
        """Not asked."""

    @behind.app.action("approve")
    def approve(ack: Ack, respond: Respond) -> None:
        ack()
        respond("thanks")

    @behind.app.command("/nightdesk")
    def run(ack: Ack) -> None:
        ack("here")

    with behind:
        lab.deliver_to(behind.url)
        assert lab.verify_endpoint()
        ana = lab.as_user("ana")
        asked = ana.mention("#oncall", "ping")
        reply = lab.wait_for_reply("#oncall", asked.ts)
        ana.click(reply, "approve")
        lab.wait_for_ephemeral("ana", contains="thanks")
        ana.slash("/nightdesk")
        lab.wait_for_ephemeral("ana", contains="here")
        lab.wait_until_delivered()
    assert set(behind.statuses) == {200}
    assert all(one.acked for one in lab.deliveries())


def test_http_that_does_not_answer_is_tried_again_on_the_clock(lab: SlackLab) -> None:
    behind = HttpApp(lab)
    with behind:
        lab.deliver_to(behind.url)
        # Nothing is registered, so Bolt answers 404 every time.
        lab.as_user("ana").dm("hello")
        lab.wait_for(lambda: lab.deliveries()[0].attempts == 2)
        lab.wait_for(lambda: len(lab.deliveries()[0].failures) == 2)
        lab.clock.advance(61)
        lab.wait_for(lambda: len(lab.deliveries()[0].failures) == 3)
        lab.clock.advance(301)
        lab.wait_until_delivered()
    assert lab.deliveries()[0].failures == ["http_error"] * 4
    assert lab.deliveries()[0].state == "failed"


@pytest.mark.parametrize(
    ("age_s", "secret", "status"), [(0, "", 404), (301, "", 401), (0, "x", 401)]
)
def test_bolt_accepts_the_labs_signature_and_no_other(
    lab: SlackLab, age_s: int, secret: str, status: int
) -> None:
    body = b'{"type":"event_callback","event":{"type":"nothing"}}'
    with HttpApp(lab) as behind:
        signed = sign(secret or lab.signing_secret, body, at=time.time() - age_s)
        connection = HTTPConnection("127.0.0.1", int(behind.url.split(":")[2].split("/")[0]))
        connection.request(
            "POST", "/slack/events", body, {**signed, "Content-Type": "application/json"}
        )
        assert connection.getresponse().status == status
        connection.close()
