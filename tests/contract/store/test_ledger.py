"""The evidence ledger: labels without gaps, entries once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.conversation import ThreadId
from bot.domain.investigation import RunState
from tests.contract.store.builders import LEASE, observation, question

if TYPE_CHECKING:
    from bot.adapters.store.store import SqlStore
    from tests.lab.clock import LabClock


def run_of(store: SqlStore, number: int = 1, thread: str = "1.000001") -> tuple[str, ThreadId]:
    opened = store.add_question(question(number, thread=thread))
    run = store.claim(opened.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    assert run is not None
    return run.investigation_id, opened.thread_id


def test_labels_count_up_through_all_answers_of_a_thread(store: SqlStore) -> None:
    first, _ = run_of(store, 1)
    labels = [
        store.enter(first, fence=1, tool_use_id=f"tu{n}", observation=observation(str(n))).label
        for n in (1, 2)
    ]
    store.finish(first, fence=1, state=RunState.DONE, verdict=None)
    second, _ = run_of(store, 2)
    labels.append(
        store.enter(second, fence=1, tool_use_id="tu1", observation=observation("3")).label
    )

    assert labels == ["E1", "E2", "E3"]
    assert [e.label for e in store.of_investigation(first)] == ["E1", "E2"]
    assert [e.label for e in store.of_investigation(second)] == ["E3"]


def test_every_thread_counts_for_itself(store: SqlStore) -> None:
    here, _ = run_of(store, 1, "1.000001")
    there, _ = run_of(store, 1, "2.000001")
    for run in (here, there):
        entry = store.enter(run, fence=1, tool_use_id="tu1", observation=observation())
        assert entry.label == "E1"


def test_the_same_call_is_entered_once(store: SqlStore) -> None:
    run, _ = run_of(store)
    first = store.enter(run, fence=1, tool_use_id="tu1", observation=observation("seen"))
    again = store.enter(run, fence=1, tool_use_id="tu1", observation=observation("other"))
    assert again == first
    assert store.of_investigation(run) == [first]
    following = store.enter(run, fence=1, tool_use_id="tu2", observation=observation())
    assert following.label == "E2"


def test_an_observation_comes_back_as_it_was_made(store: SqlStore) -> None:
    run, _ = run_of(store)
    seen = observation("tab\there\x00 läuft ✗\n" * 50)
    store.enter(run, fence=1, tool_use_id="tu1", observation=seen)
    assert store.of_investigation(run)[0].observation == seen


@pytest.mark.parametrize("label", ["E1", "e1", " E1 "])
def test_evidence_is_found_by_its_label(store: SqlStore, label: str) -> None:
    run, thread = run_of(store)
    entry = store.enter(run, fence=1, tool_use_id="tu1", observation=observation())
    assert store.by_label(thread, label) == entry


@pytest.mark.parametrize(
    "label", ["E2", "E01", "E0", "1", "", "E", "EE1", "E99999999999", "E\u0661"]
)
def test_what_is_no_label_finds_nothing(store: SqlStore, label: str) -> None:
    run, thread = run_of(store)
    store.enter(run, fence=1, tool_use_id="tu1", observation=observation())
    assert store.by_label(thread, label) is None


def test_the_newest_evidence_of_a_cluster_is_found_across_threads(
    store: SqlStore, lab: LabClock
) -> None:
    assert store.latest_of_cluster("prod-eu") is None
    here, _ = run_of(store, 1, "1.000001")
    there, _ = run_of(store, 1, "2.000001")
    for run in (here, there, here):
        lab.advance(1)
        newest = store.enter(run, fence=1, tool_use_id=f"at-{lab.now()}", observation=observation())
        assert store.latest_of_cluster("prod-eu") == newest
    assert store.latest_of_cluster("prod-us") is None


def test_labels_of_another_thread_are_not_found(store: SqlStore) -> None:
    run, _ = run_of(store)
    store.enter(run, fence=1, tool_use_id="tu1", observation=observation())
    assert store.by_label(ThreadId("elsewhere"), "E1") is None
