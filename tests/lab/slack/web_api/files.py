"""files.*: the three-step upload and what is known about a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.slack import conversation
from tests.lab.slack.args import bad_argument
from tests.lab.slack.errors import SlackError
from tests.lab.slack.records import File, Json
from tests.lab.slack.web_api.registry import Method

if TYPE_CHECKING:
    from tests.lab.slack.args import Args
    from tests.lab.slack.state import Workspace


def _upload_url(workspace: Workspace, args: Args) -> Json:
    length = int(args.number("length", 0))
    if length <= 0:
        raise bad_argument("length", "must be a positive number of bytes")
    file = File(
        id=workspace.new_id("F"),
        name=args.required("filename"),
        ticket=workspace.new_id("UP"),
        length=length,
        alt_txt=args.text("alt_txt"),
    )
    workspace.files[file.id] = file
    return {"upload_url": f"{workspace.base_url}/upload/{file.ticket}", "file_id": file.id}


def receive(workspace: Workspace, ticket: str, content: bytes) -> bool:
    """Keep the uploaded bytes; False when the ticket or the announced length is wrong."""
    with workspace.changing():
        for file in workspace.files.values():
            if file.ticket == ticket and len(content) == file.length:
                file.content = content
                return True
        return False


def _complete(workspace: Workspace, args: Args) -> Json:
    rows = args.rows("files")
    if not rows:
        raise bad_argument("files", "missing required field")
    files = []
    for row in rows:
        file = workspace.files.get(str(row.get("id")))
        if file is None or file.content is None:
            raise SlackError("file_not_found")
        file.title = str(row.get("title") or file.name)
        files.append(file)
    targets = [one for one in args.text("channels").split(",") if one]
    if "channel_id" in args:
        targets.append(args.text("channel_id"))
    for target in targets:
        channel = workspace.joined_channel(target)
        message = conversation.bot_message(
            channel,
            text=args.text("initial_comment"),
            blocks=args.rows("blocks") or [],
            files=[file.id for file in files],
            subtype="file_share",
        )
        if thread_ts := args.text("thread_ts"):
            message.thread_ts = workspace.root(channel, thread_ts).root_ts
        for file in files:
            file.channels.append(channel.id)
        conversation.post(workspace, channel, message)
    return {"files": [file.to_json(workspace.base_url) for file in files]}


def _show(workspace: Workspace, args: Args) -> Json:
    file = workspace.files.get(args.required("file"))
    if file is None:
        raise SlackError("file_not_found")
    return {"file": file.to_json(workspace.base_url)}


_WRITE = ("files:write",)
METHODS = (
    Method(name="files.getUploadURLExternal", run=_upload_url, scopes=_WRITE),
    Method(name="files.completeUploadExternal", run=_complete, scopes=_WRITE),
    Method(name="files.info", run=_show, scopes=("files:read", "files:write")),
)
