"""The lab's Web API answers an unmodified WebClient the way Slack does."""

from __future__ import annotations

import json
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_handlers import RateLimitErrorRetryHandler

from tests.lab.clock import LabClock
from tests.lab.slack.errors import NotOnScreenError
from tests.lab.slack.testing import SlackLab

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


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_the_client_learns_who_it_is(client: WebClient, lab: SlackLab) -> None:
    answer = client.auth_test()
    assert (answer["user_id"], answer["team_id"]) == (lab.bot_user_id, lab.team_id)
    assert "chat:write" in answer.headers["x-oauth-scopes"]


def test_a_posted_message_is_in_the_thread_with_its_metadata(
    client: WebClient, lab: SlackLab
) -> None:
    question = lab.as_user("ana").post("#oncall", "why is checkout slow?")
    metadata = {"event_type": "nightdesk.answer", "event_payload": {"turn": 1}}
    client.chat_postMessage(
        channel=ONCALL, thread_ts=question.ts, text="Because.", metadata=metadata
    )
    rows = client.conversations_replies(channel=ONCALL, ts=question.ts, include_all_metadata=True)[
        "messages"
    ]
    assert [row["text"] for row in rows] == ["why is checkout slow?", "Because."]
    assert rows[1]["metadata"] == metadata
    assert rows[0]["reply_count"] == 1
    plain = client.conversations_replies(channel=ONCALL, ts=question.ts)["messages"]
    assert "metadata" not in plain[1]


def test_timestamps_grow_even_when_the_clock_stands_still(client: WebClient) -> None:
    stamps = [client.chat_postMessage(channel=ONCALL, text=str(n))["ts"] for n in range(5)]
    assert stamps == sorted(set(stamps))
    assert all(len(stamp.partition(".")[2]) == 6 for stamp in stamps)


def test_replies_come_in_pages(client: WebClient, lab: SlackLab) -> None:
    root = lab.as_user("ana").post("#oncall", "0")
    for number in range(1, 5):
        client.chat_postMessage(channel=ONCALL, thread_ts=root.ts, text=str(number))
    pages = client.conversations_replies(channel=ONCALL, ts=root.ts, limit=2)
    assert [[row["text"] for row in page["messages"]] for page in pages] == [
        ["0", "1"],
        ["2", "3"],
        ["4"],
    ]


def test_history_shows_no_replies(client: WebClient, lab: SlackLab) -> None:
    root = lab.as_user("ana").post("#oncall", "root")
    lab.as_user("marta").reply(root, "reply")
    lab.as_user("marta").post("#oncall", "second")
    rows = client.conversations_history(channel=ONCALL)["messages"]
    assert [row["text"] for row in rows] == ["second", "root"]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C0NOWHERE", "text": "x"}, "channel_not_found"),
        ({"channel": RANDOM, "text": "x"}, "not_in_channel"),
        ({"channel": ONCALL, "text": "x", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"channel": ONCALL}, "no_text"),
        ({"channel": ONCALL, "text": "x", "markdown_text": "y"}, "markdown_text_conflict"),
        ({"channel": ONCALL, "text": "x", "blocks": [section("y" * 3001)]}, "invalid_blocks"),
        (
            {"channel": ONCALL, "text": "x", "blocks": [section("y" * 2900)] * 5},
            "msg_blocks_too_long",
        ),
        (
            {
                "channel": ONCALL,
                "text": "x",
                "blocks": [{"type": "alert", "text": {"type": "plain_text", "text": "a"}}],
            },
            "invalid_blocks",
        ),
        (
            {"channel": ONCALL, "text": "x", "metadata": {"event_type": "a"}},
            "invalid_metadata_format",
        ),
    ],
)
def test_a_bad_post_is_refused_by_name(
    client: WebClient, arguments: dict[str, Any], error: str
) -> None:
    # Straight through api_call: the typed method warns about a missing text before it sends.
    assert refusal(client.api_call, api_method="chat.postMessage", json=arguments) == error


def test_invalid_blocks_come_with_a_pointer(client: WebClient) -> None:
    with pytest.raises(SlackApiError) as refused:
        client.chat_postMessage(channel=ONCALL, text="x", blocks=[section("")])
    assert "/blocks/0/text/text" in refused.value.response["response_metadata"]["messages"][0]


def test_an_archived_channel_takes_no_message(client: WebClient, lab: SlackLab) -> None:
    lab.archive("#payments")
    assert refusal(client.chat_postMessage, channel="#payments", text="x") == "is_archived"


def test_a_long_text_is_cut_on_posting_and_refused_on_updating(
    client: WebClient, lab: SlackLab
) -> None:
    posted = client.chat_postMessage(channel=ONCALL, text="x" * 50_000)
    assert len(lab.messages("#oncall")[0].text) == 40_000
    error = refusal(client.chat_update, channel=ONCALL, ts=posted["ts"], text="x" * 4_001)
    assert error == "msg_too_long"


def test_an_update_with_text_alone_removes_the_blocks(client: WebClient, lab: SlackLab) -> None:
    ts = client.chat_postMessage(channel=ONCALL, text="a", blocks=[section("b")])["ts"]
    client.chat_update(channel=ONCALL, ts=ts, text="a2", blocks=[section("b2")])
    assert not lab.messages("#oncall")[0].edited
    client.chat_update(channel=ONCALL, ts=ts, text="a3")
    seen = lab.messages("#oncall")[0]
    assert (seen.text, seen.blocks, seen.edited) == ("a3", [], True)


def test_only_own_messages_can_be_changed(client: WebClient, lab: SlackLab) -> None:
    theirs = lab.as_user("ana").post("#oncall", "mine")
    error = refusal(client.chat_update, channel=ONCALL, ts=theirs.ts, text="x")
    assert error == "cant_update_message"
    assert refusal(client.chat_delete, channel=ONCALL, ts=theirs.ts) == "cant_delete_message"
    assert refusal(client.chat_update, channel=ONCALL, ts="1.0", text="x") == "message_not_found"


def test_a_second_equal_reaction_is_refused(client: WebClient, lab: SlackLab) -> None:
    message = lab.as_user("ana").post("#oncall", "x")
    client.reactions_add(channel=ONCALL, timestamp=message.ts, name="eyes")
    error = refusal(client.reactions_add, channel=ONCALL, timestamp=message.ts, name="eyes")
    assert error == "already_reacted"
    assert lab.messages("#oncall")[0].reactions == {"eyes": [lab.bot_user_id]}


def test_an_ephemeral_reaches_one_person_and_no_history(client: WebClient, lab: SlackLab) -> None:
    ana = lab.as_user("ana")
    client.chat_postEphemeral(channel=ONCALL, user=ana.id, text="only you")
    assert [seen.text for seen in lab.ephemerals("ana")] == ["only you"]
    assert lab.ephemerals("marta") == []
    assert client.conversations_history(channel=ONCALL)["messages"] == []
    gus = lab.as_user("gus")
    error = refusal(client.chat_postEphemeral, channel=ONCALL, user=gus.id, text="x")
    assert error == "user_not_in_channel"


def test_people_and_groups_can_be_looked_up(client: WebClient, lab: SlackLab) -> None:
    gus = client.users_info(user=lab.as_user("gus").id)["user"]
    assert gus["is_ultra_restricted"]
    assert refusal(client.users_info, user="U0NOBODY1") == "user_not_found"
    group = next(row for row in client.usergroups_list()["usergroups"] if row["handle"] == "oncall")
    lab.set_group("oncall", ["ana", "marta"])
    members = client.usergroups_users_list(usergroup=group["id"])["users"]
    assert members == [lab.as_user("ana").id, lab.as_user("marta").id]


def test_all_groups_come_at_once_with_members_and_count_where_asked(
    client: WebClient, lab: SlackLab
) -> None:
    lab.set_group("oncall", ["ana", "marta"])
    lab.workspace.group("managers").disabled = True
    plain = client.usergroups_list()["usergroups"]
    assert {"users", "user_count"}.isdisjoint(plain[0])
    assert "managers" not in {row["handle"] for row in plain}
    answer = client.usergroups_list(include_users=True, include_count=True, include_disabled=True)
    rows = {row["handle"]: row for row in answer["usergroups"]}
    members = [lab.as_user("ana").id, lab.as_user("marta").id]
    assert (rows["oncall"]["users"], rows["oncall"]["user_count"]) == (members, "2")
    assert (rows["oncall"]["date_delete"], rows["managers"]["date_delete"] > 0) == (0, True)


def test_a_file_goes_up_in_three_steps_and_comes_down_with_a_token(
    client: WebClient, lab: SlackLab
) -> None:
    root = lab.as_user("ana").post("#oncall", "the log, please")
    uploaded = client.files_upload_v2(
        channel=ONCALL, content="line 1\n", filename="pod.log", thread_ts=root.ts
    )
    # Slack answers before it has shared the file.
    assert len(lab.thread("#oncall", root.ts)) == 1
    lab.clock.advance(1)
    assert lab.thread("#oncall", root.ts)[1].files[0]["name"] == "pod.log"
    connection = HTTPConnection(lab.url.removeprefix("http://"), timeout=5)
    path = uploaded["file"]["url_private"].removeprefix(lab.url)
    connection.request("GET", path, headers={"Authorization": f"Bearer {lab.bot_token}"})
    assert connection.getresponse().read() == b"line 1\n"
    connection.close()


def test_a_scheduled_message_appears_in_its_time_unless_it_has_metadata(
    client: WebClient, lab: SlackLab
) -> None:
    at = int(lab.clock.now()) + 60
    metadata = {"event_type": "a", "event_payload": {}}
    client.chat_scheduleMessage(channel=ONCALL, post_at=at, text="due")
    client.chat_scheduleMessage(channel=ONCALL, post_at=at, text="never", metadata=metadata)
    assert lab.messages("#oncall") == []
    lab.clock.advance(61)
    assert [seen.text for seen in lab.messages("#oncall")] == ["due"]


def test_a_status_ends_with_the_next_message_or_after_two_minutes(
    client: WebClient, lab: SlackLab
) -> None:
    root = lab.as_user("ana").post("#oncall", "x")
    where: dict[str, Any] = {"channel_id": ONCALL, "thread_ts": root.ts}
    client.assistant_threads_setStatus(**where, status="is thinking", loading_messages=["hm"])
    client.chat_postMessage(channel=ONCALL, thread_ts=root.ts, text="y")
    client.assistant_threads_setStatus(**where, status="is still thinking")
    lab.clock.advance(121)
    assert [row.cleared_by for row in lab.statuses("#oncall", root.ts)] == ["message", "timeout"]


def test_a_session_warns_when_nobody_listens_for_stop() -> None:
    manifest = {"settings": {"event_subscriptions": {"bot_events": ["app_mention"]}}}
    manifest["oauth_config"] = {"scopes": {"bot": ["chat:write"]}}
    with SlackLab(manifest=manifest) as lab:
        client = WebClient(token=lab.bot_token, base_url=lab.api_url)
        root = lab.as_user("ana").mention("#oncall", "x")
        answer = client.agents_sessions_setStatus(
            channel_id=ONCALL, thread_ts=root.ts, status="processing", title="Checkout"
        )
        assert answer["warning"] == "missing_agent_session_stopped_event_subscription"
        with pytest.raises(NotOnScreenError, match="not subscribed"):
            lab.as_user("ana").stop("#oncall", root.ts)
        assert refusal(client.reactions_add, channel=ONCALL, timestamp=root.ts, name="eyes") == (
            "missing_scope"
        )
        assert [one.what for one in lab.deliveries()] == ["app_mention"]


def test_blocks_validate_answers_with_pointers(client: WebClient) -> None:
    assert client.blocks_validate(blocks=[section("fine")])["ok"]
    with pytest.raises(SlackApiError) as refused:
        client.blocks_validate(message={"blocks": [{"type": "header"}]})
    assert refused.value.response["error"] == "invalid_message"
    assert refused.value.response["errors"][0]["pointer"] == "/blocks/0/text"


def test_an_unknown_method_is_refused_and_remembered(client: WebClient, lab: SlackLab) -> None:
    assert refusal(lambda: client.api_call("canvases.create")) == "unknown_method"
    assert lab.unknown_methods() == ["canvases.create"]


def test_tokens_are_told_apart_and_can_be_revoked(client: WebClient, lab: SlackLab) -> None:
    assert refusal(WebClient(token="xoxb-other", base_url=lab.api_url).auth_test) == "invalid_auth"
    assert refusal(client.apps_connections_open, app_token=lab.bot_token) == (
        "not_allowed_token_type"
    )
    lab.revoke_token()
    assert refusal(client.auth_test) == "token_revoked"
    lab.revoke_token(error="")
    assert client.auth_test()["ok"]


def test_a_tier_is_a_bucket_that_refills_on_the_clock(client: WebClient, lab: SlackLab) -> None:
    message = lab.as_user("ana").post("#oncall", "x")
    lab.tiers.on(chat_getPermalink=2)
    for _ in range(2):
        client.chat_getPermalink(channel=ONCALL, message_ts=message.ts)
    with pytest.raises(SlackApiError) as refused:
        client.chat_getPermalink(channel=ONCALL, message_ts=message.ts)
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "30"
    lab.clock.advance(30)
    assert client.chat_getPermalink(channel=ONCALL, message_ts=message.ts)["ok"]


def test_a_fault_happens_as_often_as_asked(client: WebClient, lab: SlackLab) -> None:
    lab.faults.add("chat.*", error="fatal_error", times=2, skip=1)
    client.chat_postMessage(channel=ONCALL, text="passes")
    errors = [refusal(client.chat_postMessage, channel=ONCALL, text="x") for _ in range(2)]
    assert errors == ["fatal_error"] * 2
    client.chat_postMessage(channel=ONCALL, text="passes again")
    assert [call.error for call in lab.calls("chat.postMessage")] == [
        "",
        "fatal_error",
        "fatal_error",
        "",
    ]


def test_the_sdk_waits_as_long_as_a_rate_limit_says(lab: SlackLab) -> None:
    lab.faults.rate_limit("chat.postMessage", retry_after_s=1)
    patient = WebClient(
        token=lab.bot_token,
        base_url=lab.api_url,
        retry_handlers=[RateLimitErrorRetryHandler(max_retry_count=1)],
    )
    assert patient.chat_postMessage(channel=ONCALL, text="x")["ok"]
    assert [call.status for call in lab.calls("chat.postMessage")] == [429, 200]


@pytest.mark.parametrize(("moment", "posted"), [("before", 0), ("after", 1)])
def test_a_dropped_connection_did_or_did_not_take_effect(
    client: WebClient, lab: SlackLab, moment: Any, posted: int
) -> None:
    lab.faults.add("chat.postMessage", drop=moment)
    with pytest.raises(OSError, match=r"closed|reset"):
        client.chat_postMessage(channel=ONCALL, text="x")
    assert len(lab.messages("#oncall")) == posted


def test_every_call_is_recorded_with_its_arguments_and_without_its_token(
    client: WebClient, lab: SlackLab
) -> None:
    client.chat_postMessage(channel=ONCALL, text="x", unfurl_links=False)
    call = lab.calls("chat.postMessage")[0]
    assert call.args == {"channel": ONCALL, "text": "x", "unfurl_links": False}
    assert call.result["ok"]
    assert lab.bot_token not in json.dumps(call.args)
