"""What a delivery from Slack means, as values; the only thing routing has to look at.

They name acts of people. They must not hold payloads, and nothing here decides who may do what.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.adapters.slack.actor import Actor
from bot.adapters.slack.operation_intents import OpenModal, OperationIntent
from bot.domain.alert import Alert, Origin
from bot.domain.conversation import ChannelId, Question, Rating


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Nothing for us; the reason is for tests and logs."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A question to be answered."""

    question: Question


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForHelp:
    """A mention with nothing in it, the word help, or a command nobody knows."""

    actor: Actor
    said: str = ""
    """What was typed behind a slash command and is none; empty where help was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskForStatus:
    """The status of the service is wanted."""

    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """The run in this thread is to stop."""

    actor: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """The questions of a run are to be asked again."""

    actor: Actor
    investigation_id: str | None
    """None means the thread's latest run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UseScope:
    """Somebody names the cluster a thread is about."""

    actor: Actor
    cluster: str
    namespace: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PickScope:
    """Somebody chose in the picker."""

    actor: Actor
    cluster: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Somebody rates an answer."""

    actor: Actor
    investigation_id: str
    rating: Rating


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDetails:
    """Somebody wants to see the evidence, or another page of it."""

    actor: Actor
    investigation_id: str
    page: int
    trigger_id: str
    view_id: str | None = None
    """The modal to turn the page of; None opens a new one."""


class Tab(StrEnum):
    """A tab of the app."""

    HOME = "home"
    MESSAGES = "messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTab:
    """Somebody opened the app."""

    actor: Actor
    tab: Tab


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessEnded:
    """The app was removed or its token revoked."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPosted:
    """An app, or a person in a channel for it, posted alerts, or edited such a post."""

    alerts: tuple[Alert, ...]
    """Empty when the post is in none of the known shapes."""
    origin: Origin
    channel: ChannelId
    shape: str
    """Name of the shape it was read as; `unknown` for none."""
    dropped: tuple[str, ...] = ()
    """Names of alerts that are by design no trouble, such as Watchdog."""


Intent = (
    Ignored
    | AlertsPosted
    | Ask
    | AskForHelp
    | AskForStatus
    | Stop
    | Retry
    | UseScope
    | PickScope
    | Rate
    | OpenDetails
    | OpenTab
    | AccessEnded
    | OperationIntent
    | OpenModal
)
