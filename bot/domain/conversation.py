"""People, channels, threads and what is said in them; Slack's ids, but none of its payloads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

PersonId = NewType("PersonId", str)
ChannelId = NewType("ChannelId", str)
MessageTs = NewType("MessageTs", str)
"""Slack's message time stamp; with the channel it names one message."""
ThreadId = NewType("ThreadId", str)


class Surface(StrEnum):
    """Where a conversation takes place."""

    CHANNEL = "channel"
    DIRECT = "direct"
    TERMINAL = "terminal"
    """The command line; nothing is delivered to Slack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Which cluster, and which namespace of it, a conversation is about."""

    clusters: tuple[str, ...]
    """Names from the registry; the first is the default for a command that names none."""
    namespace: str | None = None
    """None means every namespace the asker may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One Slack thread, which is one session."""

    thread_id: ThreadId
    team_id: str
    channel: ChannelId
    thread_ts: MessageTs
    surface: Surface
    scope: Scope | None = None
    """What `use cluster X` or the picker set; None until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One message of a person that wants an answer."""

    question_id: str
    """Channel and ts joined; a redelivered message has the same one."""
    team_id: str
    channel: ChannelId
    thread_ts: MessageTs
    """Root of the thread; the message's own ts when it starts one."""
    ts: MessageTs
    person: PersonId
    text: str
    """Plain text: our mention removed, Slack's entities decoded."""
    surface: Surface
    asked_at: datetime
    subject: str | None = None
    """Text of the message under a shortcut, or of a shared message: quoted material, no order."""
    incident_id: str | None = None
    """Set when no person asked it: the incident that is looked into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundEvent:
    """One delivery from Slack as it is stored before it is acknowledged."""

    event_id: str
    kind: str
    """Envelope kind: `event`, `command`, `action`, `shortcut` or `view`."""
    payload: dict[str, object] = field(repr=False)
    received_at: datetime


class Rating(StrEnum):
    """What a person thinks of an answer."""

    GOOD = "good"
    BAD = "bad"
