"""Alerts by other apps: incoming webhooks, and messages a modern app posts under its own name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.slack import conversation
from tests.lab.slack.errors import SlackError
from tests.lab.slack.records import BOT_USER_ID, Json, Message, User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab.slack.records import Channel
    from tests.lab.slack.state import Workspace

WEBHOOK_APP = "A0LABALRT"
_FIELDS = frozenset(
    {
        "app_id",
        "attachments",
        "blocks",
        "bot_id",
        "icon_emoji",
        "subtype",
        "text",
        "user",
        "username",
    }
)


def receive_webhook(workspace: Workspace, channel_ref: str, body: Json) -> Message:
    """Post what an incoming webhook sent; the sender never learns the ts."""
    channel = workspace.channel(channel_ref)
    if not (body.get("text") or body.get("attachments") or body.get("blocks")):
        raise SlackError("no_text")
    return post_alert(
        workspace,
        channel,
        app_id=WEBHOOK_APP,
        text=str(body.get("text") or ""),
        attachments=body.get("attachments") or [],
        blocks=body.get("blocks") or [],
    )


def post_alert(
    workspace: Workspace,
    channel: Channel,
    *,
    app_id: str,
    text: str = "",
    attachments: Sequence[Json] = (),
    blocks: Sequence[Json] = (),
    as_modern_app: bool = False,
) -> Message:
    """Post as another app: a webhook has a subtype and no user, a modern app the reverse."""
    bot_id, user_id = f"B{app_id[1:]}", f"U{app_id[1:]}"
    if as_modern_app and user_id not in workspace.users:
        alerts = User(id=user_id, name="alerts", real_name="Alerts", is_bot=True)
        workspace.users[user_id] = alerts
    message = Message(
        channel=channel.id,
        ts="",
        text=text,
        attachments=list(attachments),
        blocks=list(blocks),
        bot_id=bot_id,
        app_id=app_id if as_modern_app else "",
        user=user_id if as_modern_app else "",
        subtype="" if as_modern_app else "bot_message",
        username="" if as_modern_app else "alerts",
    )
    return conversation.post(workspace, channel, message)


def post_as_app(workspace: Workspace, channel: Channel, body: Json) -> Message:
    """Post a message as chat.postMessage takes it, in the name of an app that is not ours.

    `bot_id`, `app_id`, `username` and `subtype` may be in the body; without them it is the
    `bot_message` of an incoming webhook.
    """
    unknown = body.keys() - _FIELDS
    if unknown:
        raise SlackError("invalid_arguments", fields=sorted(unknown))
    message = Message(
        channel=channel.id,
        ts="",
        text=str(body.get("text") or ""),
        attachments=list(body.get("attachments") or []),
        blocks=list(body.get("blocks") or []),
        bot_id=str(body.get("bot_id", f"B{WEBHOOK_APP[1:]}")),
        app_id=str(body.get("app_id", WEBHOOK_APP)),
        user=str(body.get("user", "")),
        subtype=str(body.get("subtype", "bot_message")),
        username=str(body.get("username", "alerts")),
    )
    return conversation.post(workspace, channel, message)


def edit_as_app(workspace: Workspace, ts: str, changes: Json) -> Message:
    """Replace fields of another app's message, as senders do that keep one message current."""
    unknown = changes.keys() - {"text", "attachments", "blocks"}
    if unknown:
        raise SlackError("invalid_arguments", fields=sorted(unknown))
    for channel in workspace.channels.values():
        message = workspace.messages.get(channel.id, {}).get(ts)
        if message is not None and message.user != BOT_USER_ID:
            mark = conversation.edited_mark(workspace, message.bot_id)
            conversation.edit(workspace, channel, message, edited=mark, **changes)
            return message
    raise SlackError("message_not_found")
