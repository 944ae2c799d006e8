"""Any order of claiming, renewing, writing, finishing, releasing and dying keeps the promises."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bot.domain.conversation import PersonId, ThreadId
from bot.domain.errors import LeaseLostError
from bot.domain.investigation import RunState
from tests.contract.store.builders import LEASE, observation, question, turn
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from bot.adapters.store.store import SqlStore
    from bot.domain.conversation import Question
    from bot.domain.investigation import Investigation
    from tests.lab.clock import LabClock

MAX_ATTEMPTS = 3
_names = count(1)


class Leases(RuleBasedStateMachine):
    """Two workers on one thread, beside a model of what must be true."""

    def __init__(self, store: SqlStore, lab: LabClock) -> None:
        super().__init__()
        self.store, self.lab = store, lab
        self.thread_ts = f"{next(_names)}.000000"
        self.asked = 1
        self.thread: ThreadId = store.add_question(self.question()).thread_id
        self.grants: list[Investigation] = []  # every claim that ever won, oldest first
        self.running = False
        self.lease_until = 0.0
        self.waiting = 1
        self.turns: dict[str, int] = {}
        self.labels = 0

    def question(self) -> Question:
        return question(self.asked, thread=self.thread_ts)

    @rule()
    def ask(self) -> None:
        self.asked += 1
        self.store.add_question(self.question())
        self.waiting += 1

    @rule(worker=st.sampled_from(["w1", "w2"]))
    def claim(self, worker: str) -> None:
        won = self.store.claim(self.thread, worker=worker, lease=LEASE, max_attempts=MAX_ATTEMPTS)
        now = self.lab.now()
        if self.running and now < self.lease_until:
            assert won is None
        elif self.running:
            last = self.grants[-1]
            assert won is not None
            assert won.investigation_id == last.investigation_id
            assert (won.fence, won.attempt) == (last.fence + 1, last.attempt + 1)
            assert (won.state is RunState.ORPHANED) == (won.attempt > MAX_ATTEMPTS)
        elif self.waiting:
            assert won is not None
            assert (won.fence, len(won.questions)) == (1, self.waiting)
            self.waiting = 0
        else:
            assert won is None
        if won is not None:
            self.grants.append(won)
            self.running = won.state is RunState.RUNNING
            self.lease_until = now + LEASE.total_seconds()

    @precondition(lambda self: self.grants)
    @rule(draw=st.data(), write=st.sampled_from(["turn", "evidence", "renew", "absorb"]))
    def write(self, draw: st.DataObject, write: str) -> None:
        grant = draw.draw(st.sampled_from(self.grants))
        run, fence = grant.investigation_id, grant.fence
        if not self.holds(grant):
            with pytest.raises(LeaseLostError):
                self.store.append_turn(run, fence=fence, turn=turn())
            return
        if write == "turn":
            number = self.store.append_turn(run, fence=fence, turn=turn())
            assert number == self.turns.get(run, 0)
            self.turns[run] = number + 1
        elif write == "evidence":
            entry = self.store.enter(
                run, fence=fence, tool_use_id=f"tu{self.labels}", observation=observation()
            )
            self.labels += 1
            assert entry.label == f"E{self.labels}"
        elif write == "renew":
            pulse = self.store.renew(run, fence=fence, lease=LEASE)
            assert pulse.waiting_questions == self.waiting
            self.lease_until = self.lab.now() + LEASE.total_seconds()
        else:
            assert len(self.store.absorb(run, fence=fence)) == self.waiting
            self.waiting = 0

    @precondition(lambda self: self.grants)
    @rule(draw=st.data(), state=st.sampled_from([RunState.DONE, RunState.FAILED]))
    def finish(self, draw: st.DataObject, state: RunState) -> None:
        grant = draw.draw(st.sampled_from(self.grants))
        if self.holds(grant):
            self.store.finish(grant.investigation_id, fence=grant.fence, state=state, verdict=None)
            self.running = False
        else:
            with pytest.raises(LeaseLostError):
                self.store.finish(
                    grant.investigation_id, fence=grant.fence, state=state, verdict=None
                )

    @precondition(lambda self: self.running)
    @rule()
    def release(self) -> None:
        holder = self.grants[-1]
        self.store.release(holder.investigation_id, fence=holder.fence)
        self.lease_until = self.lab.now()

    @rule(seconds=st.sampled_from([1, 14, 15, 60]))
    def wait(self, seconds: int) -> None:
        self.lab.advance(seconds)

    @rule()
    def stop(self) -> None:
        asked = self.store.request_cancel(self.thread, person=PersonId("U0ONCALL"))
        assert asked == self.running

    @invariant()
    def the_sweeper_sees_what_needs_a_worker(self) -> None:
        now = LabTime(self.lab).now()
        rings = self.store.threads_to_ring(waiting_since=now, now=now)
        held = self.running and self.lab.now() < self.lease_until
        needs = not held and (self.running or self.waiting > 0)
        assert (self.thread in rings) == needs

    def holds(self, grant: Investigation) -> bool:
        return self.running and grant is self.grants[-1]


def test_leases_keep_their_promises_in_any_order(store: SqlStore, lab: LabClock) -> None:
    run_state_machine_as_test(
        lambda: Leases(store, lab),  # type: ignore[arg-type]  # any factory does
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
