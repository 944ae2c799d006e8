"""The sweeper: what was stored but not rung, routed or finished gets another push (D3).

It may run in several processes at once and at any time: rings are idempotent, events are routed
to things that are stored once. It knows neither Slack nor the queue.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import UpstreamError
from bot.ports.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.domain.conversation import InboundEvent
    from bot.ports.clock import Clock
    from bot.ports.incidents import Incidents
    from bot.ports.queue import Doorbell
    from bot.ports.store import Conversations, Inbox

ANSWER_JOB = "answer"
"""Name of the job that answers what waits in a thread; its one argument is the thread's id."""
LOOK_JOB = "look"
"""Name of the job that brings an incident up to date; its one argument is the incident's id."""
LOOKS_AT_ONCE = 50
"""Incidents rung for in one sweep; in a storm the others are not older than these."""
ROUTE_PATIENCE = timedelta(seconds=10)
"""A listener has this long to route an event itself."""
ROUTE_LIMIT = timedelta(hours=1)
"""An event that could not be routed for so long is given up, and said so."""
REMEMBER = timedelta(days=3)
"""Redeliveries come within hours; until then an event's id must be known."""
EVENTS_AT_ONCE = 100
POSTPONED_AT_ONCE = 3
"""After so many events that found their way blocked, the others wait for the next sweep."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """What one sweep did."""

    rung: int = 0
    looked: int = 0
    """Incidents rung for: a run is due, or their thread is behind."""
    unrung: int = 0
    """Threads and incidents that need a worker while the queue cannot be reached."""
    routed: int = 0
    postponed: int = 0
    """Events whose way is blocked by a system that is down."""
    given_up: int = 0
    forgotten: int = 0

    @property
    def did_something(self) -> bool:
        """Tell whether there is anything to log."""
        return self != Swept()


def sweep(
    *,
    inbox: Inbox,
    conversations: Conversations,
    incidents: Incidents,
    doorbell: Doorbell,
    clock: Clock,
    route: Callable[[InboundEvent], None],
    ring_patience: timedelta,
) -> Swept:
    """Push what stands still; return what was done.

    `route` leads an event to what it should lead to and may be called again for the same event.
    `ring_patience` is how long a question or an incident may wait before it is rung for again.

    Raises:
        UpstreamError: The database cannot be reached.
    """
    now = clock.now()
    rung, unrung = _ring(conversations, doorbell, now=now, patience=ring_patience)
    looked, unlooked = (0, 0) if unrung else _look(incidents, doorbell, before=now - ring_patience)
    routed, postponed, given_up = _route(inbox, route, now=now)
    swept = Swept(
        rung=rung,
        looked=looked,
        unrung=unrung + unlooked,
        routed=routed,
        postponed=postponed,
        given_up=given_up,
        forgotten=inbox.forget(received_before=now - REMEMBER),
    )
    if swept.did_something:
        _log.info("swept", **asdict(swept))
    return swept


def _ring(
    conversations: Conversations, doorbell: Doorbell, *, now: datetime, patience: timedelta
) -> tuple[int, int]:
    threads = conversations.threads_to_ring(waiting_since=now - patience, now=now)
    for rung, thread_id in enumerate(threads):
        # People never wait behind alerts (D5).
        lane = Queue.ALERTS if conversations.is_of_incident(thread_id) else Queue.QUESTIONS
        # The first unheard ring says it for all: each would cost its time-out.
        if not doorbell.ring(lane, ANSWER_JOB, thread_id):
            return rung, len(threads) - rung
    return len(threads), 0


def _look(incidents: Incidents, doorbell: Doorbell, *, before: datetime) -> tuple[int, int]:
    waiting = [
        incident
        for incident in incidents.due(limit=LOOKS_AT_ONCE)
        if incident.last_alert_at <= before
    ]
    for looked, incident in enumerate(waiting):
        if not doorbell.ring(Queue.ALERTS, LOOK_JOB, incident.incident_id):
            return looked, len(waiting) - looked
    return len(waiting), 0


def _route(
    inbox: Inbox, route: Callable[[InboundEvent], None], *, now: datetime
) -> tuple[int, int, int]:
    routed = postponed = given_up = 0
    for event in inbox.unrouted(received_before=now - ROUTE_PATIENCE, limit=EVENTS_AT_ONCE):
        if event.received_at < now - ROUTE_LIMIT:
            # Marked first: whatever is wrong with it, it must not stand before the others.
            inbox.mark_routed(event.event_id)
            _log.error("event_given_up", event_id=event.event_id, kind=event.kind)
            given_up += 1
            continue
        try:
            route(event)
        except UpstreamError as error:
            _log.warning("event_postponed", event_id=event.event_id, system=error.system)
            postponed += 1
            if postponed == POSTPONED_AT_ONCE:
                break
            continue
        inbox.mark_routed(event.event_id)
        routed += 1
    return routed, postponed, given_up
