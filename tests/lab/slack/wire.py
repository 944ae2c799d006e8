"""How messages look on the wire, in answers and in events alike.

Pure functions over the records; they must not change anything.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bot.adapters.slack import limits
from tests.lab.slack.records import BOT_ID, BOT_NAME, TEAM_ID, Json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.lab.slack.records import Message, Stream
    from tests.lab.slack.state import Workspace

_TOKEN = re.compile(
    r"<@(?P<user>[UW]\w+)>|<#(?P<channel>C\w+)(?:\|[^>]*)?>|<(?P<link>https?:[^>|]+)"
)


def rich_text(text: str) -> list[Json]:
    """Return the rich_text block that a person's client sends beside the text."""
    elements: list[Json] = []
    position = 0
    for found in _TOKEN.finditer(text):
        if found.start() > position:
            elements.append({"type": "text", "text": text[position : found.start()]})
        if found["user"]:
            elements.append({"type": "user", "user_id": found["user"]})
        elif found["channel"]:
            elements.append({"type": "channel", "channel_id": found["channel"]})
        else:
            elements.append({"type": "link", "url": found["link"]})
        position = text.find(">", found.start()) + 1
    if position < len(text):
        elements.append({"type": "text", "text": text[position:]})
    section = {"type": "rich_text_section", "elements": elements}
    return [{"type": "rich_text", "block_id": "txt", "elements": [section]}]


def message_json(workspace: Workspace, message: Message, *, with_metadata: bool = False) -> Json:
    """Return the message as conversations.history gives it."""
    row: Json = {
        "type": "message",
        "ts": message.ts,
        "text": shown_text(message),
        "team": TEAM_ID,
    }
    optional: Mapping[str, Any] = {
        "user": message.user,
        "subtype": message.subtype,
        "bot_id": message.bot_id,
        "app_id": message.app_id,
        "username": message.username,
        "thread_ts": message.thread_ts,
        "client_msg_id": message.client_msg_id,
        "edited": message.edited,
        "blocks": shown_blocks(message),
        "attachments": message.attachments,
        "files": [workspace.files[one].to_json(workspace.base_url) for one in message.files],
        "reactions": [
            {"name": name, "users": list(users), "count": len(users)}
            for name, users in message.reactions.items()
        ],
    }
    row |= {key: value for key, value in optional.items() if value}
    if message.bot_id and message.app_id:
        row["bot_profile"] = {
            "id": message.bot_id,
            "app_id": message.app_id,
            "name": BOT_NAME if message.bot_id == BOT_ID else message.username or "alerts",
            "team_id": TEAM_ID,
            "deleted": False,
        }
    if message.stream is not None:
        streaming = message.stream.state == "streaming"
        row["streaming_state"] = "in_progress" if streaming else "completed"
    if with_metadata and message.metadata is not None:
        row["metadata"] = message.metadata
    return row | _thread_summary(workspace, message)


def shown_text(message: Message) -> str:
    """Return what a reader sees as the text: a stream's markdown, else the text itself."""
    stream = message.stream
    return stream.markdown if stream is not None and not message.text else message.text


def shown_blocks(message: Message) -> list[Json]:
    """Return the blocks a reader sees: a stream's tasks and blocks, then the message's own."""
    stream = message.stream
    if stream is None:
        return message.blocks
    return [*stream_tasks(stream), *stream.blocks, *stream.last_blocks, *message.blocks]


def stream_tasks(stream: Stream) -> list[Json]:
    """Return a stream's tasks as a plan block, or as loose task cards when it has no plan."""
    cards = [{"type": "task_card", **task} for task in stream.tasks.values()]
    if stream.plan_title or (cards and stream.display_mode == "plan"):
        return [{"type": "plan", "title": stream.plan_title or "Working", "tasks": cards}]
    return cards


def with_ids(workspace: Workspace, blocks: list[Json]) -> list[Json]:
    """Return the blocks as Slack stores them: every block and interactive element has an id."""
    stored: list[Json] = []
    for block in blocks:
        row = {**block, "block_id": block.get("block_id") or workspace.new_id("b")}
        for name in ("elements", "actions"):
            if isinstance(row.get(name), list):
                row[name] = [_with_action_id(workspace, one) for one in row[name]]
        for name in ("accessory", "element"):
            if isinstance(row.get(name), dict):
                row[name] = _with_action_id(workspace, row[name])
        if isinstance(row.get("child_blocks"), list):
            row["child_blocks"] = with_ids(workspace, row["child_blocks"])
        stored.append(row)
    return stored


def _with_action_id(workspace: Workspace, element: Any) -> Any:
    if not isinstance(element, dict):
        return element
    if element.get("type") in {"plain_text", "mrkdwn", "image", "text"} or "elements" in element:
        return element
    return {**element, "action_id": element.get("action_id") or workspace.new_id("a")}


def _thread_summary(workspace: Workspace, message: Message) -> Json:
    if message.thread_ts and message.thread_ts != message.ts:
        return {}
    replies = [
        row for row in workspace.in_thread(message.channel, message.ts) if row.ts != message.ts
    ]
    if not replies:
        return {}
    return {
        "thread_ts": message.ts,
        "reply_count": len(replies),
        "reply_users": sorted({row.user or row.bot_id for row in replies}),
        "latest_reply": replies[-1].ts,
    }


def cut(text: str) -> str:
    """Return the text as chat.postMessage keeps it."""
    return text[: limits.POST_TEXT]
