"""Posting, editing, deleting and reacting, by whomever, with the events each of them causes.

It must not know arguments of Web API methods; limits and rights were judged before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack import limits
from tests.lab.slack.errors import SlackError
from tests.lab.slack.events import tell_changed, tell_deleted, tell_posted, tell_reaction
from tests.lab.slack.records import APP_ID, BOT_ID, BOT_USER_ID, Json, Message, Status
from tests.lab.slack.wire import message_json, with_ids

if TYPE_CHECKING:
    from tests.lab.slack.records import Channel
    from tests.lab.slack.state import Workspace


def bot_message(channel: Channel, *, text: str = "", **fields: object) -> Message:
    """Return a message by our bot that is not posted yet."""
    row = Message(
        channel=channel.id,
        ts="",
        user=BOT_USER_ID,
        bot_id=BOT_ID,
        app_id=APP_ID,
        text=text,
    )
    for name, value in fields.items():
        setattr(row, name, value)
    return row


def post(workspace: Workspace, channel: Channel, message: Message) -> Message:
    """Store the message under a new ts, clear the thread's status if it is the bot's, tell."""
    with workspace.changing():
        message.ts = workspace.new_ts()
        message.blocks = with_ids(workspace, message.blocks)
        workspace.messages.setdefault(channel.id, {})[message.ts] = message
        if message.user == BOT_USER_ID:
            clear_status(workspace, (channel.id, message.root_ts), "message")
        tell_posted(workspace, channel, message)
        return message


def edit(workspace: Workspace, channel: Channel, message: Message, **changes: object) -> None:
    """Replace the named fields and tell; the caller decides about the "(edited)" mark."""
    with workspace.changing():
        previous = message_json(workspace, message)
        for name, value in changes.items():
            setattr(message, name, value)
        message.blocks = with_ids(workspace, message.blocks)
        tell_changed(workspace, channel, message, previous)


def edited_mark(workspace: Workspace, user: str) -> Json:
    """Return what the "(edited)" mark says."""
    return {"user": user, "ts": workspace.new_ts()}


def delete(workspace: Workspace, channel: Channel, message: Message) -> None:
    with workspace.changing():
        previous = message_json(workspace, message)
        del workspace.messages[channel.id][message.ts]
        tell_deleted(workspace, channel, previous)


def react(
    workspace: Workspace, channel: Channel, message: Message, *, user: str, name: str
) -> None:
    """Add a reaction, once per person and name."""
    with workspace.changing():
        users = message.reactions.setdefault(name, [])
        if user in users:
            raise SlackError("already_reacted")
        users.append(user)
        tell_reaction(workspace, channel, message, user=user, name=name, added=True)


def unreact(
    workspace: Workspace, channel: Channel, message: Message, *, user: str, name: str
) -> None:
    """Take a reaction back."""
    with workspace.changing():
        users = message.reactions.get(name, [])
        if user not in users:
            raise SlackError("no_reaction")
        users.remove(user)
        if not users:
            del message.reactions[name]
        tell_reaction(workspace, channel, message, user=user, name=name, added=False)


def post_ephemeral(workspace: Workspace, message: Message) -> Message:
    """Show a message to one person only; it has a ts but nobody can fetch it."""
    with workspace.changing():
        message.ts = workspace.new_ts()
        message.blocks = with_ids(workspace, message.blocks)
        workspace.ephemerals.append(message)
        return message


def set_status(workspace: Workspace, key: tuple[str, str], status: Status) -> None:
    """Show a status line in a thread until a message, an empty status or two minutes."""
    with workspace.changing():
        clear_status(workspace, key, "app")
        if not status.text:
            return
        workspace.statuses.setdefault(key, []).append(status)

        def expire() -> None:
            with workspace.changing():
                if not status.cleared_by:
                    status.cleared_by = "timeout"

        workspace.at(status.set_at + limits.STATUS_TTL_S, expire)


def clear_status(workspace: Workspace, key: tuple[str, str], by: str) -> None:
    """Note why the thread's status is not shown any more."""
    for status in workspace.statuses.get(key, []):
        if not status.cleared_by:
            status.cleared_by = by
