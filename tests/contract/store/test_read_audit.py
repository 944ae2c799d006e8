"""What a run read is anchored in the audit when the run is closed."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from bot.adapters.store.audit_trail import SqlTrail
from bot.domain.errors import LeaseLostError
from bot.domain.investigation import RunState
from safe_ops.audit import verify
from tests.contract.store.builders import LEASE, observation, question
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from bot.adapters.store.store import SqlStore
    from tests.lab.clock import LabClock


@pytest.fixture
def trail(engine: Engine, lab: LabClock) -> SqlTrail:
    return SqlTrail(engine, LabTime(lab), str)


def run_of(store: SqlStore, *, reads: int) -> str:
    opened = store.add_question(question())
    run = store.claim(opened.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    assert run is not None
    for number in range(reads):
        store.enter(
            run.investigation_id,
            fence=1,
            tool_use_id=f"tu{number}",
            observation=observation(f"read {number}"),
        )
    return run.investigation_id


def test_a_closed_run_tells_who_asked_and_what_its_reads_come_to(
    store: SqlStore, trail: SqlTrail
) -> None:
    run = run_of(store, reads=2)
    store.finish(run, fence=1, state=RunState.DONE, verdict=None)
    (row,) = trail.rows()
    assert row.entry.event == "run.closed"
    assert row.entry.actor.subject == question().person
    digests = "\n".join(one.digest for one in store.of_investigation(run))
    assert row.entry.facts["reads"] == 2
    assert row.entry.facts["evidence"] == hashlib.sha256(digests.encode()).hexdigest()
    assert verify(trail.rows(), (), {}).faults == ()


def test_a_run_is_noted_once_whoever_closes_it_again(store: SqlStore, trail: SqlTrail) -> None:
    run = run_of(store, reads=0)
    store.finish(run, fence=1, state=RunState.CANCELLED, verdict=None)
    with pytest.raises(LeaseLostError):
        store.finish(run, fence=1, state=RunState.DONE, verdict=None)
    (row,) = trail.rows()
    assert "ended cancelled" in row.entry.says


def test_what_the_asker_was_refused_is_told_by_the_row(store: SqlStore, trail: SqlTrail) -> None:
    run = run_of(store, reads=0)
    told = "You may not read staging from this channel."
    store.finish(run, fence=1, state=RunState.REFUSED, verdict=None, refusal=told)
    (row,) = trail.rows()
    assert row.entry.says == f"0 reads for one run, which ended refused: {told}"
