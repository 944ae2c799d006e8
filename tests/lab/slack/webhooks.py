"""Alerts by other apps: incoming webhooks, and messages a modern app posts under its own name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.slack import conversation
from tests.lab.slack.errors import SlackError
from tests.lab.slack.records import Json, Message, User

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.lab.slack.records import Channel
    from tests.lab.slack.state import Workspace

WEBHOOK_APP = "A0LABALRT"


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
