"""Runs of work: claimed by one, taken over after a death, closed against the dead."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.conversation import PersonId, ThreadId
from bot.domain.errors import LeaseLostError
from bot.domain.investigation import Pulse, RunState, TextBlock, ToolResult, ToolUse, Turn, Usage
from bot.domain.verdict import (
    Category,
    Cause,
    Coverage,
    Gap,
    Hypothesis,
    HypothesisState,
    Status,
    Step,
    TimelinePoint,
    Verdict,
)
from tests.contract.store.builders import DAY, LEASE, observation, question, turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.adapters.store.store import SqlStore
    from bot.domain.investigation import Investigation
    from tests.lab.clock import LabClock

VERDICT = Verdict(
    status=Status.LIKELY,
    summary="checkout is killed for memory [E1] ✗",
    object="prod-eu/deployment/payments/checkout",
    cause=Cause.OUT_OF_MEMORY,
    category=Category.CAPACITY,
    hypotheses=(Hypothesis(statement="leak", state=HypothesisState.OPEN, evidence=("E1",)),),
    timeline=(TimelinePoint(at="2031-05-06T11:58:00Z", what="rollout", evidence=("E1",)),),
    mitigation=(Step(action="roll back", check="get pods", risk="old bug", undo="roll on"),),
    coverage=Coverage(denied=(Gap(source="logs", scope="prod-eu/payments", reason="403"),)),
    confidence=0.7,
    evidence=("E1",),
    cost_usd=0.02,
    seconds=4.5,
    calls=3,
)


def claimed(store: SqlStore, *, worker: str = "w1", number: int = 1) -> Investigation:
    thread = store.add_question(question(number))
    run = store.claim(thread.thread_id, worker=worker, lease=LEASE, max_attempts=3)
    assert run is not None
    return run


def test_a_claim_takes_all_that_waits_in_order(store: SqlStore) -> None:
    thread = store.add_question(question(2))
    store.add_question(question(1))
    store.add_question(question(3))
    run = store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3)
    assert run is not None
    assert run.questions == (question(1), question(2), question(3))
    assert (run.state, run.fence, run.attempt) == (RunState.RUNNING, 1, 1)
    assert run.started_at == DAY
    assert store.waiting(thread.thread_id) == []


def test_nothing_is_claimed_where_nothing_waits(store: SqlStore) -> None:
    thread = store.add_question(question())
    store.drop_waiting(thread.thread_id)
    assert store.claim(thread.thread_id, worker="w1", lease=LEASE, max_attempts=3) is None
    assert store.claim(ThreadId("nowhere"), worker="w1", lease=LEASE, max_attempts=3) is None


@pytest.mark.parametrize("worker", ["w1", "w2"])
def test_a_held_thread_is_not_claimed_by_anybody(store: SqlStore, worker: str) -> None:
    run = claimed(store, worker="w1")
    store.add_question(question(2))
    assert store.claim(run.thread_id, worker=worker, lease=LEASE, max_attempts=3) is None


def test_an_expired_lease_is_taken_over_with_a_higher_fence(store: SqlStore, lab: LabClock) -> None:
    run = claimed(store)
    store.append_turn(run.investigation_id, fence=1, turn=turn("kept"))
    store.add_question(question(2))
    lab.advance(LEASE.total_seconds())

    resumed = store.claim(run.thread_id, worker="w2", lease=LEASE, max_attempts=3)

    assert resumed is not None
    assert resumed.investigation_id == run.investigation_id
    assert (resumed.fence, resumed.attempt, resumed.state) == (2, 2, RunState.RUNNING)
    assert resumed.questions == run.questions
    assert store.turns(run.investigation_id) == [turn("kept")]
    assert store.waiting(run.thread_id) == [question(2)]


def test_a_lease_lasts_to_its_last_moment(store: SqlStore, lab: LabClock) -> None:
    run = claimed(store)
    lab.advance(LEASE.total_seconds() - 0.5)
    assert store.claim(run.thread_id, worker="w2", lease=LEASE, max_attempts=3) is None


def test_renewing_extends_the_lease(store: SqlStore, lab: LabClock) -> None:
    run = claimed(store)
    lab.advance(10)
    store.renew(run.investigation_id, fence=1, lease=LEASE)
    lab.advance(10)
    assert store.claim(run.thread_id, worker="w2", lease=LEASE, max_attempts=3) is None
    lab.advance(5)
    assert store.claim(run.thread_id, worker="w2", lease=LEASE, max_attempts=3) is not None


def test_a_late_worker_nobody_replaced_goes_on(store: SqlStore, lab: LabClock) -> None:
    run = claimed(store)
    lab.advance(60)
    store.renew(run.investigation_id, fence=1, lease=LEASE)
    assert store.claim(run.thread_id, worker="w2", lease=LEASE, max_attempts=3) is None


def test_released_work_can_be_taken_at_once(store: SqlStore) -> None:
    run = claimed(store)
    store.release(run.investigation_id, fence=1)
    resumed = store.claim(run.thread_id, worker="w2", lease=LEASE, max_attempts=3)
    assert resumed is not None
    assert resumed.fence == 2


def test_work_whose_workers_die_too_often_is_given_up(store: SqlStore, lab: LabClock) -> None:
    run = claimed(store)
    states = []
    for _ in range(3):
        lab.advance(LEASE.total_seconds())
        again = store.claim(run.thread_id, worker="w2", lease=LEASE, max_attempts=3)
        assert again is not None
        states.append((again.state, again.fence, again.attempt))
    assert states == [
        (RunState.RUNNING, 2, 2),
        (RunState.RUNNING, 3, 3),
        (RunState.ORPHANED, 4, 4),
    ]
    given_up = store.investigation(run.investigation_id)
    assert given_up is not None
    assert given_up.finished_at == DAY + 3 * LEASE
    assert store.claim(run.thread_id, worker="w3", lease=LEASE, max_attempts=3) is None
    with pytest.raises(LeaseLostError):
        store.append_turn(run.investigation_id, fence=3, turn=turn())


WRITES: dict[str, Callable[[SqlStore, str, int], object]] = {
    "renew": lambda store, run, fence: store.renew(run, fence=fence, lease=LEASE),
    "absorb": lambda store, run, fence: store.absorb(run, fence=fence),
    "append_turn": lambda store, run, fence: store.append_turn(run, fence=fence, turn=turn()),
    "enter": lambda store, run, fence: store.enter(
        run, fence=fence, tool_use_id="late", observation=observation()
    ),
    "finish": lambda store, run, fence: store.finish(
        run, fence=fence, state=RunState.DONE, verdict=VERDICT
    ),
    "release": lambda store, run, fence: store.release(run, fence=fence),
}


@pytest.mark.parametrize("write", WRITES)
def test_a_worker_that_was_replaced_writes_nothing_more(
    store: SqlStore, lab: LabClock, write: str
) -> None:
    run = claimed(store)
    store.add_question(question(2))
    lab.advance(60)
    store.claim(run.thread_id, worker="w2", lease=LEASE, max_attempts=3)
    before = store.investigation(run.investigation_id)

    with pytest.raises(LeaseLostError, match="taken over by w2"):
        WRITES[write](store, run.investigation_id, 1)

    assert store.investigation(run.investigation_id) == before
    assert store.turns(run.investigation_id) == []
    assert store.of_investigation(run.investigation_id) == []
    assert store.waiting(run.thread_id) == [question(2)]
    assert store.claim(run.thread_id, worker="w3", lease=LEASE, max_attempts=3) is None


@pytest.mark.parametrize("write", WRITES)
def test_finished_work_is_not_written_to(store: SqlStore, write: str) -> None:
    run = claimed(store)
    store.finish(run.investigation_id, fence=1, state=RunState.DONE, verdict=VERDICT)
    with pytest.raises(LeaseLostError, match="already done"):
        WRITES[write](store, run.investigation_id, 1)


@pytest.mark.parametrize("write", WRITES)
def test_unknown_work_is_nobodys(store: SqlStore, write: str) -> None:
    with pytest.raises(LeaseLostError, match="does not exist"):
        WRITES[write](store, "nothing", 1)


def test_finishing_keeps_the_verdict_and_frees_the_thread(store: SqlStore, lab: LabClock) -> None:
    run = claimed(store)
    lab.advance(4)
    store.finish(run.investigation_id, fence=1, state=RunState.DONE, verdict=VERDICT)

    finished = store.investigation(run.investigation_id)
    assert finished is not None
    assert (finished.state, finished.verdict) == (RunState.DONE, VERDICT)
    assert finished.finished_at == DAY + timedelta(seconds=4)

    store.add_question(question(2))
    following = store.claim(run.thread_id, worker="w2", lease=LEASE, max_attempts=3)
    assert following is not None
    assert following.investigation_id != run.investigation_id
    assert following.questions == (question(2),)
    assert [r.investigation_id for r in store.latest(run.thread_id, limit=9)] == [
        following.investigation_id,
        run.investigation_id,
    ]
    assert store.latest(run.thread_id, limit=1) == [following]


def test_work_cannot_finish_as_running(store: SqlStore) -> None:
    run = claimed(store)
    with pytest.raises(ValueError, match="cannot finish as running"):
        store.finish(run.investigation_id, fence=1, state=RunState.RUNNING, verdict=None)


def test_a_steering_message_is_absorbed_once_and_in_order(store: SqlStore) -> None:
    run = claimed(store)
    store.add_question(question(3))
    store.add_question(question(2))
    pulse = store.renew(run.investigation_id, fence=1, lease=LEASE)
    assert pulse == Pulse(cancelled_by=None, waiting_questions=2)

    assert store.absorb(run.investigation_id, fence=1) == (question(2), question(3))

    assert store.absorb(run.investigation_id, fence=1) == ()
    now = store.investigation(run.investigation_id)
    assert now is not None
    assert now.questions == (question(1), question(2), question(3))


def test_the_worker_learns_who_asked_it_to_stop_first(store: SqlStore) -> None:
    run = claimed(store)
    assert store.request_cancel(run.thread_id, person=PersonId("U0FIRST"))
    assert store.request_cancel(run.thread_id, person=PersonId("U0SECOND"))
    pulse = store.renew(run.investigation_id, fence=1, lease=LEASE)
    assert pulse.cancelled_by == "U0FIRST"


def test_a_stop_survives_the_death_of_the_worker(store: SqlStore, lab: LabClock) -> None:
    run = claimed(store)
    lab.advance(60)
    store.request_cancel(run.thread_id, person=PersonId("U0ONCALL"))
    resumed = store.claim(run.thread_id, worker="w2", lease=LEASE, max_attempts=3)
    assert resumed is not None
    assert resumed.cancelled_by == "U0ONCALL"


def test_there_is_nothing_to_stop_when_nothing_runs(store: SqlStore) -> None:
    run = claimed(store)
    store.finish(run.investigation_id, fence=1, state=RunState.DONE, verdict=None)
    assert not store.request_cancel(run.thread_id, person=PersonId("U0ONCALL"))
    assert not store.request_cancel(ThreadId("nowhere"), person=PersonId("U0ONCALL"))


def test_turns_are_numbered_from_zero_and_come_back_whole(store: SqlStore) -> None:
    run = claimed(store)
    turns = [
        turn("why?"),
        Turn(
            role="assistant",
            blocks=(
                TextBlock(text="looking"),
                ToolUse(tool_use_id="tu1", name="kubectl", arguments={"command": "get po"}),
            ),
            usage=Usage(input_tokens=9, cache_read_tokens=8, output_tokens=7, cost_usd=0.5),
            model="anthropic:lab",
        ),
        Turn(role="user", blocks=(ToolResult(tool_use_id="tu1", text="\x00", is_error=True),)),
    ]
    numbers = [store.append_turn(run.investigation_id, fence=1, turn=one) for one in turns]
    assert numbers == [0, 1, 2]
    assert store.turns(run.investigation_id) == turns


def test_an_unknown_investigation_is_none(store: SqlStore) -> None:
    assert store.investigation("nothing") is None
    assert store.latest(ThreadId("nowhere"), limit=3) == []


def test_a_retried_question_waits_again_and_the_first_run_still_shows_it(store: SqlStore) -> None:
    run = claimed(store)
    store.add_question(question(2))
    store.absorb(run.investigation_id, fence=1)
    store.finish(run.investigation_id, fence=1, state=RunState.FAILED, verdict=None)

    assert store.ask_again(run.investigation_id) == 2

    assert store.waiting(run.thread_id) == [question(1), question(2)]
    assert store.threads_to_ring(waiting_since=DAY, now=DAY) == [run.thread_id]
    again = store.claim(run.thread_id, worker="w2", lease=LEASE, max_attempts=3)
    assert again is not None
    assert again.questions == (question(1), question(2))
    first = store.investigation(run.investigation_id)
    assert first is not None
    assert first.questions == again.questions


def test_a_second_click_on_retry_changes_nothing(store: SqlStore) -> None:
    run = claimed(store)
    store.finish(run.investigation_id, fence=1, state=RunState.FAILED, verdict=None)
    store.ask_again(run.investigation_id)
    assert store.ask_again(run.investigation_id) == 0
    again = store.claim(run.thread_id, worker="w2", lease=LEASE, max_attempts=3)
    assert again is not None
    assert store.ask_again(run.investigation_id) == 0
    store.finish(again.investigation_id, fence=1, state=RunState.FAILED, verdict=None)
    assert store.ask_again(run.investigation_id) == 0
    assert store.ask_again(again.investigation_id) == 1


def test_what_still_runs_or_never_ran_is_not_asked_again(store: SqlStore) -> None:
    run = claimed(store)
    assert store.ask_again(run.investigation_id) == 0
    assert store.ask_again("nothing") == 0


def test_what_waits_and_what_runs_is_counted(store: SqlStore) -> None:
    assert (store.count_waiting(), store.count_running()) == (0, 0)
    run = claimed(store)
    store.add_question(question(2))
    store.add_question(question(3))
    store.add_question(question(4, thread="4.000000"))
    assert (store.count_waiting(), store.count_running()) == (2, 1)
    store.finish(run.investigation_id, fence=1, state=RunState.DONE, verdict=None)
    store.drop_waiting(run.thread_id)
    assert (store.count_waiting(), store.count_running()) == (1, 0)
