"""The demo page's view of the lab: gestures over HTTP, a snapshot, a stream of versions."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk import WebClient

from tests.lab.clock import LabClock
from tests.lab.slack.testing import SlackLab

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def lab() -> Iterator[SlackLab]:
    with SlackLab(clock=LabClock(frozen_at=1_760_000_000)) as running:
        yield running


def call(
    lab: SlackLab, method: str, path: str, body: object = None, **headers: str
) -> tuple[int, Any]:
    connection = HTTPConnection("127.0.0.1", int(lab.url.rpartition(":")[2]), timeout=5)
    connection.request(method, path, None if body is None else json.dumps(body), headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, json.loads(text) if text.startswith("{") else text


def test_a_gesture_over_http_is_the_personas_own(lab: SlackLab) -> None:
    act = {"persona": "ana", "verb": "mention", "args": {"channel": "#oncall", "text": "why?"}}
    status, answer = call(lab, "POST", "/_lab/act", act)
    assert (status, answer["ts"]) == (200, lab.messages("#oncall")[0].ts)
    assert lab.deliveries("app_mention")[0].payload["event"]["user"] == lab.as_user("ana").id


def test_an_impossible_gesture_says_what_there_is(lab: SlackLab) -> None:
    status, answer = call(
        lab,
        "POST",
        "/_lab/act",
        {"persona": "gus", "verb": "post", "args": {"channel": "#oncall", "text": "x"}},
    )
    assert (status, answer["error"]) == (400, "gus is not in #oncall")
    status, answer = call(lab, "POST", "/_lab/act", {"persona": "ana", "verb": "__init__"})
    assert status == 400
    assert "no such verb" in answer["error"]


def test_the_snapshot_has_everything_a_page_draws(lab: SlackLab) -> None:
    client = WebClient(token=lab.bot_token, base_url=lab.api_url)
    ana = lab.as_user("ana")
    asked = ana.dm("why?")
    client.assistant_threads_setStatus(
        channel_id=ana.dm_channel, thread_ts=asked.ts, status="is thinking"
    )
    home = {"type": "home", "blocks": [{"type": "divider"}]}
    client.views_publish(user_id=ana.id, view=home)
    status, state = call(lab, "GET", "/_lab/state")
    assert status == 200
    assert [row["text"] for row in state["messages"][ana.dm_channel]] == ["why?"]
    assert state["statuses"][0]["value"]["text"] == "is thinking"
    assert state["homes"][ana.id]["blocks"][0]["type"] == "divider"
    assert state["version"] == lab.workspace.version


def test_the_event_stream_tells_a_growing_version(lab: SlackLab) -> None:
    connection = HTTPConnection("127.0.0.1", int(lab.url.rpartition(":")[2]), timeout=5)
    connection.request("GET", "/_lab/events")
    stream = connection.getresponse()

    def version() -> int:
        while not (line := stream.readline()).startswith(b"data: "):
            assert line
        return int(json.loads(line[6:])["version"])

    first = version()
    lab.as_user("ana").post("#oncall", "x")
    assert version() > first
    connection.close()


def test_a_page_of_another_site_may_not_act(lab: SlackLab) -> None:
    assert call(lab, "GET", "/_lab/state", Origin="https://evil.example")[0] == 403
    assert call(lab, "GET", "/_lab/state", Host="lab.evil.example")[0] == 403
    assert call(lab, "GET", "/_lab/state", Origin="http://localhost:9000")[0] == 200


def test_the_clock_and_faults_can_be_driven_from_outside(lab: SlackLab) -> None:
    before = lab.clock.now()
    assert call(lab, "POST", "/_lab/clock", {"advance_s": 60})[1]["now"] == before + 60
    status, answer = call(lab, "POST", "/_lab/faults", {"method": "chat.update", "error": "x"})
    assert (status, answer["pending"][0]["method"]) == (200, "chat.update")
    assert lab.faults.pending()[0].error == "x"
