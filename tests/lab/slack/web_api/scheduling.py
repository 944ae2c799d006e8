"""chat.scheduleMessage and its list; messages appear on the lab's clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack import limits
from tests.lab.slack import conversation
from tests.lab.slack.errors import SlackError
from tests.lab.slack.traffic import Scheduled
from tests.lab.slack.web_api.chat import compose
from tests.lab.slack.web_api.registry import Method, paged

if TYPE_CHECKING:
    from tests.lab.slack.args import Args
    from tests.lab.slack.records import Json
    from tests.lab.slack.state import Workspace


def _schedule(workspace: Workspace, args: Args) -> Json:
    channel = workspace.joined_channel(args.required("channel"))
    post_at = args.number("post_at", 0)
    ahead_s = post_at - workspace.clock.now()
    if ahead_s <= 0:
        raise SlackError("time_in_past")
    if ahead_s > limits.SCHEDULE_AHEAD_S:
        raise SlackError("time_too_far")
    message = compose(workspace, channel, args)
    row = Scheduled(
        id=workspace.new_id("Q"),
        channel=channel.id,
        post_at=post_at,
        arguments=dict(args.raw),
        # The docs say so: with metadata the call answers ok and nothing is ever posted.
        silent=message.metadata is not None,
    )
    workspace.scheduled[row.id] = row

    def fire() -> None:
        with workspace.changing():
            due = workspace.scheduled.pop(row.id, None)
            if due is not None and not due.silent:
                conversation.post(workspace, channel, message)

    workspace.at(post_at, fire)
    return {
        "channel": channel.id,
        "scheduled_message_id": row.id,
        "post_at": int(post_at),
        "message": {"text": message.text, "type": "delayed_message"},
    }


def _unschedule(workspace: Workspace, args: Args) -> Json:
    workspace.channel(args.required("channel"))
    if workspace.scheduled.pop(args.required("scheduled_message_id"), None) is None:
        raise SlackError("invalid_scheduled_message_id")
    return {}


def _list(workspace: Workspace, args: Args) -> Json:
    wanted = workspace.channel(args.text("channel")).id if "channel" in args else ""
    rows = [
        {
            "id": row.id,
            "channel_id": row.channel,
            "post_at": int(row.post_at),
            "text": str(row.arguments.get("text") or ""),
        }
        for row in sorted(workspace.scheduled.values(), key=lambda one: one.post_at)
        if wanted in {"", row.channel}
    ]
    return paged(rows, args, key="scheduled_messages")


_WRITE = ("chat:write",)
METHODS = (
    Method(name="chat.scheduleMessage", run=_schedule, scopes=_WRITE),
    Method(name="chat.deleteScheduledMessage", run=_unschedule, scopes=_WRITE),
    Method(name="chat.scheduledMessages.list", run=_list),
)
