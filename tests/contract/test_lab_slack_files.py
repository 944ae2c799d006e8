"""The lab's uploads refuse what Slack refuses."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.adapters.slack import limits
from tests.lab.clock import LabClock
from tests.lab.slack.testing import SlackLab
from tests.lab.slack.web_api.files import UPLOAD_TTL_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ONCALL, RANDOM = "C0LABONC1", "C0LABRND1"


@pytest.fixture
def lab() -> Iterator[SlackLab]:
    with SlackLab(clock=LabClock(frozen_at=1_760_000_000)) as running:
        yield running


@pytest.fixture
def client(lab: SlackLab) -> WebClient:
    return WebClient(token=lab.bot_token, base_url=lab.api_url, retry_handlers=[])


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        call(**arguments)
    return str(refused.value.response["error"])


def send(url: str, content: bytes) -> int:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=5)
    try:
        connection.request("POST", parts.path, body=content)
        return connection.getresponse().status
    finally:
        connection.close()


def uploaded(client: WebClient, content: bytes = b"12345", **more: Any) -> str:
    place = client.files_getUploadURLExternal(filename="a.txt", length=len(content), **more)
    assert send(str(place["upload_url"]), content) == 200
    return str(place["file_id"])


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"filename": "", "length": 5}, "invalid_arguments"),
        ({"filename": "a", "length": 0}, "invalid_arguments"),
        ({"filename": "a", "length": -1}, "invalid_arguments"),
        ({"filename": "a", "length": 5, "snippet_type": "klingon"}, "unknown_snippet_type"),
        ({"filename": "a", "length": 5, "alt_txt": "x" * 1_001}, "alt_txt_too_large"),
        (
            {"filename": "a", "length": limits.SNIPPET_BYTES + 1, "snippet_type": "text"},
            "snippet_too_large",
        ),
    ],
)
def test_an_upload_is_announced_properly_or_refused(
    client: WebClient, arguments: dict[str, Any], error: str
) -> None:
    assert refusal(client.files_getUploadURLExternal, **arguments) == error


def test_bytes_are_taken_once_in_time_and_in_the_announced_length(
    client: WebClient, lab: SlackLab
) -> None:
    url = str(client.files_getUploadURLExternal(filename="a", length=5)["upload_url"])
    assert send(url, b"1234") == 400
    assert send(url, b"12345") == 200
    assert send(url, b"54321") == 400
    assert send(f"{lab.url}/upload/UPLAB9999999", b"12345") == 400
    late = str(client.files_getUploadURLExternal(filename="a", length=5)["upload_url"])
    lab.clock.advance(UPLOAD_TTL_S + 1)
    assert send(late, b"12345") == 400


def test_only_an_uploaded_file_is_completed_and_only_once(client: WebClient, lab: SlackLab) -> None:
    complete = client.files_completeUploadExternal
    assert refusal(complete, files=[]) == "invalid_arguments"
    assert refusal(complete, files=[{"id": "FLAB0000000"}]) == "file_not_found"
    announced = str(client.files_getUploadURLExternal(filename="a", length=5)["file_id"])
    assert refusal(complete, files=[{"id": announced}]) == "file_not_found"
    old = uploaded(client)
    lab.clock.advance(UPLOAD_TTL_S + 1)
    assert refusal(complete, files=[{"id": old}]) == "file_not_found"
    fresh = uploaded(client)
    complete(files=[{"id": fresh}])
    assert refusal(complete, files=[{"id": fresh}]) == "file_not_found"


def test_a_file_is_shared_only_where_the_bot_is(client: WebClient, lab: SlackLab) -> None:
    private = lab.add_channel("secret", private=True, with_bot=False)
    for channel, error in (
        (RANDOM, "not_in_channel"),
        (private.id, "channel_not_found"),
        ("C0NOSUCH1", "channel_not_found"),
    ):
        files = [{"id": uploaded(client)}]
        assert (
            refusal(client.files_completeUploadExternal, files=files, channel_id=channel) == error
        )
    lab.clock.advance(1)
    assert lab.messages("#random") == []


def test_a_thread_is_named_by_its_first_message(client: WebClient, lab: SlackLab) -> None:
    root = lab.as_user("ana").post("#oncall", "why?")
    reply = client.chat_postMessage(channel=ONCALL, thread_ts=root.ts, text="because")
    for thread_ts in (str(reply["ts"]), "1.000001"):
        assert (
            refusal(
                client.files_completeUploadExternal,
                files=[{"id": uploaded(client)}],
                channel_id=ONCALL,
                thread_ts=thread_ts,
            )
            == "thread_not_found"
        )


def test_several_files_come_in_one_message_with_their_comment(
    client: WebClient, lab: SlackLab
) -> None:
    root = lab.as_user("ana").post("#oncall", "why?")
    client.files_upload_v2(
        channel=ONCALL,
        thread_ts=root.ts,
        initial_comment="Charts of E1, E2",
        file_uploads=[
            {"filename": "a.png", "content": b"a", "alt_txt": "A chart"},
            {"filename": "b.txt", "content": b"1\n2\n3\n4\n5\n6\n", "snippet_type": "text"},
        ],
    )
    lab.clock.advance(1)
    (shared,) = lab.thread("#oncall", root.ts)[1:]
    assert (shared.text, shared.subtype) == ("Charts of E1, E2", "file_share")
    picture, snippet = shared.files
    assert (picture["mimetype"], picture["alt_txt"]) == ("image/png", "A chart")
    assert (snippet["mode"], snippet["preview"], snippet["lines_more"]) == (
        "snippet",
        "1\n2\n3\n4\n5",
        1,
    )


def test_without_the_scope_nothing_is_uploaded() -> None:
    manifest = {"oauth_config": {"scopes": {"bot": ["chat:write"]}}}
    with SlackLab(manifest=manifest) as lab:
        client = WebClient(token=lab.bot_token, base_url=lab.api_url, retry_handlers=[])
        with pytest.raises(SlackApiError) as refused:
            client.files_getUploadURLExternal(filename="a", length=5)
        answer = json.loads(json.dumps(refused.value.response.data))
        assert (answer["error"], answer["needed"]) == ("missing_scope", "files:write")
