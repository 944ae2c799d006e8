"""The question journey through signed HTTP: the same answer, and nothing without a signature."""

from __future__ import annotations

import json
import time
from contextlib import closing
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack.actions import DETAILS, DETAILS_VIEW
from bot.entrypoints.web import EVENTS_PATH, MOST_BYTES
from tests.flows.crashing import ONE_READ, SUMMARY
from tests.flows.house import PATIENCE_S, events_of, refill_buckets
from tests.lab.chat import Chat
from tests.lab.installation import Installation
from tests.lab.slack.events_http import sign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flows.conftest import Running
    from tests.lab.installation import Process

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(180)


class WebListener:
    """A listener without an app token, beside the shared installation's other processes."""

    def __init__(self, running: Running, process: Process) -> None:
        self.running = running
        self.process = process
        process.wait_until_said("listener_ready", within_s=PATIENCE_S)
        self._port = int(events_of(process, "listener_ready")[0]["http_port"])
        self.url = f"http://127.0.0.1:{self._port}{EVENTS_PATH}"

    def heard(self) -> int:
        """Return how many questions came through."""
        return len(events_of(self.process, "question_received"))

    def post(self, body: bytes, headers: dict[str, str]) -> int:
        """Return the status a delivery is answered with."""
        kind = {"Content-Type": "application/json"}
        return self._ask("POST", EVENTS_PATH, body, kind | headers)

    def announce(self, length: int) -> int:
        """Return the status for a body of so many bytes, none of which is sent yet."""
        return self._ask("POST", EVENTS_PATH, None, {"Content-Length": str(length)})

    def get(self, path: str) -> int:
        """Return the status of a page."""
        return self._ask("GET", path, None, {})

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> int:
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)) as connection:
            connection.request(method, path, body=body, headers=headers)
            return connection.getresponse().status


@pytest.fixture(scope="module")
def listening(started: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebListener]:
    environment = dict(started.installation.environment)
    del environment["SLACK_APP_TOKEN"]
    with Installation(environment, logs=tmp_path_factory.mktemp("web")) as installation:
        yield WebListener(started, installation.start("listener"))


@pytest.fixture
def web(running: Running, listening: WebListener) -> Iterator[WebListener]:
    refill_buckets(running)
    running.slack.deliver_to(listening.url)
    yield listening
    running.slack.deliver_to("")


@pytest.fixture
def chat(web: WebListener) -> Chat:
    return Chat(web.running.slack, patience_s=PATIENCE_S)


def mention(ts: str = "1700000000.000100") -> bytes:
    return json.dumps(
        {
            "type": "event_callback",
            "event_id": f"Ev{ts}",
            "team_id": "T0FORGED",
            "event": {
                "type": "app_mention",
                "user": "U0FORGED",
                "channel": "C0FORGED",
                "ts": ts,
                "text": "what is failing?",
            },
        }
    ).encode()


def test_a_question_is_answered_with_evidence_and_its_details_open(
    web: WebListener, chat: Chat
) -> None:
    running = web.running
    running.script(web=ONE_READ)
    heard = web.heard()
    question, card = chat.asked_and_answered("over the web: what is failing in shop?")
    assert web.heard() == heard + 1
    assert SUMMARY in card.words
    assert "kubectl get pods -n shop" in card.words
    assert "Not checked" in card.words
    assert [seen.ts for seen in chat.said_by_bot("#oncall", question.ts)] == [card.ts]
    running.slack.as_user("ana").click(card.ts, DETAILS)
    running.slack.wait_for_view("ana", callback_id=DETAILS_VIEW, timeout_s=PATIENCE_S)


def test_a_slash_command_is_answered(web: WebListener) -> None:
    web.running.slack.as_user("ana").slash("/nightdesk", "status")
    web.running.slack.wait_for_ephemeral("ana", contains="prod-eu", timeout_s=PATIENCE_S)


def test_an_acknowledgement_that_was_lost_leads_to_no_second_answer(
    web: WebListener, chat: Chat
) -> None:
    running = web.running
    running.script(lost=ONE_READ)
    running.slack.faults.lose_acks(1, what="app_mention")
    question, card = chat.asked_and_answered("lost on the way back: what is failing in shop?")
    running.slack.wait_until_delivered(timeout_s=PATIENCE_S)
    assert [seen.ts for seen in chat.said_by_bot("#oncall", question.ts)] == [card.ts]


def test_the_address_proves_itself_to_slack(web: WebListener) -> None:
    assert web.running.slack.verify_endpoint()


def test_who_cannot_sign_is_turned_away(web: WebListener) -> None:
    heard = web.heard()
    body = mention()
    assert web.post(body, {}) == 401
    assert web.post(body, sign("somebody-else", body)) == 401
    signed = sign(web.running.slack.signing_secret, body)
    assert web.post(body.replace(b"what", b"that"), signed) == 401
    assert web.heard() == heard


@pytest.mark.parametrize("age_s", [301, -301])
def test_a_delivery_of_another_time_is_turned_away(web: WebListener, age_s: int) -> None:
    heard = web.heard()
    body = mention()
    stale = sign(web.running.slack.signing_secret, body, at=time.time() - age_s)
    assert web.post(body, stale) == 401
    assert web.heard() == heard


@pytest.mark.parametrize("stamp", ["soon", "", "1e9", "-5", "9" * 40])
def test_a_time_stamp_that_is_no_number_is_turned_away(web: WebListener, stamp: str) -> None:
    body = mention()
    signed = sign(web.running.slack.signing_secret, body) | {"X-Slack-Request-Timestamp": stamp}
    assert web.post(body, signed) == 401


def test_a_body_that_is_too_long_or_no_text_is_turned_away(web: WebListener) -> None:
    secret = web.running.slack.signing_secret
    noise = b"\xff\xfe\x00"
    assert web.post(noise, sign(secret, noise)) == 400
    assert web.announce(MOST_BYTES + 1) == 413


def test_an_orchestrator_learns_that_the_listener_is_ready(web: WebListener) -> None:
    assert web.get("/healthz") == 200
    assert web.get("/readyz") == 200
    assert web.get(EVENTS_PATH) == 404
