"""reactions.*: emoji by the bot, and who reacted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.slack import conversation
from tests.lab.slack.records import BOT_USER_ID, Channel, Json, Message
from tests.lab.slack.web_api.registry import Method
from tests.lab.slack.wire import message_json

if TYPE_CHECKING:
    from tests.lab.slack.args import Args
    from tests.lab.slack.state import Workspace


def _add(workspace: Workspace, args: Args) -> Json:
    channel, message = _item(workspace, args)
    conversation.react(workspace, channel, message, user=BOT_USER_ID, name=_name(args))
    return {}


def _remove(workspace: Workspace, args: Args) -> Json:
    channel, message = _item(workspace, args)
    conversation.unreact(workspace, channel, message, user=BOT_USER_ID, name=_name(args))
    return {}


def _get(workspace: Workspace, args: Args) -> Json:
    channel, message = _item(workspace, args)
    row = message_json(workspace, message)
    return {"type": "message", "channel": channel.id, "message": row}


def _name(args: Args) -> str:
    return args.required("name").strip(":")


def _item(workspace: Workspace, args: Args) -> tuple[Channel, Message]:
    channel = workspace.joined_channel(args.required("channel"))
    return channel, workspace.message(channel, args.required("timestamp"))


_WRITE = ("reactions:write",)
METHODS = (
    Method(name="reactions.add", run=_add, scopes=_WRITE),
    Method(name="reactions.remove", run=_remove, scopes=_WRITE),
    Method(name="reactions.get", run=_get, scopes=("reactions:read",)),
)
