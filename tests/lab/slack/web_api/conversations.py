"""conversations.*: rooms, who is in them, and what was said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.slack.errors import SlackError
from tests.lab.slack.records import BOT_USER_ID, Channel, Json, Message
from tests.lab.slack.web_api.registry import Method, paged
from tests.lab.slack.wire import message_json

if TYPE_CHECKING:
    from tests.lab.slack.args import Args
    from tests.lab.slack.state import Workspace

_KINDS = {"public_channel": "channel", "private_channel": "group", "im": "im"}


def _list(workspace: Workspace, args: Args) -> Json:
    kinds = {_KINDS.get(one, one) for one in args.text("types", "public_channel").split(",")}
    rows = [
        channel.to_json()
        for channel in workspace.channels.values()
        if channel.kind in kinds
        and (channel.kind == "channel" or BOT_USER_ID in channel.members)
        and not (args.flag("exclude_archived") and channel.archived)
    ]
    return paged(rows, args, key="channels")


def _show(workspace: Workspace, args: Args) -> Json:
    return {"channel": _visible(workspace, args).to_json()}


def _members(workspace: Workspace, args: Args) -> Json:
    rows = [{"id": one} for one in _visible(workspace, args).members]
    page = paged(rows, args, key="members")
    return {**page, "members": [row["id"] for row in page["members"]]}


def _join(workspace: Workspace, args: Args) -> Json:
    channel = workspace.channel(args.required("channel"))
    if channel.kind != "channel":
        raise SlackError("method_not_supported_for_channel_type")
    if channel.archived:
        raise SlackError("is_archived")
    if BOT_USER_ID not in channel.members:
        channel.members.append(BOT_USER_ID)
    return {"channel": channel.to_json()}


def _open(workspace: Workspace, args: Args) -> Json:
    users = args.required("users").split(",")
    if len(users) != 1:
        raise SlackError("method_not_supported_for_channel_type")
    return {"channel": workspace.direct(workspace.user(users[0]).id).to_json()}


def _history(workspace: Workspace, args: Args) -> Json:
    channel = _readable(workspace, args)
    rows = [
        row
        for row in workspace.messages.get(channel.id, {}).values()
        if row.root_ts == row.ts or row.subtype == "thread_broadcast"
    ]
    newest_first = sorted(_between(rows, args), key=lambda row: row.ts, reverse=True)
    return _messages(workspace, newest_first, args)


def _replies(workspace: Workspace, args: Args) -> Json:
    channel = _readable(workspace, args)
    root = workspace.root(channel, args.required("ts"))
    thread = workspace.in_thread(channel.id, root.root_ts)
    # The root comes with the first page whatever `oldest` says.
    rows = thread[:1] + _between(thread[1:], args)
    return _messages(workspace, rows, args)


def _between(rows: list[Message], args: Args) -> list[Message]:
    oldest, latest = args.text("oldest", "0"), args.text("latest", "9999999999")
    inclusive = args.flag("inclusive")

    def fits(row: Message) -> bool:
        at, low, high = float(row.ts), float(oldest), float(latest)
        return low <= at <= high if inclusive else low < at < high

    return [row for row in rows if fits(row)]


def _messages(workspace: Workspace, rows: list[Message], args: Args) -> Json:
    with_metadata = args.flag("include_all_metadata")
    shown = [message_json(workspace, row, with_metadata=with_metadata) for row in rows]
    return paged(shown, args, key="messages")


def _visible(workspace: Workspace, args: Args) -> Channel:
    channel = workspace.channel(args.required("channel"))
    if channel.kind != "channel" and BOT_USER_ID not in channel.members:
        raise SlackError("channel_not_found")
    return channel


def _readable(workspace: Workspace, args: Args) -> Channel:
    channel = _visible(workspace, args)
    if BOT_USER_ID not in channel.members:
        raise SlackError("not_in_channel")
    scopes = workspace.manifest.scopes()
    needed = {"channel": "channels:history", "group": "groups:history", "im": "im:history"}
    if scopes is not None and needed[channel.kind] not in scopes:
        raise SlackError(
            "missing_scope", needed=needed[channel.kind], provided=",".join(sorted(scopes))
        )
    return channel


_READ = ("channels:read", "groups:read", "im:read", "mpim:read")
METHODS = (
    Method(name="conversations.list", run=_list, scopes=_READ),
    Method(name="conversations.info", run=_show, scopes=_READ),
    Method(name="conversations.members", run=_members, scopes=_READ),
    Method(name="conversations.join", run=_join, scopes=("channels:join",)),
    Method(name="conversations.open", run=_open, scopes=("im:write", "mpim:write")),
    Method(name="conversations.history", run=_history),
    Method(name="conversations.replies", run=_replies),
)
