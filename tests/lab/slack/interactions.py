"""What a person's click, form, shortcut or command looks like when Slack tells the app.

It builds and hands over payloads; whether the person may do it was checked before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.slack.events import VERIFICATION_TOKEN
from tests.lab.slack.records import APP_ID, TEAM_DOMAIN, TEAM_ID, Channel, Json, Message, User, View
from tests.lab.slack.traffic import Delivery, ResponseUrl
from tests.lab.slack.wire import message_json

if TYPE_CHECKING:
    from tests.lab.slack.state import Workspace


def click_in_message(
    workspace: Workspace, user: User, channel: Channel, message: Message, action: Json
) -> Delivery:
    """Tell about a block action in a message, also an ephemeral one."""
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": channel.id,
        "is_ephemeral": bool(message.only_for),
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    body: Json = {
        "type": "block_actions",
        "container": container,
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        "message": message_json(workspace, message),
        "state": {"values": {}},
        "response_url": _response_url(workspace, user, channel, message),
        "actions": [action],
    }
    return _tell(workspace, user, body)


def click_in_view(workspace: Workspace, user: User, view: View, action: Json) -> Delivery:
    """Tell about a block action in a modal or the Home tab."""
    body: Json = {
        "type": "block_actions",
        "container": {"type": "view", "view_id": view.id},
        "view": view.to_json(),
        "state": {"values": view.values},
        "actions": [action],
    }
    return _tell(workspace, user, body, view_id=view.id)


def submit(workspace: Workspace, user: User, view: View) -> Delivery:
    """Tell about a submitted modal."""
    body: Json = {"type": "view_submission", "view": view.to_json(), "response_urls": []}
    return _tell(workspace, user, body, view_id=view.id)


def closed(workspace: Workspace, user: User, view: View) -> Delivery:
    """Tell about a modal closed without submitting."""
    return _tell(
        workspace, user, {"type": "view_closed", "view": view.to_json(), "is_cleared": False}
    )


def message_shortcut(
    workspace: Workspace, user: User, channel: Channel, message: Message, callback_id: str
) -> Delivery:
    """Tell about a shortcut chosen on a message."""
    body: Json = {
        "type": "message_action",
        "callback_id": callback_id,
        "channel": {"id": channel.id, "name": channel.name or "directmessage"},
        "message_ts": message.ts,
        "message": message_json(workspace, message),
        "response_url": _response_url(workspace, user, channel, message),
        "action_ts": workspace.new_ts(),
    }
    return _tell(workspace, user, body)


def global_shortcut(workspace: Workspace, user: User, callback_id: str) -> Delivery:
    """Tell about a shortcut chosen from the search bar."""
    body: Json = {
        "type": "shortcut",
        "callback_id": callback_id,
        "action_ts": workspace.new_ts(),
    }
    return _tell(workspace, user, body)


def command(
    workspace: Workspace, user: User, channel: Channel, *, name: str, text: str
) -> Delivery:
    """Tell about a slash command."""
    record = ResponseUrl(issued_at=workspace.clock.now(), user=user.id, channel=channel.id)
    payload: Json = {
        "token": VERIFICATION_TOKEN,
        "team_id": TEAM_ID,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel.name or "directmessage",
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text,
        "api_app_id": APP_ID,
        "is_enterprise_install": "false",
        "response_url": workspace.issue_response_url(record),
        "trigger_id": workspace.issue_trigger(user.id),
    }
    delivery = Delivery(
        id=workspace.new_id("Cmd"),
        kind="slash_commands",
        what=name,
        payload=payload,
        created_at=workspace.clock.now(),
    )
    return _hand_over(workspace, delivery)


def _tell(workspace: Workspace, user: User, body: Json, *, view_id: str = "") -> Delivery:
    payload: Json = {
        **body,
        "team": {"id": TEAM_ID, "domain": TEAM_DOMAIN},
        "user": {
            "id": user.id,
            "username": user.name,
            "name": user.name,
            "team_id": user.team_id,
        },
        "api_app_id": APP_ID,
        "token": VERIFICATION_TOKEN,
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": workspace.issue_trigger(user.id, view_id=view_id),
    }
    delivery = Delivery(
        id=workspace.new_id("Int"),
        kind="interactive",
        what=str(body["type"]),
        payload=payload,
        created_at=workspace.clock.now(),
    )
    return _hand_over(workspace, delivery)


def _hand_over(workspace: Workspace, delivery: Delivery) -> Delivery:
    with workspace.changing():
        workspace.deliveries.append(delivery)
    workspace.deliver(delivery)
    return delivery


def _response_url(workspace: Workspace, user: User, channel: Channel, message: Message) -> str:
    return workspace.issue_response_url(
        ResponseUrl(
            issued_at=workspace.clock.now(),
            user=user.id,
            channel=channel.id,
            message_ts=message.ts,
            thread_ts=message.thread_ts,
        )
    )
