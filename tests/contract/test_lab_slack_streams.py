"""The lab's native streams live, end and overflow as the real ones were seen to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from tests.lab.clock import LabClock
from tests.lab.slack.testing import SlackLab

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from slack_sdk.web.chat_stream import ChatStream

ONCALL = "C0LABONC1"


@pytest.fixture
def lab() -> Iterator[SlackLab]:
    with SlackLab(clock=LabClock(frozen_at=1_760_000_000)) as running:
        yield running


@pytest.fixture
def client(lab: SlackLab) -> WebClient:
    return WebClient(token=lab.bot_token, base_url=lab.api_url, retry_handlers=[])


@pytest.fixture
def root(lab: SlackLab) -> str:
    return lab.as_user("ana").mention("#oncall", "why?").ts


@pytest.fixture
def stream(lab: SlackLab, client: WebClient, root: str) -> ChatStream:
    opened = client.chat_stream(
        channel=ONCALL,
        thread_ts=root,
        recipient_team_id=lab.team_id,
        recipient_user_id=lab.as_user("ana").id,
        task_display_mode="plan",
    )
    opened.append(chunks=[{"type": "plan_update", "title": "Looking"}])
    return opened


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return str(refused.value.response["error"])


def test_a_stream_shows_its_text_tasks_and_last_blocks(
    lab: SlackLab, stream: ChatStream, root: str
) -> None:
    task = {"type": "task_update", "id": "1", "title": "Read pods", "status": "in_progress"}
    stream.append(markdown_text="The pod is ", chunks=[task])
    seen = lab.thread("#oncall", root)[-1]
    assert (seen.streaming, seen.plan_title, seen.tasks[0]["status"]) == (
        True,
        "Looking",
        "in_progress",
    )
    feedback = {
        "type": "context_actions",
        "elements": [
            {
                "type": "feedback_buttons",
                "action_id": "answer.feedback",
                "positive_button": {
                    "text": {"type": "plain_text", "text": "Good"},
                    "value": "good",
                },
                "negative_button": {"text": {"type": "plain_text", "text": "Bad"}, "value": "bad"},
            }
        ],
    }
    stream.stop(
        markdown_text="crashing.", chunks=[{**task, "status": "complete"}], blocks=[feedback]
    )
    seen = lab.thread("#oncall", root)[-1]
    assert (seen.streaming, seen.text, seen.tasks[0]["status"]) == (
        False,
        "The pod is crashing.",
        "complete",
    )
    assert seen.action_ids == ["answer.feedback"]
    assert "Read pods" in seen.words


def test_a_stream_in_a_channel_needs_a_human_recipient(
    client: WebClient, lab: SlackLab, root: str
) -> None:
    where = {"channel": ONCALL, "thread_ts": root}
    assert refusal(client.chat_startStream, **where) == "missing_recipient_team_id"
    assert refusal(client.chat_startStream, **where, recipient_team_id=lab.team_id) == (
        "missing_recipient_user_id"
    )
    ana = lab.as_user("ana")
    asked = ana.dm("why?")
    assert client.chat_startStream(channel=ana.dm_channel, thread_ts=asked.ts)["ok"]


def test_a_stream_dies_after_five_minutes_even_while_appended_to(
    client: WebClient, lab: SlackLab, stream: ChatStream, root: str
) -> None:
    lab.clock.advance(299)
    stream.append(markdown_text="x" * 300)
    where: dict[str, Any] = {"channel": ONCALL, "ts": stream.ts}
    assert refusal(client.chat_update, **where, text="x") == "streaming_state_conflict"
    lab.clock.advance(1)
    dead = "message_not_in_streaming_state"
    assert refusal(client.chat_appendStream, **where, markdown_text="y") == dead
    assert refusal(client.chat_stopStream, **where) == dead
    client.chat_update(**where, text="the whole answer")
    assert lab.thread("#oncall", root)[-1].text == "the whole answer"


def test_a_stream_holds_eleven_kilobytes_of_utf8(
    client: WebClient, stream: ChatStream, lab: SlackLab, root: str
) -> None:
    where: dict[str, Any] = {"channel": ONCALL, "ts": stream.ts}
    client.chat_appendStream(**where, markdown_text="é" * 5_000)
    assert refusal(client.chat_appendStream, **where, markdown_text="é" * 500) == "msg_too_long"
    assert lab.thread("#oncall", root)[-1].text == "é" * 5_000


def test_a_stopped_stream_tells_the_app_and_refuses_more(
    client: WebClient, lab: SlackLab, stream: ChatStream, root: str
) -> None:
    where = {"channel_id": ONCALL, "thread_ts": root}
    client.agents_sessions_setStatus(**where, status="processing", title="Checkout")
    stopped = lab.as_user("ana").stop("#oncall", root)
    assert stopped is not None
    assert stopped.payload["event"]["streaming_message_ts"] == [stream.ts]
    append = {"channel": ONCALL, "ts": stream.ts, "markdown_text": "y"}
    assert refusal(client.chat_appendStream, **append) == "stopped_by_user"
    session = lab.session("#oncall", root)
    assert session is not None
    assert session.status == "processing", "leaving the status is the app's own work"
    client.chat_stopStream(channel=ONCALL, ts=str(stream.ts), session_status="active")
    assert session.history == ["processing", "active"]


def test_only_a_stream_of_ones_own_can_be_appended_to(client: WebClient, root: str) -> None:
    append = {"channel": ONCALL, "markdown_text": "y"}
    assert refusal(client.chat_appendStream, **append, ts=root) == "message_not_owned_by_app"
    posted = client.chat_postMessage(channel=ONCALL, text="x")["ts"]
    assert refusal(client.chat_appendStream, **append, ts=posted) == (
        "message_not_in_streaming_state"
    )


def test_a_task_status_outside_the_four_words_is_refused(stream: ChatStream) -> None:
    chunk = {"type": "task_update", "id": "1", "title": "Read pods", "status": "completed"}
    assert refusal(stream.append, chunks=[chunk]) == "invalid_chunks"
