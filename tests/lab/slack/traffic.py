"""What went between the app and the workspace: calls, deliveries, and the tickets they carry.

Plain mutable records, like those of records.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from tests.lab.slack.records import Json


@dataclass(slots=True, kw_only=True)
class Trigger:
    issued_at: float
    user: str
    view_id: str = ""
    used: bool = False


@dataclass(slots=True, kw_only=True)
class ResponseUrl:
    issued_at: float
    user: str
    channel: str
    message_ts: str = ""
    thread_ts: str = ""
    uses: int = 0


@dataclass(slots=True, kw_only=True)
class Scheduled:
    id: str
    channel: str
    post_at: float
    arguments: Json
    silent: bool = False


@dataclass(slots=True, kw_only=True)
class Call:
    """One Web API call as the server saw it; `error` is "" when it answered ok."""

    method: str
    args: Json
    at: float
    token: str = ""
    done: bool = False
    error: str = ""
    status: int = 200
    result: Json = field(default_factory=dict)


DeliveryState = Literal["queued", "sent", "acked", "failed"]


@dataclass(slots=True, kw_only=True)
class Delivery:
    """One thing told to the app: an event, an interaction or a command, over all its attempts.

    `failures` has one reason per attempt that brought no acknowledgement (`timeout`,
    `connection_failed`, `http_error`, `ack_lost`, `no_socket`); `answer` is what came with the ack.
    """

    id: str
    kind: Literal["events_api", "interactive", "slash_commands"]
    what: str
    payload: Json
    created_at: float
    state: DeliveryState = "queued"
    attempts: int = 0
    failures: list[str] = field(default_factory=list)
    answer: Json = field(default_factory=dict)

    @property
    def acked(self) -> bool:
        return self.state == "acked"

    @property
    def finished(self) -> bool:
        return self.state in {"acked", "failed"}
