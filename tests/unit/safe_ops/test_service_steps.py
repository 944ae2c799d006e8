"""How calls are sent: in groups, past budgets, past lost answers; and how it is undone."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from safe_ops.model.actions import State
from tests.unit.safe_ops.dials import Machine, SetDials
from tests.unit.safe_ops.test_service_executing import (
    AFTER,
    APPLIED,
    BEFORE,
    NOT_APPLIED,
    UNKNOWN,
    rows,
)
from tests.unit.safe_ops.write_side import TEAM

if TYPE_CHECKING:
    from safe_ops.model.actions import Action, Outcome
    from safe_ops.model.plans import Call, Plan
    from safe_ops.operations.operation import Eyes
    from tests.unit.safe_ops.write_side import WriteSide

UNREADABLE = "its answer was lost, and reading back does not tell what became of it"
MANY = [f"d{number}" for number in range(12)]


def outcome(action: Action) -> Outcome:
    assert action.outcome is not None
    return action.outcome


# Groups.


def test_groups_overlap_and_keep_their_own_order(side: WriteSide) -> None:
    side.machine.dials = dict.fromkeys(MANY, 1)
    side.machine.lanes = {name: f"budget-{number % 6}" for number, name in enumerate(MANY)}
    together = threading.Barrier(5, timeout=5)
    first_five = iter(range(5))

    def meet(_call: Call) -> None:
        if next(first_five, None) is not None:
            together.wait()

    side.machine.on_send = meet
    assert side.executed(*MANY).state is State.SUCCEEDED
    assert side.machine.most_in_flight == 5
    order = [name for name, _ in side.machine.effects]
    for lane in range(6):
        mine = [name for name in order if side.machine.lanes[name] == f"budget-{lane}"]
        assert mine == [MANY[lane], MANY[lane + 6]]


def test_steps_without_a_group_have_nothing_beside_them(side: WriteSide) -> None:
    side.machine.lanes = {"b": "x", "c": "y"}
    assert side.executed("a", "b", "c").state is State.SUCCEEDED
    assert side.machine.effects[0] == ("a", 5)


def test_a_step_that_fails_stops_the_groups_beside_it(side: WriteSide) -> None:
    side.machine.lanes = {"a": "x", "b": "y", "c": "y"}
    side.machine.undoable = False
    side.machine.fault("a", "refused")
    refused = threading.Event()

    def wait_for_it(call: Call) -> None:
        if call.path.endswith("a"):
            refused.set()
        elif call.path.endswith("b"):
            assert refused.wait(5)

    side.machine.on_send = wait_for_it
    # Whether c is still sent is a race the run may lose by one call, never by more.
    ended = side.executed("a", "b", "c")
    assert ended.state is State.FAILED
    assert {name for name, _ in side.machine.effects} <= {"b", "c"}


# Budgets.


def test_an_eviction_waits_for_its_budget(side: WriteSide) -> None:
    side.machine.fault("a", "budget", "budget-soon", "budget")
    done = side.executed("a")
    assert done.state is State.SUCCEEDED
    assert [row[2:] for row in rows(side, done)] == [
        (1, BEFORE, None),
        (1, AFTER, NOT_APPLIED),
        (2, BEFORE, None),
        (2, AFTER, NOT_APPLIED),
        (3, BEFORE, None),
        (3, AFTER, NOT_APPLIED),
        (4, BEFORE, None),
        (4, AFTER, APPLIED),
    ]


def test_after_five_minutes_without_budget_the_run_stops_there(side: WriteSide) -> None:
    began = side.clock.now()
    side.machine.fault("b", *["budget"] * 60)
    ended = side.executed("a", "b", "c")
    assert (ended.state, side.machine.effects) == (State.FAILED, [("a", 5)])
    assert 300 <= (side.clock.now() - began).total_seconds() < 360
    assert "the budget allows none now" in outcome(ended).says
    assert outcome(ended).pages


# Calls that wait for what those before them set going.


class PacedDials(SetDials):
    """Has the calls on some dials wait for so many looks."""

    def __init__(self, machine: Machine, **looks: int) -> None:
        super().__init__(machine)
        self.looks = looks

    def not_yet(self, plan: Plan, call: Call, eyes: Eyes) -> str:
        self._read()
        name = call.path.rpartition("/")[2]
        self.looks[name] = self.looks.get(name, 0) - 1
        return f"{name} is not ready" if self.looks[name] >= 0 else ""


def paced(side: WriteSide, **looks: int) -> None:
    side.catalogue[side.operation.name] = PacedDials(side.machine, **looks)
    side.rewire()


def test_a_call_waits_until_what_was_before_it_is_ready(side: WriteSide) -> None:
    paced(side, b=3)
    began = side.clock.now()
    done = side.executed("a", "b")
    assert done.state is State.SUCCEEDED
    assert side.machine.effects == [("a", 5), ("b", 5)]
    assert (side.clock.now() - began).total_seconds() >= 2 + 4 + 8
    # Nothing is written down of a look; the call itself has one try.
    assert [row[2:] for row in rows(side, done)] == [(1, BEFORE, None), (1, AFTER, APPLIED)] * 2


def test_after_five_minutes_without_a_ready_one_the_run_stops_there(side: WriteSide) -> None:
    paced(side, b=60)
    began = side.clock.now()
    ended = side.executed("a", "b", "c")
    assert (ended.state, side.machine.effects) == (State.FAILED, [("a", 5)])
    assert 300 <= (side.clock.now() - began).total_seconds() < 360
    assert "b is not ready" in outcome(ended).says
    assert outcome(ended).pages


def test_what_cannot_be_seen_for_a_moment_is_waited_for_and_not_undone(side: WriteSide) -> None:
    paced(side, b=2)
    away = iter(("the API does not answer", ""))
    side.clock.on_sleep.append(lambda: setattr(side.machine, "broken", next(away, "")))
    done = side.executed("a", "b")
    assert (done.state, side.machine.effects) == (State.SUCCEEDED, [("a", 5), ("b", 5)])


def test_a_stop_ends_the_waiting_for_a_ready_one(side: WriteSide) -> None:
    paced(side, b=60)
    approved = side.approved("a", "b")

    def stop() -> None:
        side.brake.stop(slack_id="U2", team_id=TEAM, reason="smoke")

    side.clock.on_sleep.append(stop)
    ended = side.operator.execute(approved.action_id)
    assert (ended.state, side.machine.effects) == (State.FAILED, [("a", 5)])
    assert "Ben stopped everything" in outcome(ended).says
    assert (side.clock.now() - approved.changed_at).total_seconds() < 10


# Refusals, conflicts, what is gone.


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        ("conflict", State.STALE),
        ("gone", State.STALE),
        ("refused", State.FAILED),
        ("unsent", State.FAILED),
    ],
)
def test_what_fails_before_anything_changed_changes_nothing(
    side: WriteSide, fault: str, state: State
) -> None:
    side.machine.fault("a", fault)
    ended = side.executed("a", "b")
    assert (ended.state, side.machine.effects, side.outside.pages) == (state, [], [])
    assert [row[4] for row in rows(side, ended)] == [None, NOT_APPLIED]


@pytest.mark.parametrize("fault", ["conflict", "gone", "refused", "unsent"])
def test_what_fails_later_is_changed_back(side: WriteSide, fault: str) -> None:
    side.machine.dials = {"a": 1, "b": 5}
    side.machine.fault("b", fault)
    ended = side.executed("a", "b")
    assert (ended.state, side.machine.dials["a"]) == (State.ROLLED_BACK, 1)
    assert outcome(ended).says.endswith("It was changed back.")
    assert outcome(ended).details[0] == "done: set dial a to 1"
    assert "1 of 2 steps took effect" in ended.reason


def test_an_undo_that_was_overtaken_by_a_status_is_sent_again(side: WriteSide) -> None:
    side.machine.dials = {"a": 1, "b": 5}
    side.machine.fault("a", "ok", "conflict", "conflict", "conflict")
    side.machine.fault("b", "refused")
    ended = side.executed("a", "b")
    assert (ended.state, side.machine.dials["a"]) == (State.ROLLED_BACK, 1)
    undone = [row[4] for row in rows(side, ended) if row[0] == "undo"]
    assert (undone.count(NOT_APPLIED), undone[-1]) == (3, APPLIED)


def test_an_undo_that_is_always_overtaken_calls_somebody(side: WriteSide) -> None:
    side.machine.fault("a", "ok", *["conflict"] * 9)
    side.machine.fault("b", "refused")
    ended = side.executed("a", "b")
    assert ended.state is State.ROLLBACK_FAILED
    assert len(side.outside.pages) == 1
    assert len([call for call in side.machine.sent if call.path.endswith("/a")]) == 5


def test_what_is_gone_counts_as_done_where_that_is_fine(side: WriteSide) -> None:
    side.machine.gone_is_fine = True
    side.machine.dials["b"] = 5
    side.machine.fault("b", "gone")
    done = side.executed("a", "b")
    assert (done.state, rows(side, done)[-1][4]) == (State.SUCCEEDED, APPLIED)


def test_what_cannot_be_undone_is_left_and_paged(side: WriteSide) -> None:
    side.machine.undoable = False
    side.machine.fault("b", "refused")
    ended = side.executed("a", "b")
    assert (ended.state, side.machine.effects) == (State.FAILED, [("a", 5)])
    assert "It cannot be undone: the machine forgets. Look at it now." in outcome(ended).says
    assert len(side.outside.pages) == 1


def test_a_target_that_is_another_one_by_now_is_not_touched(side: WriteSide) -> None:
    side.machine.on_send = lambda _call: setattr(side.machine, "uid", "uid-2")
    ended = side.executed("a", "b")
    assert ended.state is State.ROLLBACK_FAILED
    assert side.machine.effects == [("a", 5)]


def test_hands_that_do_not_open_change_nothing(side: WriteSide) -> None:
    side.outside.on_delivery = lambda: setattr(side.machine, "closed", "no credentials now")
    ended = side.executed("a")
    assert (ended.state, side.machine.sent) == (State.FAILED, [])
    assert outcome(ended).says == "Broken off: no credentials now. Nothing was changed."


# Lost answers.


def test_a_lost_answer_that_took_effect_is_not_sent_again(side: WriteSide) -> None:
    side.machine.fault("a", "lost-after")
    done = side.executed("a", "b")
    assert (done.state, side.machine.effects) == (State.SUCCEEDED, [("a", 5), ("b", 5)])
    assert [row[1:] for row in rows(side, done)][:2] == [
        (0, 1, BEFORE, None),
        (0, 1, AFTER, APPLIED),
    ]


def test_a_lost_call_without_effect_is_sent_once_more(side: WriteSide) -> None:
    side.machine.fault("a", "lost-before")
    done = side.executed("a")
    assert (done.state, side.machine.effects) == (State.SUCCEEDED, [("a", 5)])
    assert [row[2:] for row in rows(side, done)] == [
        (1, BEFORE, None),
        (1, AFTER, NOT_APPLIED),
        (2, BEFORE, None),
        (2, AFTER, APPLIED),
    ]


def test_a_call_that_is_lost_twice_is_given_up(side: WriteSide) -> None:
    side.machine.fault("a", "lost-before", "lost-before")
    ended = side.executed("a")
    assert (ended.state, len(side.machine.sent)) == (State.FAILED, 2)
    assert "its answer was lost; reading back shows that it had no effect" in outcome(ended).says


def test_what_nobody_can_read_back_is_never_repeated_and_paged(side: WriteSide) -> None:
    side.machine.fault("a", "lost-after")
    side.machine.blind = True
    ended = side.executed("a", "b")
    assert (ended.state, len(side.machine.sent)) == (State.INDETERMINATE, 1)
    assert rows(side, ended)[-1][4] is UNKNOWN
    assert outcome(ended).details == (
        f"unknown: set dial a to 5 ({UNREADABLE})",
        "not done: set dial b to 5",
    )
    assert len(side.outside.pages) == 1
    assert side.operator.execute(ended.action_id) == ended


def test_reading_back_is_tried_again_where_it_fails(side: WriteSide) -> None:
    side.machine.fault("a", "lost-after")
    side.machine.on_send = lambda _call: setattr(side.machine, "broken", "no answer")
    tries = iter(range(3))

    def heal() -> None:
        if next(tries, 0) == 1:
            side.machine.broken = ""

    side.clock.on_sleep.append(heal)
    assert side.executed("a").state is State.SUCCEEDED


def test_reading_back_that_always_fails_says_why(side: WriteSide) -> None:
    side.machine.fault("a", "lost-after")
    side.machine.on_send = lambda _call: setattr(side.machine, "broken", "no answer")
    ended = side.executed("a")
    assert (ended.state, "; no answer" in outcome(ended).says) == (State.INDETERMINATE, True)
