"""An outcome nobody knew is read back again; it is settled only by what that proves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.actions import State
from tests.unit.safe_ops.test_service_crashes import DyingBook, kill, relieve
from tests.unit.safe_ops.test_service_endings import OddDials, make_odd
from tests.unit.safe_ops.test_service_taking_back import settle

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from tests.unit.safe_ops.book import MemoryBook
    from tests.unit.safe_ops.write_side import WriteSide


NO_EFFECT = "Read back: no effect of it is there, and its target is as it was planned for."


def lost(side: WriteSide, *names: str, fault: str = "lost-after", at: str = "a") -> Action:
    """Return an action one of whose calls had no answer, while reading did not tell."""
    side.machine.fault(at, fault)
    side.machine.blind = True
    action = side.executed(*(names or ("a",)))
    assert action.state is State.INDETERMINATE
    side.machine.blind = False
    side.clock.on_sleep.clear()
    side.outside.pages.clear()
    return action


def looked(side: WriteSide, action: Action, *, minutes: float = 1) -> Action:
    """Let the sweep ring for it in its time, and an operator come."""
    side.clock.move(minutes=minutes)
    side.outside.to_execute.clear()
    side.sweep.run()
    assert side.outside.to_execute == [action.action_id]
    return side.operator.execute(action.action_id)


def doubts(side: WriteSide, action: Action) -> list[str]:
    return [
        row.entry.says
        for row in side.book.rows()  # type: ignore[attr-defined]
        if row.entry.action_id == action.action_id and row.entry.event == "readback.in_doubt"
    ]


def test_what_took_effect_is_settled_once_it_can_be_read(side: WriteSide) -> None:
    action = lost(side)
    done = looked(side, action)
    assert (done.state, len(side.machine.sent)) == (State.SUCCEEDED, 1)
    assert done.outcome is not None
    assert done.outcome.says == "Read back: it took effect; all dials are set"
    assert done.outcome.details == ("done: set dial a to 5",)
    assert side.outside.closed_records == [done.action_id]
    assert side.outside.told[-1] == done.action_id
    assert side.outside.pages == []
    settled = side.last_entry()
    assert (settled.event, settled.actor.address) == ("action.settled", "operator-1")
    assert settled.facts == {"read": {"0": "applied"}}


def test_what_had_no_effect_is_settled_as_failed(side: WriteSide) -> None:
    action = lost(side, fault="lost-before")
    done = looked(side, action)
    assert (done.state, len(side.machine.sent)) == (State.FAILED, 1)
    assert done.outcome is not None
    assert (done.outcome.says, done.outcome.pages) == (NO_EFFECT, False)
    assert done.outcome.details == ("not done: set dial a to 5 (no effect of it is there)",)


def test_what_took_effect_in_part_is_told_and_somebody_is_called(side: WriteSide) -> None:
    action = lost(side, "a", "b", "c", at="b")
    done = looked(side, action)
    assert (done.state, side.machine.effects) == (State.FAILED, [("a", 5), ("b", 5)])
    assert done.outcome is not None
    assert done.outcome.details == (
        "done: set dial a to 5",
        "done: set dial b to 5",
        "not done: set dial c to 5",
    )
    (page,) = side.outside.pages
    assert "2 of 3 steps took effect" in page


def test_an_action_lost_before_any_call_of_it_was_begun_had_no_effect(
    side: WriteSide, book: MemoryBook
) -> None:
    action = side.approved("a")
    kill(side, action, DyingBook(book, when="after", at=(State.EXECUTING,)))
    known = dict(side.catalogue)
    side.catalogue.clear()
    assert relieve(side, action).state is State.INDETERMINATE
    side.catalogue.update(known)
    done = looked(side, action)
    assert done.outcome is not None
    assert (done.state, done.outcome.says) == (State.FAILED, NO_EFFECT)


def test_what_reading_does_not_tell_stays_with_people_and_is_looked_at_thrice(
    side: WriteSide,
) -> None:
    action = lost(side)
    side.machine.blind = True
    for minutes in (1, 4, 10):
        assert looked(side, action, minutes=minutes).state is State.INDETERMINATE
    assert doubts(side, action) == ["reading back does not tell what became of every call"] * 3
    # They were called when it was lost; and now it is theirs.
    assert side.outside.pages == []
    side.clock.move(hours=9)
    side.outside.to_execute.clear()
    side.sweep.run()
    assert side.outside.to_execute == []
    assert settle(side, action, "U3").state is State.SUCCEEDED


@pytest.mark.parametrize("minutes", [0, 0.9])
def test_a_ring_before_its_time_does_nothing(side: WriteSide, minutes: float) -> None:
    action = lost(side)
    side.clock.move(minutes=minutes)
    side.sweep.run()
    noted = len(side.events())
    assert side.operator.execute(action.action_id) == side.now_as(action)
    assert len(side.events()) == noted


def change_it(side: WriteSide) -> None:
    side.machine.dials["a"] = 3


def give_another_plan(side: WriteSide) -> None:
    book: Any = side.book
    (action,) = book.actions.values()
    book.actions[action.action_id] = replace(action, digest="0" * 64)


def forget_it(side: WriteSide) -> None:
    side.catalogue.clear()


def draw_it_otherwise(side: WriteSide) -> None:
    side.catalogue["set_dials"] = OddDials(side.machine)
    side.catalogue["set_dials"].version = 2


def cut_it_off(side: WriteSide) -> None:
    side.machine.broken = "no answer"


def take_the_right_away(side: WriteSide) -> None:
    def say_no() -> None:
        raise RefusedError("reading is no right of ours any more", code="rights")

    make_odd(side, applied=say_no)


@pytest.mark.parametrize(
    ("happens", "says"),
    [
        (change_it, "the target changed since it was planned"),
        (give_another_plan, "is not the plan that was approved"),
        (forget_it, "does not know set_dials as it was planned"),
        (draw_it_otherwise, "does not know set_dials as it was planned"),
        (cut_it_off, "it cannot be read now: no answer"),
        (take_the_right_away, "it cannot be read now: reading is no right of ours"),
    ],
)
def test_what_proves_nothing_settles_nothing(side: WriteSide, happens: Any, says: str) -> None:
    action = lost(side, fault="lost-before")
    happens(side)
    assert looked(side, action).state is State.INDETERMINATE
    (doubt,) = doubts(side, action)
    assert says in doubt


def test_calls_that_took_effect_without_what_was_wanted_settle_nothing(side: WriteSide) -> None:
    action = lost(side)
    side.machine.slow = 1
    assert looked(side, action).state is State.INDETERMINATE
    assert doubts(side, action) == [
        "every call took effect, and what was wanted is not so: not all dials are there yet"
    ]
    assert looked(side, action, minutes=4).state is State.SUCCEEDED


def test_what_has_to_stay_so_is_settled_once_it_did(side: WriteSide) -> None:
    side.machine.settle_s = 200
    action = lost(side)
    assert looked(side, action).state is State.INDETERMINATE
    assert "too early to tell that it stays so" in doubts(side, action)[0]
    assert looked(side, action, minutes=4).state is State.SUCCEEDED


def test_who_settles_it_while_it_is_read_back_has_the_last_word(side: WriteSide) -> None:
    action = lost(side)
    make_odd(
        side, applied=lambda: settle(side, action, "U3", took_effect=False, reason="I undid it")
    )
    done = looked(side, action)
    assert done.state is State.FAILED
    assert side.events(action).count("action.settled") == 1
    assert "I undid it" in (done.outcome.says if done.outcome is not None else "")


def test_an_operator_whose_look_another_overtook_settles_nothing(side: WriteSide) -> None:
    action = lost(side)
    others: list[State] = []

    def be_overtaken() -> None:
        if not others:
            others.append(State.INDETERMINATE)
            side.clock.move(minutes=5)
            others[0] = side.new_operator("operator-2").execute(action.action_id).state

    make_odd(side, applied=be_overtaken)
    assert looked(side, action).state is State.SUCCEEDED
    assert others == [State.SUCCEEDED]
    assert side.events(action).count("action.settled") == 1
