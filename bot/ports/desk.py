"""What the listener asks of the question journey: one call for each thing a person can do.

Whoever implements this answers fast: it stores, rings and returns, and never waits for a cluster
or a model. It must not know Slack's payloads. Every sentence it returns is shown to the person who
acted and to nobody else. A refusal raises NotAllowedError, whose text that person reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from bot.domain.alert import Severity
from bot.domain.conversation import ChannelId, MessageTs
from bot.domain.investigation import RunState
from bot.domain.verdict import Status

if TYPE_CHECKING:
    from bot.domain.conversation import PersonId, Question, Rating
    from bot.domain.outcome import Outcome


class Reach(StrEnum):
    """Whether a cluster answered when it was last looked at."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    DENIED = "denied"
    """It answers, but refuses our credentials."""
    UNKNOWN = "unknown"
    """Nobody has looked yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterHealth:
    """One cluster the person may read, and how it was when it was last used."""

    name: str
    environment: str
    reach: Reach
    note: str | None = None
    """One line, such as the server's version or why it does not answer."""
    seen_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentQuestion:
    """One earlier investigation of the person."""

    investigation_id: str
    text: str
    """What was asked."""
    state: RunState
    status: Status | None
    """How sure the answer was; None without a verdict."""
    channel: ChannelId
    ts: MessageTs
    """The message a link should lead to."""
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """One incident that is not over."""

    incident_id: str
    title: str
    severity: Severity
    opened_at: datetime
    firing: int
    """How many of its alerts fire now."""
    channel: ChannelId
    ts: MessageTs | None
    """The message a link should lead to; None until its thread has begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """What one person sees on the app's home tab."""

    clusters: tuple[ClusterHealth, ...]
    recent: tuple[RecentQuestion, ...]
    """Newest first."""
    model: str | None
    """`provider:model`; None when answers come by rules only."""
    incidents: tuple[OpenIncident, ...] = ()
    """What is open now and the person may read of, the worst first."""
    barred: str | None = None
    """Why this person may not ask at all; None if they may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceStatus:
    """What `/nightdesk status` shows."""

    clusters: tuple[ClusterHealth, ...]
    model: str | None
    running: int
    """Investigations under way."""
    waiting: int
    """Threads whose question no worker has taken up yet."""


class QuestionDesk(Protocol):
    """The receiving end of the question journey; every method may be called twice for one act.

    Every method raises UpstreamError (system `database`) when nothing could be stored; the
    delivery then stays unrouted and is tried again.
    """

    def knows_thread(self, channel: ChannelId, thread_ts: MessageTs) -> bool:
        """Tell whether a message there needs no mention: our thread, in no quiet channel."""
        ...

    def receive(self, question: Question) -> None:
        """Store the question, show that it was seen, and call a worker."""
        ...

    def stop(self, *, channel: ChannelId, thread_ts: MessageTs, person: PersonId) -> str:
        """Ask the thread's run to stop and forget what waits; say what that changed."""
        ...

    def retry(
        self,
        *,
        channel: ChannelId,
        thread_ts: MessageTs,
        team_id: str,
        person: PersonId,
        investigation_id: str | None,
    ) -> str:
        """Ask the questions of that run again; None means the thread's latest run."""
        ...

    def use_scope(
        self,
        *,
        channel: ChannelId,
        thread_ts: MessageTs | None,
        team_id: str,
        person: PersonId,
        cluster: str,
        namespace: str | None,
    ) -> str:
        """Make the cluster the thread's scope; `thread_ts` is None for the slash command.

        Slack offers slash commands outside threads only, so there the answer says what is possible.
        """
        ...

    def pick_scope(
        self,
        *,
        channel: ChannelId,
        thread_ts: MessageTs,
        team_id: str,
        person: PersonId,
        cluster: str,
    ) -> str:
        """Take the choice of the picker and let the waiting question go on."""
        ...

    def rate(self, investigation_id: str, *, person: PersonId, rating: Rating) -> str:
        """Keep what the person thinks of the answer; say what comes of it."""
        ...

    def details(self, investigation_id: str, *, person: PersonId) -> Outcome | None:
        """Return the whole outcome, if the person may read it; None if it is not known."""
        ...

    def status(self, *, team_id: str, channel: ChannelId, person: PersonId) -> ServiceStatus:
        """Return how the service stands, as far as this person may see it."""
        ...

    def home(self, person: PersonId, *, team_id: str) -> HomePage:
        """Return the person's home page."""
        ...
