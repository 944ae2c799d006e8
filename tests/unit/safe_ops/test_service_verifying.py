"""How an operation is looked at once it was sent, and how it is undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from safe_ops.model.actions import Effect, State
from safe_ops.model.signal import Signal
from tests.unit.safe_ops.test_service_executing import (
    rows,
)
from tests.unit.safe_ops.test_service_steps import outcome

if TYPE_CHECKING:
    from tests.unit.safe_ops.write_side import WriteSide


# Verification and undo.


def test_success_waits_until_it_is_reached_and_stays_so(side: WriteSide) -> None:
    side.machine.slow, side.machine.settle_s = 3, 20
    action = side.approved("a")
    began = side.clock.now()
    side.keep_alive(action.action_id)
    done = side.operator.execute(action.action_id)
    assert (done.state, outcome(done).details) == (State.SUCCEEDED, ("done: set dial a to 5",))
    assert outcome(done).says == "all dials are set"
    assert (side.clock.now() - began).total_seconds() == 3 * 5 + 20


def test_what_is_not_reached_in_time_is_changed_back(side: WriteSide) -> None:
    side.machine.slow = 100
    ended = side.executed("a")
    assert (ended.state, side.machine.dials["a"]) == (State.ROLLED_BACK, 1)
    assert ended.reason == "not reached within 60 s: not all dials are there yet"
    assert [row[0] for row in rows(side, ended)] == ["steps", "steps", "undo", "undo"]
    assert side.outside.pages == []


def test_what_cannot_be_reached_any_more_is_changed_back_at_once(side: WriteSide) -> None:
    side.machine.missed = "the image cannot be pulled"
    began = side.clock.now()
    ended = side.executed("a")
    assert (ended.state, ended.reason) == (State.ROLLED_BACK, "the image cannot be pulled")
    assert side.clock.now() == began


def test_what_cannot_be_seen_is_looked_for_again(side: WriteSide) -> None:
    side.machine.settle_s = 10
    side.machine.on_send = lambda _call: setattr(side.machine, "slow", 1)
    moments = iter(["", "no answer", "", ""])
    side.clock.on_sleep.append(lambda: setattr(side.machine, "broken", next(moments, "")))
    assert side.executed("a").state is State.SUCCEEDED


def test_an_undo_that_fails_is_paged(side: WriteSide) -> None:
    side.machine.missed = "it fell over"
    side.machine.fault("a", "ok", "refused")
    ended = side.executed("a")
    assert (ended.state, len(side.outside.pages)) == (State.ROLLBACK_FAILED, 1)
    assert outcome(ended).says == (
        "it fell over. Changing it back failed: a was refused. Look at it now."
    )


def test_an_undo_goes_on_while_all_is_stopped(side: WriteSide) -> None:
    side.machine.missed = "it fell over"
    side.machine.on_send = lambda _call: stop_all(side)
    assert side.executed("a").state is State.ROLLED_BACK


def stop_all(side: WriteSide) -> None:
    if not side.book.switches().stopped_by:
        side.brake.stop(slack_id="U2", team_id="T1")


def test_a_failed_verification_without_an_undo_is_paged(side: WriteSide) -> None:
    side.machine.missed, side.machine.undoable = "it fell over", False
    ended = side.executed("a")
    assert (ended.state, len(side.outside.pages)) == (State.FAILED, 1)
    assert outcome(ended).details == ("done: set dial a to 5",)


# The incident's signal.


@pytest.mark.parametrize(
    ("before", "after", "effect"),
    [
        (Signal(firing=True), Signal(firing=False), Effect.SEEN),
        (Signal(firing=True), Signal(firing=True), Effect.NOT_SEEN),
        (Signal(firing=True), Signal(firing=None), Effect.NOT_VISIBLE),
        (Signal(firing=None), Signal(firing=True), Effect.NOT_VISIBLE),
        (Signal(firing=False), Signal(firing=False), Effect.NOT_VISIBLE),
        (Signal(firing=True, value=2.0), Signal(firing=True, value=3.0), Effect.NOT_SEEN),
        (Signal(firing=True, value=0.0), Signal(firing=True, value=3.0), Effect.NOT_SEEN),
    ],
)
def test_success_says_whether_the_signal_agrees(
    side: WriteSide, before: Signal, after: Signal, effect: Effect
) -> None:
    side.outside.signals = [before, after]
    done = side.executed("a")
    assert (done.state, outcome(done).effect) == (State.SUCCEEDED, effect)


def test_a_signal_that_fired_gets_two_minutes_to_fall_silent(side: WriteSide) -> None:
    side.outside.signals = [*[Signal(firing=True)] * 20, Signal(firing=False)]
    done = side.executed("a")
    assert outcome(done).effect is Effect.SEEN


def test_without_an_incident_no_signal_is_looked_at(side: WriteSide) -> None:
    side.outside.signals = [Signal(firing=True)]
    assert outcome(side.executed("a", incident_id="")).effect is Effect.NOT_VISIBLE


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (Signal(firing=False), Signal(firing=True, says="503s"), "fires now and did not before"),
        (Signal(firing=True, value=2.0), Signal(firing=True, value=3.1), "1.6 times as strong"),
    ],
)
def test_a_signal_that_got_worse_is_reason_to_change_it_back(
    side: WriteSide, before: Signal, after: Signal, says: str
) -> None:
    side.outside.signals = [before, after]
    ended = side.executed("a")
    assert (ended.state, says in ended.reason) == (State.ROLLED_BACK, True)
    assert side.machine.dials["a"] == 1
