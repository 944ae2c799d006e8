"""What the web entry point makes of deliveries that are wrong, and that nothing of them stays."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bot.entrypoints.web import MOST_BYTES
from tests.flows.alerts.leads import concluding
from tests.flows.alerts.senders import alert_of, body_of

if TYPE_CHECKING:
    from tests.flows.alerts.alarms import Alarms

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(300)

GOOD = json.dumps(body_of(alert_of("CartRefused"))).encode()
UNAUTHORIZED = (401, {"error": "unauthorized"})
BAD_REQUEST = (400, {"error": "bad request"})


@pytest.mark.parametrize(
    ("token", "body", "expected"),
    [
        pytest.param(None, GOOD, UNAUTHORIZED, id="no token"),
        pytest.param("not-ours", GOOD, UNAUTHORIZED, id="forged token"),
        pytest.param("not-ours", b"{", UNAUTHORIZED, id="forged and malformed"),
        pytest.param("", b"", BAD_REQUEST, id="empty"),
        pytest.param("", b'{"alerts": [', BAD_REQUEST, id="cut off"),
        pytest.param("", b"\xff\xfe\x00", BAD_REQUEST, id="no text"),
        pytest.param("", b"[1, 2]", BAD_REQUEST, id="a list"),
        pytest.param("", b"[" * 100_000, BAD_REQUEST, id="deeply nested"),
        pytest.param("", b'{"alerts": "all of them"}', BAD_REQUEST, id="of another shape"),
        pytest.param("", b'{"version": "4", "alerts": 7}', BAD_REQUEST, id="alerts are no list"),
        pytest.param("", b'{"text": "hello"}', BAD_REQUEST, id="another sender's"),
    ],
)
def test_a_delivery_that_is_not_right_is_refused_and_nothing_of_it_is_stored(
    alarms: Alarms, token: str | None, body: bytes, expected: tuple[int, object]
) -> None:
    before = alarms.tellings()
    assert alarms.send("refused", body, token=token) == expected
    assert alarms.tellings() == before
    assert alarms.incidents_of("CartRefused") == []
    assert alarms.roots("refused") == []


@pytest.mark.parametrize(
    ("length", "status"),
    [(str(MOST_BYTES + 1), 413), (str(10**15), 413), ("many", 400)],
)
def test_a_body_too_long_to_be_read_is_refused_before_it_is_sent(
    alarms: Alarms, length: str, status: int
) -> None:
    before = alarms.tellings()
    assert alarms.send("refused", None, headers={"Content-Length": length})[0] == status
    assert alarms.tellings() == before


def test_a_body_that_is_just_short_enough_is_read(alarms: Alarms) -> None:
    body = GOOD + b" " * (MOST_BYTES - 1 - len(GOOD))
    assert alarms.send("refused", body, token="not-ours") == UNAUTHORIZED


def test_a_webhook_that_nobody_declared_does_not_exist(alarms: Alarms) -> None:
    for name in ("nobody", "", "../healthz", "refused/more", "%00"):
        assert alarms.send(name, GOOD)[0] == 404


def test_a_replayed_delivery_is_answered_and_changes_nothing(alarms: Alarms) -> None:
    alarms.script(CartReplayed=concluding())
    body = body_of(alert_of("CartReplayed"))
    assert alarms.send("replayed", body) == (200, {"ok": True})
    incident = alarms.the_incident("CartReplayed")
    alarms.card("replayed", alarms.thread_of("CartReplayed"))
    before = alarms.tellings()
    for listener in (0, 1, 0):
        assert alarms.send("replayed", body, listener=listener) == (200, {"ok": True})
    assert alarms.tellings() == before
    assert alarms.the_incident("CartReplayed").messages == incident.messages == 1
    assert len(alarms.roots("replayed")) == 1
