"""What a workspace remembers, and how each thing looks in a Web API answer.

Plain mutable records; the rules that change them live in the modules named after the change.
"""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass, field
from typing import Any, Literal

TEAM_ID = "T0LABTEAM"
APP_ID = "A0LABAPP1"
BOT_ID = "B0LABBOT1"
BOT_USER_ID = "U0LABBOT1"
BOT_NAME = "nightdesk"
TEAM_DOMAIN = "lab"
PREVIEW_LINES = 5
PREVIEW_CHARS = 600

Json = dict[str, Any]
StreamState = Literal["streaming", "stopped", "stopped_by_user"]


@dataclass(slots=True, kw_only=True)
class User:
    id: str
    name: str
    real_name: str
    title: str = ""
    tz: str = "Europe/Berlin"
    tz_offset_s: int = 3600
    team_id: str = TEAM_ID
    is_bot: bool = False
    is_restricted: bool = False
    is_ultra_restricted: bool = False
    is_stranger: bool = False
    deleted: bool = False

    def to_json(self) -> Json:
        email = f"{self.name}@lab.example"
        return {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "real_name": self.real_name,
            "deleted": self.deleted,
            "is_bot": self.is_bot,
            "is_app_user": False,
            "is_admin": False,
            "is_owner": False,
            "is_restricted": self.is_restricted,
            "is_ultra_restricted": self.is_ultra_restricted,
            "is_stranger": self.is_stranger,
            "tz": self.tz,
            "tz_offset": self.tz_offset_s,
            "locale": "en-US",
            "profile": {
                "real_name": self.real_name,
                "display_name": self.name,
                "title": self.title,
                "email": email,
                "team": self.team_id,
                **(
                    {"api_app_id": APP_ID, "bot_id": BOT_ID}
                    if self.id == BOT_USER_ID
                    else {"api_app_id": ""}
                ),
            },
        }


@dataclass(slots=True, kw_only=True)
class Channel:
    id: str
    name: str
    kind: Literal["channel", "group", "im"] = "channel"
    members: list[str] = field(default_factory=list)
    peer: str = ""
    topic: str = ""
    archived: bool = False
    created: int = 1_700_000_000

    def to_json(self) -> Json:
        common: Json = {
            "id": self.id,
            "created": self.created,
            "is_archived": self.archived,
            "is_im": self.kind == "im",
            "is_mpim": False,
            "context_team_id": TEAM_ID,
        }
        if self.kind == "im":
            return {**common, "user": self.peer, "is_org_shared": False}
        return {
            **common,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": self.kind == "channel",
            "is_group": self.kind == "group",
            "is_private": self.kind == "group",
            "is_member": BOT_USER_ID in self.members,
            "is_general": False,
            "is_shared": False,
            "is_ext_shared": False,
            "num_members": len(self.members),
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
        }


@dataclass(slots=True, kw_only=True)
class Group:
    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)
    disabled: bool = False
    most_listed: int | None = None
    """How many members the list of all groups tells of this one; None means all of them."""

    def to_json(self, *, include_users: bool = False, include_count: bool = False) -> Json:
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "is_usergroup": True,
            "is_subteam": True,
            "handle": self.handle,
            "name": self.name,
            "description": "",
            "date_delete": 1_700_000_000 if self.disabled else 0,
            # A string, as in Slack's own examples.
            **({"user_count": str(len(self.users))} if include_count else {}),
            **({"users": self.users[: self.most_listed]} if include_users else {}),
        }


@dataclass(slots=True, kw_only=True)
class Stream:
    started_at: float
    display_mode: str = "timeline"
    recipient: str = ""
    state: StreamState = "streaming"
    markdown: str = ""
    plan_title: str = ""
    tasks: dict[str, Json] = field(default_factory=dict)
    blocks: list[Json] = field(default_factory=list)
    last_blocks: list[Json] = field(default_factory=list)

    def size_bytes(self) -> int:
        """Return what counts against the size of one streamed message."""
        tasks = "".join(
            str(task.get(key) or "")
            for task in self.tasks.values()
            for key in ("title", "details", "output")
        )
        return len((self.markdown + self.plan_title + tasks).encode())


@dataclass(slots=True, kw_only=True)
class Message:
    channel: str
    ts: str
    user: str = ""
    text: str = ""
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str = ""
    subtype: str = ""
    bot_id: str = ""
    app_id: str = ""
    username: str = ""
    metadata: Json | None = None
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    stream: Stream | None = None
    only_for: str = ""
    client_msg_id: str = ""

    @property
    def root_ts(self) -> str:
        return self.thread_ts or self.ts


@dataclass(slots=True, kw_only=True)
class View:
    id: str
    hash: str
    user: str
    body: Json
    root_id: str = ""
    previous_id: str = ""
    errors: dict[str, str] = field(default_factory=dict)
    values: Json = field(default_factory=dict)

    def to_json(self) -> Json:
        body = self.body
        return {
            "id": self.id,
            "team_id": TEAM_ID,
            "app_id": APP_ID,
            "app_installed_team_id": TEAM_ID,
            "bot_id": BOT_ID,
            "type": body.get("type"),
            "title": body.get("title"),
            "submit": body.get("submit"),
            "close": body.get("close"),
            "blocks": body.get("blocks") or [],
            "private_metadata": body.get("private_metadata") or "",
            "callback_id": body.get("callback_id") or "",
            "external_id": body.get("external_id") or "",
            "clear_on_close": bool(body.get("clear_on_close")),
            "notify_on_close": bool(body.get("notify_on_close")),
            "state": {"values": self.values},
            "hash": self.hash,
            "root_view_id": self.root_id or self.id,
            "previous_view_id": self.previous_id or None,
        }


@dataclass(slots=True, kw_only=True)
class File:
    id: str
    name: str
    ticket: str
    length: int
    title: str = ""
    alt_txt: str = ""
    is_snippet: bool = False
    expires_at: float = 0.0
    content: bytes | None = None
    completed: bool = False
    """Only now anybody can see it; a file that is never completed is thrown away."""
    channels: list[str] = field(default_factory=list)

    def to_json(self, base_url: str) -> Json:
        url = f"{base_url}/files/{self.id}/{self.name}"
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title or self.name,
            "alt_txt": self.alt_txt,
            "size": len(self.content or b""),
            "mimetype": mimetypes.guess_type(self.name)[0] or "application/octet-stream",
            "filetype": self.name.rpartition(".")[2],
            "mode": "snippet" if self.is_snippet else "hosted",
            "file_access": "visible",
            "user": BOT_USER_ID,
            "url_private": url,
            "url_private_download": url,
            "channels": list(self.channels),
            **(self._snippet() if self.is_snippet else {}),
        }

    def _snippet(self) -> Json:
        text = (self.content or b"").decode(errors="replace")
        lines = text.splitlines()
        return {
            "preview": "\n".join(lines[:PREVIEW_LINES])[:PREVIEW_CHARS],
            "lines": len(lines),
            "lines_more": max(len(lines) - PREVIEW_LINES, 0),
        }


@dataclass(slots=True, kw_only=True)
class Status:
    """One "is thinking" line: `cleared_by` is message, timeout, app, or "" while it shows."""

    text: str
    set_at: float
    loading_messages: list[str] = field(default_factory=list)
    cleared_by: str = ""


@dataclass(slots=True, kw_only=True)
class Session:
    status: str
    title: str = ""
    initiator: str = ""
    history: list[str] = field(default_factory=list)
