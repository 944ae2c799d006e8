"""chat.startStream, chat.appendStream, chat.stopStream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack import limits
from tests.lab.slack import streams
from tests.lab.slack.args import bad_argument
from tests.lab.slack.errors import SlackError
from tests.lab.slack.records import Json, Stream
from tests.lab.slack.web_api import content
from tests.lab.slack.web_api.agents import set_session
from tests.lab.slack.web_api.registry import Method
from tests.lab.slack.wire import message_json

if TYPE_CHECKING:
    from tests.lab.slack.args import Args
    from tests.lab.slack.state import Workspace


def _start(workspace: Workspace, args: Args) -> Json:
    channel = workspace.joined_channel(args.required("channel"))
    thread_ts = args.required("thread_ts")
    markdown, chunks = args.text("markdown_text"), args.rows("chunks")
    message = streams.start(
        workspace,
        channel,
        thread_ts=thread_ts,
        stream=Stream(
            started_at=workspace.clock.now(),
            display_mode=args.text("task_display_mode", "timeline"),
            recipient=args.text("recipient_user_id"),
        ),
        team=args.text("recipient_team_id"),
    )
    streams.append(workspace, message, markdown=markdown, chunks=chunks)
    return {"channel": channel.id, "ts": message.ts}


def _append(workspace: Workspace, args: Args) -> Json:
    channel = workspace.joined_channel(args.required("channel"))
    message = workspace.message(channel, args.required("ts"))
    markdown, chunks = args.text("markdown_text"), args.rows("chunks")
    if not markdown and not chunks:
        raise bad_argument("markdown_text", "give markdown_text or chunks")
    streams.append(workspace, message, markdown=markdown, chunks=chunks)
    return {"channel": channel.id, "ts": message.ts}


def _stop(workspace: Workspace, args: Args) -> Json:
    channel = workspace.joined_channel(args.required("channel"))
    message = workspace.message(channel, args.required("ts"))
    blocks = content.blocks_of(args) or []
    if len(blocks) > limits.STREAM_STOP_BLOCKS:
        raise SlackError("msg_blocks_too_long")
    metadata = content.metadata_of(args)
    streams.stop(
        workspace,
        channel,
        message,
        markdown=args.text("markdown_text"),
        chunks=args.rows("chunks"),
        blocks=blocks,
    )
    message.metadata = metadata or message.metadata
    if "session_status" in args:
        set_session(workspace, (channel.id, message.root_ts), args.text("session_status"))
    return {
        "channel": channel.id,
        "ts": message.ts,
        "message": message_json(workspace, message, with_metadata=True),
    }


_WRITE = ("chat:write",)
METHODS = (
    Method(name="chat.startStream", run=_start, scopes=_WRITE),
    Method(name="chat.appendStream", run=_append, scopes=_WRITE),
    Method(name="chat.stopStream", run=_stop, scopes=_WRITE),
)
