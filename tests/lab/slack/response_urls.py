"""What a response_url can do: reply, replace or delete, five times in half an hour."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack import limits
from tests.lab.slack import conversation
from tests.lab.slack.args import Args
from tests.lab.slack.errors import SlackError
from tests.lab.slack.records import BOT_USER_ID, Channel, Message
from tests.lab.slack.web_api.chat import compose

if TYPE_CHECKING:
    from tests.lab.slack.records import Json
    from tests.lab.slack.state import Workspace
    from tests.lab.slack.traffic import ResponseUrl


def use(workspace: Workspace, ticket: str, body: Json) -> None:
    """Carry out one POST to a response_url, or raise with Slack's word for why not."""
    with workspace.changing():
        record = workspace.response_urls.get(ticket)
        if record is None:
            raise SlackError("no_such_url")
        if workspace.clock.now() - record.issued_at > limits.RESPONSE_URL_TTL_S:
            raise SlackError("expired_url")
        if record.uses >= limits.RESPONSE_URL_USES:
            raise SlackError("used_url")
        record.uses += 1
        args = Args(body)
        channel = workspace.channel(record.channel)
        original = _original(workspace, channel, record)
        if args.flag("delete_original"):
            _delete(workspace, channel, original)
        elif args.flag("replace_original"):
            _replace(workspace, channel, original, args)
        else:
            _reply(workspace, channel, record, args)


def _original(workspace: Workspace, channel: Channel, record: ResponseUrl) -> Message | None:
    found = workspace.messages.get(channel.id, {}).get(record.message_ts)
    if found is not None:
        return found
    for message in workspace.ephemerals:
        if message.ts == record.message_ts and message.channel == channel.id:
            return message
    return None


def _delete(workspace: Workspace, channel: Channel, original: Message | None) -> None:
    if original is None:
        raise SlackError("message_not_found")
    if original.only_for:
        workspace.ephemerals.remove(original)
    else:
        conversation.delete(workspace, channel, original)


def _replace(workspace: Workspace, channel: Channel, original: Message | None, args: Args) -> None:
    if original is None:
        raise SlackError("message_not_found")
    draft = compose(workspace, channel, args)
    if original.only_for:
        original.text, original.blocks = draft.text, draft.blocks
        original.attachments = draft.attachments
    else:
        conversation.edit(
            workspace,
            channel,
            original,
            text=draft.text,
            blocks=draft.blocks,
            attachments=draft.attachments,
        )


def _reply(workspace: Workspace, channel: Channel, record: ResponseUrl, args: Args) -> None:
    message = compose(workspace, channel, args)
    message.user = BOT_USER_ID
    if args.text("response_type") == "in_channel":
        conversation.post(workspace, channel, message)
        return
    message.only_for = record.user
    message.thread_ts = message.thread_ts or record.thread_ts
    conversation.post_ephemeral(workspace, message)
