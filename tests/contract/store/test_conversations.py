"""Threads and questions: opened once, kept in order, found again."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.conversation import ChannelId, MessageTs, PersonId, Scope, ThreadId
from bot.domain.investigation import RunState
from tests.contract.store.builders import CHANNEL, DAY, LEASE, question

if TYPE_CHECKING:
    from bot.adapters.store.store import SqlStore
    from tests.lab.clock import LabClock


def test_the_first_question_opens_the_thread(store: SqlStore) -> None:
    asked = question()
    assert store.find_thread(asked.channel, asked.thread_ts) is None

    opened = store.add_question(asked)

    assert (opened.channel, opened.thread_ts, opened.surface) == (
        asked.channel,
        asked.thread_ts,
        asked.surface,
    )
    assert opened.scope is None
    assert store.find_thread(asked.channel, asked.thread_ts) == opened
    assert store.thread(opened.thread_id) == opened


def test_a_follow_up_joins_the_thread(store: SqlStore) -> None:
    first = store.add_question(question(1))
    second = store.add_question(question(2))
    assert second == first
    assert [q.ts for q in store.waiting(first.thread_id)] == ["1.000001", "1.000002"]


def test_the_same_time_stamp_in_another_channel_is_another_thread(store: SqlStore) -> None:
    here = store.add_question(question())
    there = store.add_question(
        replace(question(), question_id="elsewhere", channel=ChannelId("C0OTHER"))
    )
    assert here.thread_id != there.thread_id


def test_storing_a_question_again_is_harmless(store: SqlStore) -> None:
    thread = store.add_question(question(1))
    store.add_question(question(1))
    assert len(store.waiting(thread.thread_id)) == 1


def test_a_question_comes_back_as_it_was_asked(store: SqlStore) -> None:
    asked = replace(question(text="läuft\x00 nicht \ud83d"), subject="> quoted <!channel>")
    thread = store.add_question(asked)
    assert store.waiting(thread.thread_id) == [asked]


def test_an_answered_question_that_is_redelivered_does_not_wait_again(store: SqlStore) -> None:
    thread = store.add_question(question(1))
    store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    store.add_question(question(1))
    assert store.waiting(thread.thread_id) == []


def test_what_was_called_off_does_not_come_back(store: SqlStore) -> None:
    thread = store.add_question(question(1))
    store.add_question(question(2))

    assert store.drop_waiting(thread.thread_id) == 2

    store.add_question(question(1))
    assert store.waiting(thread.thread_id) == []
    assert store.drop_waiting(thread.thread_id) == 0


def test_the_scope_of_a_thread_is_what_was_set_last(store: SqlStore) -> None:
    thread = store.add_question(question())
    store.set_scope(thread.thread_id, Scope(clusters=("staging",)))
    wanted = Scope(clusters=("prod-eu", "prod-us"), namespace="payments")
    store.set_scope(thread.thread_id, wanted)
    assert store.thread(thread.thread_id).scope == wanted


def test_an_unknown_thread_is_an_error(store: SqlStore) -> None:
    nowhere = ThreadId("nowhere")
    with pytest.raises(KeyError):
        store.thread(nowhere)
    with pytest.raises(KeyError):
        store.set_scope(nowhere, Scope(clusters=("prod-eu",)))


def test_a_thread_rings_when_its_question_waited_long_enough(
    store: SqlStore, lab: LabClock
) -> None:
    thread = store.add_question(question())
    now = DAY + timedelta(seconds=5)
    lab.advance(5)
    assert store.threads_to_ring(waiting_since=DAY - timedelta(seconds=1), now=now) == []
    assert store.threads_to_ring(waiting_since=DAY, now=now) == [thread.thread_id]


def test_a_thread_with_a_living_worker_does_not_ring(store: SqlStore) -> None:
    thread = store.add_question(question(1))
    store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    store.add_question(question(2))
    assert store.threads_to_ring(waiting_since=DAY, now=DAY) == []


def test_a_thread_whose_worker_died_rings(store: SqlStore) -> None:
    thread = store.add_question(question())
    store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    expired = DAY + LEASE
    assert store.threads_to_ring(waiting_since=DAY, now=expired) == [thread.thread_id]


def test_a_thread_rings_once_for_all_its_reasons(store: SqlStore) -> None:
    thread = store.add_question(question(1))
    store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    store.add_question(question(2))
    store.add_question(question(3))
    rings = store.threads_to_ring(waiting_since=DAY, now=DAY + LEASE)
    assert rings == [thread.thread_id]


def test_finished_work_does_not_ring(store: SqlStore) -> None:
    thread = store.add_question(question())
    run = store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    assert run is not None
    store.finish(run.investigation_id, fence=1, state=RunState.DONE, verdict=None)
    late = DAY + timedelta(days=1)
    assert store.threads_to_ring(waiting_since=late, now=late) == []


def test_the_longest_waiting_thread_rings_first(store: SqlStore, lab: LabClock) -> None:
    opened = []
    for number in (1, 2, 3):
        opened.append(store.add_question(question(number, thread=f"{number}.000000")).thread_id)
        lab.advance(1)
    late = DAY + timedelta(minutes=1)
    assert store.threads_to_ring(waiting_since=late, now=late) == opened


def test_people_find_what_they_asked(store: SqlStore, lab: LabClock) -> None:
    runs = []
    for number, person in ((1, "U0ONCALL"), (2, "U0OTHER"), (3, "U0ONCALL")):
        thread = store.add_question(question(number, thread=f"{number}.000000", person=person))
        runs.append(store.claim(thread.thread_id, worker="w", lease=LEASE, max_attempts=3))
        lab.advance(1)
    assert store.recent_of(PersonId("U0ONCALL"), limit=5) == [runs[2], runs[0]]
    assert store.recent_of(PersonId("U0ONCALL"), limit=1) == [runs[2]]
    assert store.recent_of(PersonId("U0NOBODY"), limit=5) == []


def test_a_thread_is_found_by_channel_and_time_stamp_only_together(store: SqlStore) -> None:
    store.add_question(question())
    assert store.find_thread(CHANNEL, MessageTs("9.000009")) is None
    assert store.find_thread(ChannelId("C0OTHER"), question().thread_ts) is None


def test_a_person_chooses_the_scope_of_a_channel_for_themselves(store: SqlStore) -> None:
    ann, bob = PersonId("U0ANN"), PersonId("U0BOB")
    store.choose_scope(CHANNEL, ann, Scope(clusters=("staging",)))
    store.choose_scope(CHANNEL, ann, Scope(clusters=("prod-eu",), namespace="payments"))
    chosen = store.chosen_scope(CHANNEL, ann)
    assert chosen == Scope(clusters=("prod-eu",), namespace="payments")
    assert store.chosen_scope(CHANNEL, bob) is None
    assert store.chosen_scope(ChannelId("C0OTHER"), ann) is None


def test_a_thread_is_an_incidents_while_no_person_asks_in_it(store: SqlStore) -> None:
    asked = replace(question(1), incident_id="i1")
    thread = store.add_question(asked).thread_id
    assert store.waiting(thread) == [asked]
    assert store.is_of_incident(thread)

    store.add_question(question(2))
    assert not store.is_of_incident(thread)


def test_a_thread_stays_an_incidents_while_its_run_is_under_way(store: SqlStore) -> None:
    thread = store.add_question(replace(question(1), incident_id="i1")).thread_id
    run = store.claim(thread, worker="w1", lease=LEASE, max_attempts=3)
    assert run is not None
    assert store.is_of_incident(thread)
    store.finish(run.investigation_id, fence=1, state=RunState.DONE, verdict=None)
    assert not store.is_of_incident(thread)

    store.add_question(question(2))
    assert not store.is_of_incident(thread)


def test_what_people_asked_before_does_not_count(store: SqlStore) -> None:
    thread = store.add_question(question(1)).thread_id
    store.claim(thread, worker="w1", lease=LEASE, max_attempts=3)
    store.finish(
        store.latest(thread, limit=1)[0].investigation_id,
        fence=1,
        state=RunState.DONE,
        verdict=None,
    )
    store.add_question(replace(question(2), incident_id="i1"))
    assert store.is_of_incident(thread)
