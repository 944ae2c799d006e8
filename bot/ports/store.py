"""What is kept, and the promises made about it; SQL is the truth.

Every method is one transaction. Methods that take a `fence` raise LeaseLostError, and write
nothing, when another worker has claimed the investigation since. A database that cannot be
reached or written (down, locked, disk full) raises UpstreamError with system `database`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.ports.incidents import Incidents
from bot.ports.knowledge import PastIncidents

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from bot.domain.conversation import (
        ChannelId,
        InboundEvent,
        MessageTs,
        PersonId,
        Question,
        Rating,
        Scope,
        Thread,
        ThreadId,
    )
    from bot.domain.delivery import Delivery
    from bot.domain.evidence import Evidence, Observation
    from bot.domain.investigation import Charge, Investigation, Pulse, RunState, Turn
    from bot.domain.verdict import Verdict


class Inbox(Protocol):
    """Events from Slack, stored before they are acknowledged."""

    def record(self, event: InboundEvent) -> bool:
        """Store the event; False if its id was stored before (a redelivery)."""
        ...

    def mark_routed(self, event_id: str) -> None:
        """Note that the event led to what it should; unknown ids are ignored."""
        ...

    def unrouted(self, *, received_before: datetime, limit: int) -> list[InboundEvent]:
        """Return events nobody finished routing, oldest first."""
        ...

    def forget(self, *, received_before: datetime) -> int:
        """Delete routed events older than that; return how many."""
        ...


class Conversations(Protocol):
    """Threads and the questions in them."""

    def add_question(self, question: Question) -> Thread:
        """Store the question as waiting, open its thread if new; storing it again is harmless."""
        ...

    def find_thread(self, channel: ChannelId, thread_ts: MessageTs) -> Thread | None:
        """Return the session of a Slack thread, or None if we were never part of it."""
        ...

    def thread(self, thread_id: ThreadId) -> Thread:
        """Return a thread; KeyError if there is none of that id."""
        ...

    def set_scope(self, thread_id: ThreadId, scope: Scope) -> None:
        """Make this the thread's scope from now on."""
        ...

    def waiting(self, thread_id: ThreadId) -> list[Question]:
        """Return questions of the thread that no investigation took in yet, oldest first."""
        ...

    def drop_waiting(self, thread_id: ThreadId) -> int:
        """Forget what waits (somebody said stop); return how many."""
        ...

    def ask_again(self, investigation_id: str) -> int:
        """Let the questions of a finished investigation wait once more; return how many."""
        ...

    def choose_scope(self, channel: ChannelId, person: PersonId, scope: Scope) -> None:
        """Make this the scope of what the person asks in new threads of the channel."""
        ...

    def chosen_scope(self, channel: ChannelId, person: PersonId) -> Scope | None:
        """Return what the person chose for the channel, or None."""
        ...

    def count_waiting(self) -> int:
        """Return how many threads have a question no investigation took in yet."""
        ...

    def threads_to_ring(self, *, waiting_since: datetime, now: datetime) -> list[ThreadId]:
        """Return threads that need a worker.

        Those with a question waiting since before that time and no live lease, and those whose
        running investigation has an expired lease.
        """
        ...

    def is_of_incident(self, thread_id: ThreadId) -> bool:
        """Tell whether what the thread waits for, or has under way, was asked by no person."""
        ...


class Investigations(Protocol):
    """Runs of work: claimed, kept alive, written to, finished."""

    def claim(
        self, thread_id: ThreadId, *, worker: str, lease: timedelta, max_attempts: int
    ) -> Investigation | None:
        """Take the thread over for this worker.

        Resumes a RUNNING investigation whose lease expired (fence and attempt grow by one; past
        `max_attempts` it is marked ORPHANED and returned in that state), else starts one with
        all waiting questions. None when another worker holds the thread or nothing waits.
        """
        ...

    def renew(self, investigation_id: str, *, fence: int, lease: timedelta) -> Pulse:
        """Extend the lease; learn what happened meanwhile."""
        ...

    def absorb(self, investigation_id: str, *, fence: int) -> tuple[Question, ...]:
        """Take the thread's waiting questions into the running investigation; return them."""
        ...

    def append_turn(self, investigation_id: str, *, fence: int, turn: Turn) -> int:
        """Append to the transcript; return the turn's number from 0."""
        ...

    def turns(self, investigation_id: str) -> list[Turn]:
        """Return the transcript, oldest first."""
        ...

    def finish(
        self,
        investigation_id: str,
        *,
        fence: int,
        state: RunState,
        verdict: Verdict | None,
        refusal: str = "",
    ) -> None:
        """Close the investigation and free the thread; `refusal` is what the asker was told."""
        ...

    def release(self, investigation_id: str, *, fence: int) -> None:
        """Let the lease expire now, so that another worker may go on at once (shutdown)."""
        ...

    def request_cancel(self, thread_id: ThreadId, *, person: PersonId) -> bool:
        """Ask the thread's running investigation to stop; False if none runs."""
        ...

    def investigation(self, investigation_id: str) -> Investigation | None:
        """Return one investigation, or None."""
        ...

    def latest(self, thread_id: ThreadId, *, limit: int) -> list[Investigation]:
        """Return the thread's newest investigations, newest first, in whatever state."""
        ...

    def count_running(self) -> int:
        """Return how many investigations are under way."""
        ...

    def recent_of(self, person: PersonId, *, limit: int) -> list[Investigation]:
        """Return the newest investigations that answer a question of this person."""
        ...


class Ledger(Protocol):
    """Evidence, append-only."""

    def enter(
        self, investigation_id: str, *, fence: int, tool_use_id: str, observation: Observation
    ) -> Evidence:
        """Give the observation its label; the same tool_use_id again returns the first entry."""
        ...

    def of_investigation(self, investigation_id: str) -> list[Evidence]:
        """Return its evidence in the order recorded."""
        ...

    def latest_of_cluster(self, cluster: str) -> Evidence | None:
        """Return the newest evidence from that cluster, whatever its state; None if none."""
        ...

    def by_label(self, thread_id: ThreadId, label: str) -> Evidence | None:
        """Return the evidence with that label (case does not matter), or None."""
        ...


class Deliveries(Protocol):
    """Messages we mean to send, and their time stamps once Slack has them."""

    def intend(self, delivery: Delivery) -> Delivery:
        """Store the intention; if the key is known, return what is stored under it."""
        ...

    def take(self, delivery: Delivery, *, lease: timedelta) -> bool:
        """Take it upon the caller to send this; False if it is sent, or another's for the lease.

        Of several who come at once one gets it, so that nobody is called twice.
        """
        ...

    def mark_sent(self, key: str, *, ts: MessageTs) -> None:
        """Note the time stamp Slack gave; only now the message counts as sent."""
        ...

    def sent_in(self, channel: ChannelId, thread_ts: MessageTs) -> list[Delivery]:
        """Return what was sent to a thread, oldest first."""
        ...


class Feedback(Protocol):
    """What people think of answers."""

    def rate(self, investigation_id: str, *, person: PersonId, rating: Rating) -> bool:
        """Keep the person's newest rating; True if it differs from their last one."""
        ...

    def ratings(self, investigation_id: str) -> dict[PersonId, Rating]:
        """Return everybody's current rating."""
        ...


class SpendBook(Protocol):
    """Money spent on models."""

    def charge(self, charge: Charge) -> None:
        """Append one model call."""
        ...

    def spent_usd(
        self,
        *,
        since: datetime,
        thread_id: ThreadId | None = None,
        channel: ChannelId | None = None,
        person: PersonId | None = None,
    ) -> float:
        """Return the sum since then, over what the filters leave."""
        ...


class Store(
    Inbox,
    Conversations,
    Investigations,
    Ledger,
    Deliveries,
    Feedback,
    SpendBook,
    Incidents,
    PastIncidents,
    Protocol,
):
    """Everything above in one place, for those that wire it."""
