"""Messages as a reader sees them, streams and tasks included; for tests and the demo page.

It reads the workspace and changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tests.lab.slack import elements
from tests.lab.slack.records import BOT_USER_ID, Json
from tests.lab.slack.streams import is_live
from tests.lab.slack.wire import shown_blocks, shown_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.lab.slack.records import Message
    from tests.lab.slack.state import Workspace

_LABELS = (
    "text",
    "title",
    "caption",
    "alt_text",
    "label",
    "details",
    "output",
    "fallback",
    "value",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One message on the screen; `author` is a handle, `tasks` are the task cards shown."""

    channel: str
    ts: str
    thread_ts: str
    author: str
    author_id: str
    text: str
    blocks: list[Json]
    attachments: list[Json]
    tasks: list[Json]
    plan_title: str
    streaming: bool
    edited: bool
    reactions: dict[str, list[str]]
    files: list[Json]
    metadata: Json | None
    only_for: str
    subtype: str

    @property
    def by_bot(self) -> bool:
        """Return whether our app wrote it."""
        return self.author_id == BOT_USER_ID

    @property
    def words(self) -> str:
        """Return everything there is to read in it, top to bottom."""
        return "\n".join([self.text, *_strings(self.blocks), *_strings(self.attachments)])

    @property
    def action_ids(self) -> list[str]:
        """Return what can be pressed, in reading order."""
        return [str(element["action_id"]) for _, element in elements.walk(self.blocks)]

    def to_json(self) -> Json:
        """Return the message for the demo page."""
        return asdict(self)


def see(workspace: Workspace, message: Message) -> Seen:
    """Return the message as it looks now."""
    author = workspace.users.get(message.user)
    stream = message.stream
    return Seen(
        channel=message.channel,
        ts=message.ts,
        thread_ts=message.thread_ts,
        author=author.name if author else message.username or message.bot_id,
        author_id=message.user or message.bot_id,
        text=shown_text(message),
        blocks=shown_blocks(message),
        attachments=message.attachments,
        tasks=[dict(task) for task in stream.tasks.values()] if stream else [],
        plan_title=stream.plan_title if stream else "",
        streaming=is_live(workspace, message),
        edited=message.edited is not None,
        reactions={name: list(users) for name, users in message.reactions.items()},
        files=[workspace.files[one].to_json(workspace.base_url) for one in message.files],
        metadata=message.metadata,
        only_for=message.only_for,
        subtype=message.subtype,
    )


def see_all(workspace: Workspace, messages: Iterable[Message]) -> list[Seen]:
    """Return the messages as they look now, oldest first."""
    return [see(workspace, one) for one in sorted(messages, key=lambda row: row.ts)]


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        found: list[str] = []
        for key, item in value.items():
            if key in _LABELS and isinstance(item, str):
                found.append(item)
            elif key not in {"value", "type"}:
                found += _strings(item)
        return found
    if isinstance(value, list):
        return [text for item in value for text in _strings(item)]
    return []
