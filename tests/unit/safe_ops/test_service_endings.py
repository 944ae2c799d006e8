"""No action stays where it is for ever: what cannot go on ends, and somebody is called."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from safe_ops.errors import BudgetError, FenceLostError, RefusedError
from safe_ops.lifecycle import advance
from safe_ops.model import events as on
from safe_ops.model.actions import CallOutcome, JournalRow, Phase, State
from safe_ops.model.trail import Actor
from safe_ops.service.claiming import MOST_CLAIMS
from tests.unit.safe_ops.dials import SetDials
from tests.unit.safe_ops.rows import NOW, an_action
from tests.unit.safe_ops.test_service_crashes import DyingBook, Wrapped, kill
from tests.unit.safe_ops.test_service_executing import rows
from tests.unit.safe_ops.write_side import TEAM

if TYPE_CHECKING:
    from collections.abc import Callable

    from safe_ops.model.plans import Call, Json, Plan
    from safe_ops.operations.operation import Eyes, Look, Parameters
    from tests.unit.safe_ops.book import MemoryBook
    from tests.unit.safe_ops.dials import DialSurvey, Machine
    from tests.unit.safe_ops.write_side import WriteSide


class BrokenError(Exception):
    """A fault nobody thought of, such as an answer of a shape that cannot be read."""


class OddDials(SetDials):
    """The operation, with something that happens first at one of its questions."""

    def __init__(self, machine: Machine, **first: Callable[[], object]) -> None:
        super().__init__(machine)
        self._first = first

    def survey(self, wanted: Parameters, eyes: Eyes) -> DialSurvey:
        self._meet("survey")
        return super().survey(wanted, eyes)

    def bind(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        self._meet("bind")
        return super().bind(plan, call, eyes)

    def applied(self, plan: Plan, call: Call, eyes: Eyes) -> CallOutcome:
        self._meet("applied")
        return super().applied(plan, call, eyes)

    def look(self, plan: Plan, eyes: Eyes) -> Look:
        self._meet("look")
        return super().look(plan, eyes)

    def _meet(self, question: str) -> None:
        if question in self._first:
            self._first[question]()


def make_odd(side: WriteSide, **first: Callable[[], object]) -> None:
    side.catalogue["set_dials"] = OddDials(side.machine, **first)


# Hands and reads that refuse.


def refuse(side: WriteSide, error: Exception) -> None:
    def raising(_call: Call) -> None:
        raise error

    side.machine.on_send = raising


def test_a_call_that_hands_refuse_to_make_was_not_made(side: WriteSide) -> None:
    refuse(side, RefusedError("the role belongs to another account", code="place"))
    ended = side.executed("a")
    assert (ended.state, side.machine.effects) == (State.FAILED, [])
    assert [row[4] for row in rows(side, ended)] == [None, CallOutcome.NOT_APPLIED]


def test_a_read_back_that_is_refused_tells_nothing(side: WriteSide) -> None:
    def say_no() -> None:
        raise RefusedError("sqs:ListQueues is no right of this operation", code="rights")

    make_odd(side, applied=say_no)
    side.machine.fault("a", "lost-after")
    ended = side.executed("a")
    assert (ended.state, len(side.machine.sent)) == (State.INDETERMINATE, 1)


# Dry runs that were none.


def rehearse_wet(side: WriteSide) -> None:
    side.machine.rehearsal = "lost"


def test_a_dry_run_answered_as_if_it_were_none_blocks_the_plan(side: WriteSide) -> None:
    rehearse_wet(side)
    ended = side.planned("a")
    assert (ended.state, ended.plan) == (State.BLOCKED, None)
    assert "as if it were none" in ended.reason


def test_a_dry_run_answered_as_if_it_were_none_keeps_an_approved_action_from_beginning(
    side: WriteSide,
) -> None:
    action = side.approved("a")
    rehearse_wet(side)
    ended = side.operator.execute(action.action_id)
    assert (ended.state, side.machine.sent) == (State.BLOCKED, [])


# Operators that fall over again and again.


@pytest.mark.parametrize(
    ("at", "state"),
    [
        (State.CLAIMED, State.BLOCKED),
        (State.EXECUTING, State.INDETERMINATE),
        (State.VERIFYING, State.FAILED),
        (State.ROLLING_BACK, State.ROLLBACK_FAILED),
    ],
)
def test_what_every_operator_falls_over_is_handed_to_a_person(
    side: WriteSide, book: MemoryBook, at: State, state: State
) -> None:
    side.machine.missed = "it fell over"
    action = side.approved("a")
    kill(side, action, DyingBook(book, when="after", at=(at,)))
    side.machine.missed = ""

    def fall_over() -> None:
        raise BrokenError

    make_odd(side, survey=fall_over, bind=fall_over, look=fall_over)
    for _ in range(MOST_CLAIMS - 1):
        side.clock.move(seconds=61)
        with pytest.raises(BrokenError):
            side.operator.execute(action.action_id)
    side.clock.move(seconds=61)
    ended = side.operator.execute(action.action_id)
    assert (ended.state, len(side.outside.pages)) == (state, 1)
    assert (
        side.machine.effects
        == ([("a", 5)] if at is not State.CLAIMED else [])[: 0 if at is State.EXECUTING else 1]
    )


# Operators that come back late.


def test_what_was_claimed_long_ago_is_not_begun(side: WriteSide, book: MemoryBook) -> None:
    action = side.approved("a")
    kill(side, action, DyingBook(book, when="after", at=(State.CLAIMED,)))
    side.clock.move(hours=9)
    ended = side.operator.execute(action.action_id)
    assert (ended.state, side.machine.sent) == (State.EXPIRED, [])


def test_the_sweep_ends_what_a_dead_operator_claimed(side: WriteSide, book: MemoryBook) -> None:
    action = side.approved("a")
    kill(side, action, DyingBook(book, when="after", at=(State.CLAIMED,)))
    side.clock.move(minutes=11)
    side.sweep.run()
    assert side.now_as(action).state is State.EXPIRED


def test_an_operator_that_slept_past_its_lease_begins_nothing() -> None:
    action = an_action(State.CLAIMED)
    event = on.Started(actor=Actor(subject="process:operator"), fence=1)
    with pytest.raises(FenceLostError, match="lease"):
        advance(action, event, NOW + timedelta(seconds=60))


def test_a_run_that_stood_still_for_long_is_ended_not_continued(
    side: WriteSide, book: MemoryBook
) -> None:
    side.machine.fault("b", "killed-before")
    action = side.approved("a", "b", "c")
    kill(side, action, book)
    side.clock.move(hours=6)
    ended = side.operator.execute(action.action_id)
    assert (ended.state, side.machine.effects) == (State.FAILED, [("a", 5)])
    assert len(side.outside.pages) == 1
    assert ended.outcome is not None
    assert "fell silent at 12:00" in ended.outcome.says


def test_somebody_is_called_to_a_run_no_operator_takes_up(
    side: WriteSide, book: MemoryBook
) -> None:
    side.machine.fault("b", "killed-before")
    action = side.approved("a", "b")
    kill(side, action, book)
    side.clock.move(minutes=5)
    side.sweep.run()
    assert side.outside.pages == []
    side.clock.move(minutes=7)
    side.sweep.run()
    (said,) = side.outside.pages
    assert "no operator" in said
    assert side.outside.to_execute[-1] == action.action_id


def test_a_wish_no_operator_plans_is_told_so(side: WriteSide) -> None:
    action = side.request("a")
    side.clock.move(minutes=59)
    side.sweep.run()
    assert side.now_as(action).state is State.DRAFT
    side.clock.move(minutes=2)
    side.sweep.run()
    ended = side.now_as(action)
    assert (ended.state, side.outside.told[-1]) == (State.EXPIRED, action.action_id)
    assert ended.reason == "it is not planned yet, and nothing came in time"


# Waits.


def test_a_server_cannot_make_an_eviction_wait_longer_than_we_do(side: WriteSide) -> None:
    began = side.clock.now()
    error = BudgetError("the budget allows none now", system="eu", retry_after_s=86_400)
    refuse(side, error)
    ended = side.executed("a")
    assert ended.state is State.FAILED
    assert (side.clock.now() - began).total_seconds() < 360


def test_a_stop_while_a_call_is_made_ready_keeps_it_from_being_sent(side: WriteSide) -> None:
    action = side.approved("a")
    stopped: list[object] = []

    def stop() -> None:
        if side.now_as(action).state is State.EXECUTING and not stopped:
            stopped.append(side.brake.stop(slack_id="U2", team_id=TEAM))

    make_odd(side, bind=stop)
    ended = side.operator.execute(action.action_id)
    assert stopped
    assert (ended.state, side.machine.sent) == (State.FAILED, [])


def test_an_operator_relieved_while_a_call_is_made_ready_does_not_send_it(side: WriteSide) -> None:
    """An ECS deployment, for one, has no version that would keep it from being made twice."""
    action = side.approved("a")
    relieved: list[bool] = []

    def be_relieved() -> None:
        if side.now_as(action).state is State.EXECUTING and not relieved:
            relieved.append(True)
            side.clock.move(seconds=61)
            side.new_operator("operator-2").execute(action.action_id)

    make_odd(side, bind=be_relieved)
    side.operator.execute(action.action_id)
    assert (side.now_as(action).state, len(side.machine.sent)) == (State.SUCCEEDED, 1)


@dataclass
class WatchedBook(Wrapped):
    """Tells when the second step has ended."""

    ended: threading.Event = field(default_factory=threading.Event)

    def write_journal(self, row: JournalRow) -> None:
        self.book.write_journal(row)
        if (row.step, row.phase) == (1, Phase.AFTER):
            self.ended.set()


def test_an_eviction_that_waits_ends_with_the_run_it_is_part_of(
    side: WriteSide, book: MemoryBook
) -> None:
    side.machine.lanes, side.machine.undoable = {"a": "x", "b": "y"}, False
    side.machine.fault("a", *["budget"] * 60)
    side.machine.fault("b", "refused")
    pausing, watched = threading.Event(), WatchedBook(book)

    def refuse_during_the_first_pause(call: Call) -> None:
        if call.path.endswith("b"):
            assert pausing.wait(5)

    def pause() -> None:
        pausing.set()
        assert watched.ended.wait(5)

    side.machine.on_send = refuse_during_the_first_pause
    action = side.approved("a", "b")
    side.clock.on_sleep.append(pause)
    ended = side.new_operator("operator-1", book=watched).execute(action.action_id)
    assert ended.state is State.FAILED
    # One more may have been on its way when the neighbour's end was seen.
    evictions = [call for call in side.machine.sent if call.path.endswith("a")]
    assert len(evictions) <= 2
