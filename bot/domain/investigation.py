"""One run of work on a thread: its state, its turns, its cost."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from bot.domain.conversation import PersonId, Question, ThreadId
from bot.domain.verdict import Verdict


class RunState(StrEnum):
    """Where an investigation stands; all but RUNNING are final and shown in Slack."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    ORPHANED = "orphaned"
    """Given up after its workers died too often."""
    ASKED_BACK = "asked_back"
    """Ended with a question to the person: which cluster is meant?"""
    REFUSED = "refused"
    """The person may not ask this, and was told so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Investigation:
    """One answer in the making, held by one worker at a time."""

    investigation_id: str
    thread_id: ThreadId
    state: RunState
    fence: int
    """Grows by one with each claim; writes under an older fence are refused."""
    attempt: int
    """1 for the first worker, 2 after the first takeover."""
    started_at: datetime
    questions: tuple[Question, ...]
    """What it answers, oldest first; steering messages are appended while it runs."""
    finished_at: datetime | None = None
    verdict: Verdict | None = None
    cancelled_by: PersonId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """What a worker learns when it renews its lease."""

    cancelled_by: PersonId | None
    waiting_questions: int
    """Messages that arrived since and were not taken in yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBlock:
    """Words of a turn."""

    text: str
    kind: Literal["text"] = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """The model asks for one tool call."""

    tool_use_id: str
    name: str
    arguments: dict[str, object]
    kind: Literal["tool_use"] = "tool_use"


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """What the model is told of one call."""

    tool_use_id: str
    text: str
    is_error: bool = False
    kind: Literal["tool_result"] = "tool_result"


Block = TextBlock | ToolUse | ToolResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens of one model call and what they cost."""

    input_tokens: int = 0
    """Uncached input."""
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message of the transcript, append-only."""

    role: Literal["user", "assistant"]
    blocks: tuple[Block, ...]
    usage: Usage = field(default_factory=Usage)
    """Zero for user turns."""
    model: str | None = None
    """`provider:model` of an assistant turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Money and tokens spent by one model call, for the spend book."""

    investigation_id: str
    thread_id: ThreadId
    channel: str
    person: str
    model: str
    usage: Usage
    at: datetime
