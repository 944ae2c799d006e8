"""Native streams: who may receive one, how long it lives, how much it holds.

The numbers are those seen on the real service (limits). It must not know HTTP.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.adapters.slack import limits
from bot.adapters.slack.validation import validate_blocks
from tests.lab.slack.conversation import bot_message, post
from tests.lab.slack.errors import SlackError
from tests.lab.slack.events import emit, tell_changed
from tests.lab.slack.records import BOT_USER_ID, Json, Message, Stream
from tests.lab.slack.wire import message_json, with_ids

if TYPE_CHECKING:
    from tests.lab.slack.records import Channel
    from tests.lab.slack.state import Workspace
    from tests.lab.slack.traffic import Delivery

TASK_STATUSES = frozenset({"pending", "in_progress", "complete", "error"})
DISPLAY_MODES = frozenset({"timeline", "plan", "dense"})


def start(
    workspace: Workspace, channel: Channel, *, thread_ts: str, stream: Stream, team: str
) -> Message:
    """Post an empty streaming message into a thread."""
    if stream.display_mode not in DISPLAY_MODES:
        raise SlackError("invalid_arguments")
    if channel.kind != "im":
        if not team:
            raise SlackError("missing_recipient_team_id")
        if not stream.recipient:
            raise SlackError("missing_recipient_user_id")
    if stream.recipient and workspace.user(stream.recipient).is_bot:
        raise SlackError("user_not_found")
    root = workspace.root(channel, thread_ts)
    message = bot_message(channel, thread_ts=root.root_ts, stream=stream)
    return post(workspace, channel, message)


def is_live(workspace: Workspace, message: Message) -> bool:
    """Return whether the message can still be appended to."""
    stream = message.stream
    return (
        stream is not None
        and stream.state == "streaming"
        and workspace.clock.now() - stream.started_at < limits.STREAM_TTL_S
    )


def append(
    workspace: Workspace, message: Message, *, markdown: str, chunks: list[Any] | None
) -> None:
    """Add markdown and chunks, all or nothing."""
    stream = _open(workspace, message)
    if stream.state == "stopped_by_user":
        raise SlackError("stopped_by_user")
    _grow(workspace, stream, markdown, chunks)


def stop(
    workspace: Workspace,
    channel: Channel,
    message: Message,
    *,
    markdown: str,
    chunks: list[Any] | None,
    blocks: list[Json],
) -> None:
    """Add the rest and the last blocks, and finish the message."""
    stream = _open(workspace, message)
    with workspace.changing():
        previous = message_json(workspace, message)
        if stream.state != "stopped_by_user":
            _grow(workspace, stream, markdown, chunks)
        stream.last_blocks = with_ids(workspace, blocks)
        stream.state = "stopped"
        tell_changed(workspace, channel, message, previous)


def stop_by_user(
    workspace: Workspace, channel: Channel, thread_ts: str, user: str
) -> Delivery | None:
    """Press the native Stop: live streams of the thread end, the app is told, nothing else."""
    with workspace.changing():
        stopped = []
        for message in workspace.in_thread(channel.id, thread_ts):
            if message.stream is not None and is_live(workspace, message):
                message.stream.state = "stopped_by_user"
                stopped.append(message.ts)
        return emit(
            workspace,
            {
                "type": "agent_session_stopped",
                "channel": channel.id,
                "thread_ts": thread_ts,
                "user": user,
                "streaming_message_ts": stopped,
            },
        )


def _open(workspace: Workspace, message: Message) -> Stream:
    if message.user != BOT_USER_ID:
        raise SlackError("message_not_owned_by_app")
    stream = message.stream
    if stream is None or stream.state == "stopped":
        raise SlackError("message_not_in_streaming_state")
    if workspace.clock.now() - stream.started_at >= limits.STREAM_TTL_S:
        raise SlackError("message_not_in_streaming_state")
    return stream


def _grow(workspace: Workspace, stream: Stream, markdown: str, chunks: list[Any] | None) -> None:
    grown = Stream(
        started_at=stream.started_at,
        markdown=stream.markdown,
        plan_title=stream.plan_title,
        tasks={key: dict(task) for key, task in stream.tasks.items()},
        blocks=list(stream.blocks),
    )
    _add_markdown(grown, markdown)
    for chunk in chunks or []:
        _add_chunk(workspace, grown, chunk)
    if grown.size_bytes() > limits.STREAM_MAX_BYTES:
        raise SlackError("msg_too_long")
    with workspace.changing():
        stream.markdown, stream.plan_title = grown.markdown, grown.plan_title
        stream.tasks, stream.blocks = grown.tasks, grown.blocks


def _add_markdown(stream: Stream, text: str) -> None:
    if len(text) > limits.STREAM_MARKDOWN_PER_CALL:
        raise SlackError("msg_too_long")
    stream.markdown += text


def _add_chunk(workspace: Workspace, stream: Stream, chunk: Any) -> None:
    match chunk:
        case {"type": "markdown_text", "text": str(text)}:
            _add_markdown(stream, text)
        case {"type": "plan_update", "title": str(title)}:
            stream.plan_title = title
        case {"type": "task_update", "id": str(task_id), "title": str(), "status": str(status)}:
            if status not in TASK_STATUSES:
                raise _invalid_chunk(f"status {status} is not one of {sorted(TASK_STATUSES)}")
            task = stream.tasks.setdefault(task_id, {"task_id": task_id})
            task.update({key: value for key, value in chunk.items() if key not in {"type", "id"}})
        case {"type": "blocks", "blocks": list(blocks)}:
            violations = validate_blocks(blocks, surface="message")
            if violations:
                raise _invalid_chunk(f"{violations[0].pointer}: {violations[0].message}")
            stream.blocks.extend(with_ids(workspace, blocks))
            if len(stream.blocks) > limits.STREAM_CHUNK_BLOCKS:
                raise SlackError("msg_blocks_too_long")
        case _:
            raise _invalid_chunk("the chunk has no known type, or misses a field")


def _invalid_chunk(why: str) -> SlackError:
    return SlackError("invalid_chunks", response_metadata={"messages": [f"[ERROR] {why}"]})
