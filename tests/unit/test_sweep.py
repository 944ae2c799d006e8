"""The sweeper over a real store in memory: what stands still is pushed, once and in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import upgrade
from bot.adapters.store.store import SqlStore
from bot.domain.conversation import (
    ChannelId,
    InboundEvent,
    MessageTs,
    PersonId,
    Question,
    Surface,
    ThreadId,
)
from bot.domain.errors import UpstreamError
from bot.flows.sweep import REMEMBER, ROUTE_LIMIT, Swept, sweep
from tests.contract.store.alerts import Post, alert
from tests.lab.clock import LabClock
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from bot.ports.queue import Queue

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
LEASE = timedelta(seconds=15)
PATIENCE = timedelta(seconds=2)


@dataclass
class Bell:
    """A doorbell that a test can take off the wall."""

    heard: list[tuple[str, ...]] = field(default_factory=list)
    rings_left: int = 1000

    def ring(self, queue: Queue, job: str, *args: str) -> bool:
        if self.rings_left == 0:
            return False
        self.rings_left -= 1
        self.heard.append((queue.value, job, *args))
        return True


@pytest.fixture
def lab() -> LabClock:
    return LabClock(frozen_at=NOON.timestamp())


@pytest.fixture
def store(lab: LabClock) -> Iterator[SqlStore]:
    engine = open_engine("sqlite://")
    upgrade(engine)
    ids = count(1)
    yield SqlStore(engine, LabTime(lab), lambda: f"id-{next(ids)}")
    engine.dispose()


@pytest.fixture
def bell() -> Bell:
    return Bell()


@pytest.fixture
def run(store: SqlStore, bell: Bell, lab: LabClock) -> Callable[..., Swept]:
    def once(route: Callable[[InboundEvent], None] = lambda _: None) -> Swept:
        return sweep(
            inbox=store,
            conversations=store,
            incidents=store,
            doorbell=bell,
            clock=LabTime(lab),
            route=route,
            ring_patience=PATIENCE,
        )

    return once


def ask(store: SqlStore, number: int = 1, *, incident_id: str | None = None) -> ThreadId:
    ts = MessageTs(f"{number}.000000")
    question = Question(
        question_id=f"q{number}",
        team_id="T0LAB",
        channel=ChannelId("C0LAB"),
        thread_ts=ts,
        ts=ts,
        person=PersonId("U0ONCALL"),
        text="why?",
        surface=Surface.CHANNEL,
        asked_at=NOON,
        incident_id=incident_id,
    )
    return store.add_question(question).thread_id


def event(event_id: str, *, at: datetime = NOON) -> InboundEvent:
    return InboundEvent(event_id=event_id, kind="event", payload={}, received_at=at)


def test_a_question_nobody_was_told_of_is_rung(
    store: SqlStore, bell: Bell, lab: LabClock, run: Callable[..., Swept]
) -> None:
    thread = ask(store)
    assert run() == Swept()
    lab.advance(PATIENCE.total_seconds())
    assert run() == Swept(rung=1)
    assert bell.heard == [("questions", "answer", thread)]


def test_work_of_a_dead_worker_is_rung_when_its_lease_is_over(
    store: SqlStore, bell: Bell, lab: LabClock, run: Callable[..., Swept]
) -> None:
    thread = ask(store)
    store.claim(thread, worker="w1", lease=LEASE, max_attempts=3)
    lab.advance(LEASE.total_seconds() - 1)
    assert run() == Swept()
    lab.advance(1)
    assert run() == Swept(rung=1)
    assert bell.heard == [("questions", "answer", thread)]


def test_the_first_unheard_ring_ends_the_ringing(
    store: SqlStore, bell: Bell, lab: LabClock, run: Callable[..., Swept]
) -> None:
    for number in range(1, 6):
        ask(store, number)
    lab.advance(10)
    bell.rings_left = 2
    assert run() == Swept(rung=2, unrung=3)
    bell.rings_left = 100
    assert run() == Swept(rung=5)


def test_what_an_incident_asks_is_rung_in_the_lane_of_alerts(
    store: SqlStore, bell: Bell, lab: LabClock, run: Callable[..., Swept]
) -> None:
    person, incident = ask(store, 1), ask(store, 2, incident_id="i1")
    lab.advance(10)
    assert run() == Swept(rung=2)
    assert bell.heard == [("questions", "answer", person), ("alerts", "answer", incident)]


def test_an_incident_nobody_was_told_of_is_rung(
    store: SqlStore, bell: Bell, lab: LabClock, run: Callable[..., Swept]
) -> None:
    admitted = Post(store, now=NOON).slack(alert()).incident
    assert admitted is not None
    assert run() == Swept(), "a worker may still be on its way"
    lab.advance(PATIENCE.total_seconds())
    assert run() == Swept(looked=1)
    assert bell.heard == [("alerts", "look", admitted.incident_id)]

    store.run_begun(admitted.incident_id, at=NOON)
    store.told(admitted.incident_id, messages=admitted.messages)
    assert run() == Swept()


def test_incidents_are_not_rung_for_where_threads_were_not_heard(
    store: SqlStore, bell: Bell, lab: LabClock, run: Callable[..., Swept]
) -> None:
    Post(store, now=NOON).slack(alert())
    ask(store)
    lab.advance(10)
    bell.rings_left = 0
    assert run() == Swept(unrung=1)
    bell.rings_left = 1
    assert run() == Swept(rung=1, unrung=1)


def test_an_event_the_listener_lost_is_routed_once(
    store: SqlStore, lab: LabClock, run: Callable[..., Swept]
) -> None:
    routed: list[InboundEvent] = []
    store.record(event("Ev1"))
    assert run(routed.append) == Swept(), "the listener may still be at it"
    lab.advance(11)
    assert run(routed.append) == Swept(routed=1)
    assert run(routed.append) == Swept()
    assert routed == [event("Ev1")]


def test_an_event_whose_way_is_blocked_waits_for_the_next_sweep(
    store: SqlStore, lab: LabClock, run: Callable[..., Swept]
) -> None:
    tried: list[str] = []

    def blocked(found: InboundEvent) -> None:
        tried.append(found.event_id)
        raise UpstreamError("Slack is down", system="slack")

    for number in range(5):
        store.record(event(f"Ev{number}"))
    lab.advance(11)
    assert run(blocked) == Swept(postponed=3)
    assert tried == ["Ev0", "Ev1", "Ev2"], "a system that is down is not asked for each event"
    assert run() == Swept(routed=5)


def test_an_event_that_cannot_be_routed_is_given_up_and_said(
    store: SqlStore, lab: LabClock, run: Callable[..., Swept]
) -> None:
    store.record(event("Ev1"))
    lab.advance(ROUTE_LIMIT.total_seconds() + 1)
    with capture_logs() as logged:
        assert run() == Swept(given_up=1)
    assert [line["event"] for line in logged] == ["event_given_up", "swept"]
    assert run() == Swept()


def test_a_mistake_in_routing_does_not_keep_threads_from_ringing(
    store: SqlStore, bell: Bell, lab: LabClock, run: Callable[..., Swept]
) -> None:
    def broken(_: InboundEvent) -> None:
        raise LookupError("a mistake of ours")

    thread = ask(store)
    store.record(event("Ev1"))
    lab.advance(11)
    with pytest.raises(LookupError):
        run(broken)
    assert bell.heard == [("questions", "answer", thread)]
    assert run() == Swept(rung=1, routed=1), "the event is not lost by it"


def test_old_events_are_forgotten_once_they_are_routed(
    store: SqlStore, lab: LabClock, run: Callable[..., Swept]
) -> None:
    store.record(event("Ev1"))
    store.mark_routed("Ev1")
    lab.advance(REMEMBER.total_seconds())
    assert run() == Swept()
    lab.advance(1)
    assert run() == Swept(forgotten=1)


def test_an_idle_sweep_says_nothing(run: Callable[..., Swept]) -> None:
    with capture_logs() as logged:
        assert run() == Swept()
    assert logged == []


def test_a_sweep_that_did_something_is_one_closing_event(
    store: SqlStore, lab: LabClock, run: Callable[..., Swept]
) -> None:
    ask(store)
    lab.advance(10)
    with capture_logs() as logged:
        run()
    (line,) = logged
    assert (line["event"], line["rung"], line["routed"]) == ("swept", 1, 0)
