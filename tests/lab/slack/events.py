"""What happens in the workspace, told to the app as Events API deliveries.

It decides who is told and builds the envelope; how it travels is for delivery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.slack.records import APP_ID, BOT_USER_ID, TEAM_ID, Json
from tests.lab.slack.traffic import Delivery
from tests.lab.slack.wire import message_json

if TYPE_CHECKING:
    from tests.lab.slack.records import Channel, Message
    from tests.lab.slack.state import Workspace

VERIFICATION_TOKEN = "lab-verification-token"


def emit(workspace: Workspace, event: Json, *, subscription: str = "") -> Delivery | None:
    """Tell the app, unless its manifest did not subscribe; return the delivery."""
    if not workspace.manifest.subscribes(subscription or str(event["type"])):
        return None
    event = {**event, "event_ts": event.get("event_ts") or workspace.new_ts()}
    event_id = workspace.new_id("Ev")
    payload: Json = {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "context_team_id": TEAM_ID,
        "context_enterprise_id": None,
        "api_app_id": APP_ID,
        "event": event,
        "type": "event_callback",
        "event_id": event_id,
        "event_time": int(workspace.clock.now()),
        "authorizations": [
            {
                "enterprise_id": None,
                "team_id": TEAM_ID,
                "user_id": BOT_USER_ID,
                "is_bot": True,
                "is_enterprise_install": False,
            }
        ],
        "is_ext_shared_channel": False,
        "event_context": f"4-{event_id}",
    }
    delivery = Delivery(
        id=event_id,
        kind="events_api",
        what=str(event["type"]),
        payload=payload,
        created_at=workspace.clock.now(),
    )
    workspace.deliveries.append(delivery)
    workspace.deliver(delivery)
    return delivery


def tell_posted(workspace: Workspace, channel: Channel, message: Message) -> None:
    """Tell the app about a new message: `message`, and `app_mention` when it is mentioned."""
    if BOT_USER_ID not in channel.members:
        return
    row = message_json(workspace, message)
    placed = {**row, "channel": channel.id, "event_ts": message.ts}
    emit(
        workspace,
        {**placed, "channel_type": channel.kind},
        subscription=_message_subscription(channel),
    )
    mentioned = f"<@{BOT_USER_ID}>" in message.text
    if mentioned and message.user != BOT_USER_ID and channel.kind != "im":
        emit(workspace, {**placed, "type": "app_mention"})


def tell_changed(workspace: Workspace, channel: Channel, message: Message, previous: Json) -> None:
    """Tell the app that a message was edited; the new and the old one are inside."""
    if BOT_USER_ID not in channel.members:
        return
    ts = workspace.new_ts()
    emit(
        workspace,
        {
            "type": "message",
            "subtype": "message_changed",
            "hidden": True,
            "channel": channel.id,
            "channel_type": channel.kind,
            "ts": ts,
            "event_ts": ts,
            "message": message_json(workspace, message),
            "previous_message": previous,
        },
        subscription=_message_subscription(channel),
    )


def tell_deleted(workspace: Workspace, channel: Channel, previous: Json) -> None:
    """Tell the app that a message is gone."""
    if BOT_USER_ID not in channel.members:
        return
    ts = workspace.new_ts()
    emit(
        workspace,
        {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "channel": channel.id,
            "channel_type": channel.kind,
            "ts": ts,
            "event_ts": ts,
            "deleted_ts": previous["ts"],
            "previous_message": previous,
        },
        subscription=_message_subscription(channel),
    )


def tell_reaction(
    workspace: Workspace, channel: Channel, message: Message, *, user: str, name: str, added: bool
) -> None:
    """Tell the app that somebody reacted, or took the reaction back."""
    if BOT_USER_ID not in channel.members:
        return
    emit(
        workspace,
        {
            "type": "reaction_added" if added else "reaction_removed",
            "user": user,
            "reaction": name,
            "item": {"type": "message", "channel": channel.id, "ts": message.ts},
            "item_user": message.user,
        },
    )


def _message_subscription(channel: Channel) -> str:
    return {"channel": "message.channels", "group": "message.groups", "im": "message.im"}[
        channel.kind
    ]
