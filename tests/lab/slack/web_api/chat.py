"""chat.*: posting, editing, deleting, permalinks, unfurls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack import limits
from tests.lab.slack import conversation, streams
from tests.lab.slack.errors import SlackError
from tests.lab.slack.records import BOT_USER_ID, TEAM_DOMAIN, Channel, Json, Message
from tests.lab.slack.web_api import content
from tests.lab.slack.web_api.registry import Method
from tests.lab.slack.wire import cut, message_json

if TYPE_CHECKING:
    from tests.lab.slack.args import Args
    from tests.lab.slack.state import Workspace


def compose(workspace: Workspace, channel: Channel, args: Args) -> Message:
    """Return the message the arguments describe, not posted yet."""
    blocks = content.blocks_of(args)
    attachments = content.attachments_of(args)
    text = content.text_of(args)
    if not (text or blocks or attachments):
        raise SlackError("no_text")
    message = conversation.bot_message(
        channel,
        text=cut(text),
        blocks=blocks or [],
        attachments=attachments or [],
        metadata=content.metadata_of(args),
        username=args.text("username"),
    )
    if thread_ts := args.text("thread_ts"):
        message.thread_ts = workspace.root(channel, thread_ts).root_ts
        if args.flag("reply_broadcast"):
            message.subtype = "thread_broadcast"
    return message


def _post(workspace: Workspace, args: Args) -> Json:
    channel = workspace.joined_channel(args.required("channel"))
    message = conversation.post(workspace, channel, compose(workspace, channel, args))
    answer: Json = {
        "channel": channel.id,
        "ts": message.ts,
        "message": message_json(workspace, message, with_metadata=True),
    }
    if len(args.text("text")) > limits.POST_TEXT:
        answer["response_metadata"] = {"warnings": ["message_truncated"]}
    return answer


def _post_ephemeral(workspace: Workspace, args: Args) -> Json:
    channel = workspace.joined_channel(args.required("channel"))
    user = workspace.user(args.required("user"))
    if user.id not in channel.members:
        raise SlackError("user_not_in_channel")
    message = compose(workspace, channel, args)
    message.only_for = user.id
    conversation.post_ephemeral(workspace, message)
    return {"message_ts": message.ts}


def _update(workspace: Workspace, args: Args) -> Json:
    channel = workspace.joined_channel(args.required("channel"))
    message = workspace.message(channel, args.required("ts"))
    if message.user != BOT_USER_ID:
        raise SlackError("cant_update_message")
    if streams.is_live(workspace, message):
        raise SlackError("streaming_state_conflict")
    if len(args.text("text")) > limits.UPDATE_TEXT:
        raise SlackError("msg_too_long")
    blocks, attachments = content.blocks_of(args), content.attachments_of(args)
    text, metadata = content.text_of(args), content.metadata_of(args)
    if not (text or blocks or attachments or metadata):
        raise SlackError("no_text")
    changes: Json = {}
    if text:
        changes["text"] = text
    if blocks is not None or text:
        # Text without blocks removes the blocks that were there (docs: chat.update).
        changes |= {"blocks": blocks or [], "stream": None}
    if attachments is not None:
        changes["attachments"] = attachments
    if metadata is not None:
        changes["metadata"] = metadata
    if text and not blocks:
        changes["edited"] = conversation.edited_mark(workspace, BOT_USER_ID)
    conversation.edit(workspace, channel, message, **changes)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": message_json(workspace, message, with_metadata=True),
    }


def _delete(workspace: Workspace, args: Args) -> Json:
    channel = workspace.channel(args.required("channel"))
    message = workspace.message(channel, args.required("ts"))
    if message.user != BOT_USER_ID:
        raise SlackError("cant_delete_message")
    conversation.delete(workspace, channel, message)
    return {"channel": channel.id, "ts": message.ts}


def _permalink(workspace: Workspace, args: Args) -> Json:
    channel = workspace.channel(args.required("channel"))
    message = workspace.message(channel, args.required("message_ts"))
    link = f"https://{TEAM_DOMAIN}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    if message.thread_ts:
        link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def _unfurl(workspace: Workspace, args: Args) -> Json:
    unfurls = args.nested("unfurls")
    channel = workspace.channel(args.required("channel"))
    message = workspace.message(channel, args.required("ts"))
    if not isinstance(unfurls, dict):
        raise SlackError("cannot_parse_attachment")
    shown = [{"from_url": url, **body} for url, body in unfurls.items()]
    conversation.edit(workspace, channel, message, attachments=[*message.attachments, *shown])
    return {}


_WRITE = ("chat:write",)
METHODS = (
    Method(name="chat.postMessage", run=_post, scopes=_WRITE),
    Method(name="chat.postEphemeral", run=_post_ephemeral, scopes=_WRITE),
    Method(name="chat.update", run=_update, scopes=_WRITE),
    Method(name="chat.delete", run=_delete, scopes=_WRITE),
    Method(name="chat.getPermalink", run=_permalink),
    Method(name="chat.unfurl", run=_unfurl, scopes=("links:write",)),
)
