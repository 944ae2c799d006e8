"""files.*: the three-step upload and what is known about a file.

Sharing is a job of its own, as in Slack: the answer to the last step comes before the message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.slack import limits
from tests.lab.slack import conversation
from tests.lab.slack.args import bad_argument
from tests.lab.slack.errors import SlackError
from tests.lab.slack.records import File, Json
from tests.lab.slack.web_api.content import blocks_of
from tests.lab.slack.web_api.registry import Method

if TYPE_CHECKING:
    from tests.lab.slack.args import Args
    from tests.lab.slack.records import Channel, Message
    from tests.lab.slack.state import Workspace

UPLOAD_TTL_S = 300.0
"""How long an upload URL works; undocumented, and no test may count on a longer one."""
SHARE_AFTER_S = 0.05
"""What Slack's scan and sharing take at least."""
SNIPPET_TYPES = frozenset({"text", "json", "yaml", "shell", "python", "diff"})


def _upload_url(workspace: Workspace, args: Args) -> Json:
    length = args.number("length", 0)
    if length <= 0 or length != int(length):
        raise bad_argument("length", "must be a positive number of bytes")
    if len(args.text("alt_txt")) > limits.FILE_ALT_TEXT:
        raise SlackError("alt_txt_too_large")
    snippet_type = args.text("snippet_type")
    if snippet_type and snippet_type not in SNIPPET_TYPES:
        raise SlackError("unknown_snippet_type")
    if snippet_type and length > limits.SNIPPET_BYTES:
        raise SlackError("snippet_too_large")
    file = File(
        id=workspace.new_id("F"),
        name=args.required("filename"),
        ticket=workspace.new_id("UP"),
        length=int(length),
        alt_txt=args.text("alt_txt"),
        is_snippet=bool(snippet_type),
        expires_at=workspace.clock.now() + UPLOAD_TTL_S,
    )
    workspace.files[file.id] = file
    return {"upload_url": f"{workspace.base_url}/upload/{file.ticket}", "file_id": file.id}


def receive(workspace: Workspace, ticket: str, content: bytes) -> bool:
    """Keep the uploaded bytes; False when the ticket is unknown, used, old, or the length wrong."""
    with workspace.changing():
        file = next((one for one in workspace.files.values() if one.ticket == ticket), None)
        if file is None or file.content is not None or _is_expired(workspace, file):
            return False
        if len(content) != file.length:
            return False
        file.content = content
        return True


def _complete(workspace: Workspace, args: Args) -> Json:
    rows = args.rows("files")
    if not rows:
        raise bad_argument("files", "missing required field")
    files = [_uploaded(workspace, row) for row in rows]
    channels = _targets(workspace, args)
    thread_ts = args.text("thread_ts")
    if thread_ts and len(channels) != 1:
        raise bad_argument("thread_ts", "goes with exactly one channel")
    # A reply's own ts is taken for its thread's by nobody: the file would be shared nowhere.
    if thread_ts and workspace.root(channels[0], thread_ts).ts != thread_ts:
        raise SlackError("thread_not_found")
    comment, blocks = args.text("initial_comment"), blocks_of(args)
    for row, file in zip(rows, files, strict=True):
        file.title = str(row.get("title") or file.name)
        file.completed = True
    for channel in channels:
        message = conversation.bot_message(
            channel,
            text=comment,
            blocks=[] if comment else (blocks or []),
            files=[file.id for file in files],
            subtype="file_share",
            thread_ts=thread_ts,
        )

        def share(channel: Channel = channel, message: Message = message) -> None:
            for file in files:
                file.channels.append(channel.id)
            conversation.post(workspace, channel, message)

        if not workspace.shares_files:
            continue
        workspace.at(workspace.clock.now() + SHARE_AFTER_S, share)
    return {"files": [file.to_json(workspace.base_url) for file in files]}


def _uploaded(workspace: Workspace, row: object) -> File:
    """Return a file whose bytes are there and that nobody completed yet."""
    file = workspace.files.get(str(row.get("id"))) if isinstance(row, dict) else None
    if file is None or file.content is None or file.completed or _is_expired(workspace, file):
        raise SlackError("file_not_found")
    return file


def _targets(workspace: Workspace, args: Args) -> list[Channel]:
    named = [one for one in args.text("channels").split(",") if one]
    if "channel_id" in args:
        named.append(args.text("channel_id"))
    return [workspace.joined_channel(one) for one in named]


def _is_expired(workspace: Workspace, file: File) -> bool:
    return workspace.clock.now() > file.expires_at


def _show(workspace: Workspace, args: Args) -> Json:
    file = workspace.files.get(args.required("file"))
    if file is None or not file.completed:
        raise SlackError("file_not_found")
    return {"file": file.to_json(workspace.base_url)}


_WRITE = ("files:write",)
METHODS = (
    Method(name="files.getUploadURLExternal", run=_upload_url, scopes=_WRITE),
    Method(name="files.completeUploadExternal", run=_complete, scopes=_WRITE),
    Method(name="files.info", run=_show, scopes=("files:read",)),
)
