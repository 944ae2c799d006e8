"""Many at once: threads of a process, and processes, on one database."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import pytest

from bot.adapters.store.engine import open_engine
from bot.adapters.store.schema import upgrade
from bot.adapters.store.store import SqlStore
from bot.domain.conversation import PersonId, Rating
from bot.domain.delivery import Delivery
from bot.domain.errors import LeaseLostError
from tests.contract.store.builders import (
    CHANNEL,
    DAY,
    LEASE,
    event,
    observation,
    question,
    turn,
)
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import Engine

    from tests.lab.clock import LabClock
    from tests.lab.databases import PostgresServer, SqliteFiles

T = TypeVar("T")
AT_ONCE = 8


@pytest.fixture
def crowd(engine: Engine, lab: LabClock) -> SqlStore:
    """A store whose ids are unique whoever draws them."""
    return SqlStore(engine, LabTime(lab), lambda: uuid4().hex)


@pytest.fixture
def in_memory(lab: LabClock) -> Iterator[SqlStore]:
    engine = open_engine("sqlite://")
    upgrade(engine)
    yield SqlStore(engine, LabTime(lab), lambda: uuid4().hex)
    engine.dispose()


def all_at_once(call: Callable[[int], T], times: int = AT_ONCE) -> list[T]:
    barrier = Barrier(times)

    def start(number: int) -> T:
        barrier.wait(timeout=10)
        return call(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(start, range(times)))


def started(store: SqlStore) -> tuple[str, int]:
    thread = store.add_question(question())
    run = store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    assert run is not None
    return run.investigation_id, run.fence


def test_of_many_claims_exactly_one_wins(crowd: SqlStore) -> None:
    thread = crowd.add_question(question())
    won = all_at_once(
        lambda n: crowd.claim(thread.thread_id, worker=f"w{n}", lease=LEASE, max_attempts=3)
    )
    assert len([run for run in won if run is not None]) == 1


def test_of_many_takeovers_exactly_one_wins(crowd: SqlStore, lab: LabClock) -> None:
    run, _ = started(crowd)
    thread = crowd.add_question(question()).thread_id
    lab.advance(60)
    won = all_at_once(lambda n: crowd.claim(thread, worker=f"w{n}", lease=LEASE, max_attempts=9))
    fences = [taken.fence for taken in won if taken is not None]
    assert fences == [2]
    stored = crowd.investigation(run)
    assert stored is not None
    assert stored.attempt == 2


def test_of_two_processes_with_many_threads_exactly_one_claim_wins(
    crowd: SqlStore, database_url: str
) -> None:
    thread = crowd.add_question(question())
    command = [
        sys.executable,
        "-m",
        "tests.contract.store.claimer",
        database_url,
        thread.thread_id,
    ]
    with ExitStack() as stack:
        claimers = [
            stack.enter_context(
                subprocess.Popen(  # noqa: S603 -- our own module
                    command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for _ in range(2)
        ]
        for claimer in claimers:
            assert claimer.stdout is not None
            assert claimer.stdout.readline() == "ready\n"
        for claimer in claimers:
            assert claimer.stdin is not None
            claimer.stdin.write("go\n")
            claimer.stdin.flush()
        won = sum(int(claimer.communicate(timeout=20)[0]) for claimer in claimers)
    assert won == 1


def test_a_new_thread_asked_in_many_times_at_once_opens_once(crowd: SqlStore) -> None:
    opened = all_at_once(lambda n: crowd.add_question(question(n)))
    assert len({thread.thread_id for thread in opened}) == 1
    assert len(crowd.waiting(opened[0].thread_id)) == AT_ONCE


def test_a_question_is_taken_in_by_one_run_only(crowd: SqlStore) -> None:
    run, fence = started(crowd)
    for number in range(2, 12):
        crowd.add_question(question(number))
    taken = all_at_once(lambda _: crowd.absorb(run, fence=fence))
    assert sorted(len(part) for part in taken) == [0] * (AT_ONCE - 1) + [10]


def test_labels_have_no_gap_however_many_enter_at_once(crowd: SqlStore) -> None:
    run, fence = started(crowd)

    def enter_three(number: int) -> list[str]:
        return [
            crowd.enter(
                run, fence=fence, tool_use_id=f"tu-{number}-{n}", observation=observation()
            ).label
            for n in range(3)
        ]

    labels = [label for part in all_at_once(enter_three) for label in part]
    assert sorted(labels, key=lambda label: int(label[1:])) == [
        f"E{n}" for n in range(1, 3 * AT_ONCE + 1)
    ]


def test_the_same_call_entered_many_times_at_once_is_one_entry(crowd: SqlStore) -> None:
    run, fence = started(crowd)
    entries = all_at_once(
        lambda n: crowd.enter(run, fence=fence, tool_use_id="tu1", observation=observation(str(n)))
    )
    assert len({entry.label for entry in entries}) == 1
    assert len({entry.digest for entry in entries}) == 1


def test_turns_appended_at_once_are_numbered_without_a_gap(crowd: SqlStore) -> None:
    run, fence = started(crowd)
    numbers = all_at_once(lambda n: crowd.append_turn(run, fence=fence, turn=turn(str(n))))
    assert sorted(numbers) == list(range(AT_ONCE))
    for number, stored in zip(range(AT_ONCE), crowd.turns(run), strict=True):
        said = numbers.index(number)
        assert stored == turn(str(said))


def test_a_write_that_races_a_takeover_is_kept_whole_or_refused(
    crowd: SqlStore, lab: LabClock
) -> None:
    run, fence = started(crowd)
    thread = crowd.add_question(question()).thread_id
    lab.advance(60)

    def write_or_claim(number: int) -> str:
        if number == 0:
            crowd.claim(thread, worker="w2", lease=LEASE, max_attempts=3)
            return "claimed"
        try:
            crowd.append_turn(run, fence=fence, turn=turn(str(number)))
        except LeaseLostError:
            return "refused"
        return "written"

    outcomes = all_at_once(write_or_claim)

    assert len(crowd.turns(run)) == outcomes.count("written")
    with pytest.raises(LeaseLostError):
        crowd.append_turn(run, fence=fence, turn=turn())


def test_an_event_delivered_many_times_at_once_is_new_once(crowd: SqlStore) -> None:
    assert all_at_once(lambda _: crowd.record(event())).count(True) == 1


def test_an_intention_declared_many_times_at_once_is_one(crowd: SqlStore) -> None:
    owed = Delivery(key="answer/1", channel=CHANNEL, thread_ts=question().thread_ts)
    assert set(all_at_once(lambda _: crowd.intend(owed))) == {owed}


def test_of_many_equal_clicks_at_once_one_counts(crowd: SqlStore) -> None:
    run, _ = started(crowd)
    person = PersonId("U0ONCALL")
    for rating in (Rating.GOOD, Rating.BAD):
        clicks = all_at_once(lambda _, r=rating: crowd.rate(run, person=person, rating=r))  # type: ignore[misc]
        assert clicks.count(True) == 1


def test_a_database_in_memory_serves_all_threads_of_a_process(in_memory: SqlStore) -> None:
    thread = in_memory.add_question(question())
    won = all_at_once(
        lambda n: in_memory.claim(thread.thread_id, worker=f"w{n}", lease=LEASE, max_attempts=3)
    )
    assert len([run for run in won if run is not None]) == 1
    assert in_memory.threads_to_ring(waiting_since=DAY, now=DAY) == []


def test_many_that_start_at_once_migrate_an_empty_database_once(
    databases: SqliteFiles | PostgresServer,
) -> None:
    url = databases.empty()

    def start(_: int) -> None:
        engine = open_engine(url)
        upgrade(engine)
        engine.dispose()

    all_at_once(start, times=4)
    databases.drop(url)
