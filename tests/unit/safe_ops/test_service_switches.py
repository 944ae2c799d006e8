"""What stops an approved action: a switch, a window, or another one at work on its service."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.model.actions import State
from tests.unit.safe_ops.dials import PATH, SetDials
from tests.unit.safe_ops.test_service_executing import (
    not_begun,
)
from tests.unit.safe_ops.test_service_planning import open_on, wires
from tests.unit.safe_ops.write_side import TEAM

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Call, Drawing, Place
    from safe_ops.operations.operation import Parameters
    from tests.unit.safe_ops.write_side import WriteSide


# Switches.


def test_a_stop_revokes_what_has_not_begun(side: WriteSide) -> None:
    action = side.approved("a")
    side.book.change_switches(lambda found: replace(found, stopped_by="Ben"), side.last_entry())
    assert not_begun(side, action).state is State.REVOKED


def test_read_only_lets_nothing_begin(side: WriteSide) -> None:
    action = side.approved("a")
    side.brake.read_only(enabled=True, slack_id="U1", team_id=TEAM)
    assert not_begun(side, action).state is State.APPROVED
    assert side.last_entry().event == "claim.refused"
    side.brake.read_only(enabled=False, slack_id="U3", team_id=TEAM)
    assert side.operator.execute(action.action_id).state is State.SUCCEEDED


@pytest.mark.parametrize("switch", ["stop", "read_only"])
def test_a_switch_set_while_it_is_checked_lets_nothing_begin(side: WriteSide, switch: str) -> None:
    action = side.approved("a")

    def press() -> None:
        if switch == "stop":
            side.brake.stop(slack_id="U2", team_id=TEAM)
        else:
            side.brake.read_only(enabled=True, slack_id="U2", team_id=TEAM)

    side.outside.on_delivery = press
    ended = not_begun(side, action)
    assert (ended.state, ended.reason.startswith("not begun: ")) == (State.REVOKED, True)


def test_a_stop_between_two_steps_leaves_the_rest_undone(side: WriteSide) -> None:
    def stop(call: Call) -> None:
        if call.path == PATH + "b":
            side.brake.stop(slack_id="U2", team_id=TEAM, reason="smoke")

    side.machine.on_send = stop
    ended = side.executed("a", "b", "c")
    assert side.machine.effects == [("a", 5), ("b", 5)]
    assert ended.outcome is not None
    assert ended.state is State.FAILED
    why, left = ended.outcome.says.removeprefix("Broken off: ").split(". ", 1)
    assert "Ben" in why
    assert left == (
        "2 of 3 steps took effect; the rest was not begun, and nothing is changed back."
    )
    assert ended.outcome.details == (
        "done: set dial a to 5",
        "done: set dial b to 5",
        f"not done: set dial c to 5 ({why})",
    )
    assert side.outside.pages == [f"A1: {ended.outcome.says}"]


def test_a_window_that_closes_between_two_steps_leaves_the_rest_undone(side: WriteSide) -> None:
    side.rewire(open_on("fri", "08:00", "12:05"))
    side.machine.on_send = lambda _call: side.clock.move(seconds=50)
    action = side.approved("a", "b", "c")
    side.clock.move(minutes=4, seconds=30)
    ended = side.operator.execute(action.action_id)
    assert side.machine.effects == [("a", 5)]
    assert ended.outcome is not None
    assert (ended.state, ended.outcome.pages) == (State.FAILED, True)
    assert "its change window has closed" in ended.outcome.says


@pytest.mark.parametrize(
    ("switch", "why"),
    [
        ({"frozen": "release day"}, "a freeze was declared: release day"),
        ({"read_only": True}, "Nightdesk was switched to read-only"),
    ],
)
def test_a_freeze_or_read_only_between_two_steps_leaves_the_rest_undone(
    side: WriteSide, switch: dict[str, Any], why: str
) -> None:
    def set_it(_call: Call) -> None:
        side.book.change_switches(lambda found: replace(found, **switch), side.last_entry())

    side.machine.on_send = set_it
    ended = side.executed("a", "b")
    assert side.machine.effects == [("a", 5)]
    assert ended.outcome is not None
    assert (ended.state, ended.outcome.pages) == (State.FAILED, True)
    assert why in ended.outcome.says


def test_a_window_that_closes_before_the_first_step_changes_nothing(side: WriteSide) -> None:
    side.rewire(open_on("fri", "08:00", "12:05"))
    action = side.approved("a")
    side.clock.move(minutes=4)
    side.workshop.hands = late_hands(side, side.workshop.hands)  # type: ignore[method-assign]
    ended = side.operator.execute(action.action_id)
    assert ended.outcome is not None
    assert (ended.state, ended.outcome.pages, side.machine.sent) == (State.FAILED, False, [])
    assert ended.outcome.says.endswith("Nothing was changed.")
    assert side.outside.pages == []


def late_hands(side: WriteSide, hands: Any) -> Any:
    """Open hands for the dry run at once, and for the calls only after the window closed."""
    opened: list[int] = []

    def opening(*given: Any) -> Any:
        opened.append(1)
        if len(opened) == 2:
            side.clock.move(minutes=1)
        return hands(*given)

    return opening


# One target, one action.


def test_an_action_waits_while_another_is_at_work_on_its_service(side: WriteSide) -> None:
    draft = side.request("a", key="first")
    other = type(side)(side.book, side.clock)
    other.catalogue["set_dials"] = Neighbour(other.machine)
    other.common = tuple(guard for guard in other.common if guard.name != "in-flight")
    other.rewire()
    beside: list[Action] = []

    def nonce() -> str:
        # Planned at the same time, so that neither sees the other.
        beside.append(other.planned("a", key="second"))
        return "nonce"

    side.planner = type(side.planner)(**{**wires(side), "make_nonce": nonce})
    first, second = side.planner.plan(draft.action_id), beside[0]
    side.click(first, "U1")
    other.click(second, "U1")
    other.machine.fault("a", "lost-after")
    other.machine.blind = True
    stuck = other.operator.execute(second.action_id)
    assert stuck.state is State.INDETERMINATE
    waits = side.operator.execute(first.action_id)
    assert (waits.state, side.last_entry().event) == (State.APPROVED, "claim.refused")
    assert side.last_entry().facts == {"code": "busy"}
    assert side.machine.sent == []


class Neighbour(SetDials):
    """The operation on another target of the same service."""

    def draw(self, wanted: Parameters, survey: Any, place: Place) -> Drawing:
        drawing = super().draw(wanted, survey, place)
        return replace(drawing, target=replace(drawing.target, name="cart-cache"))
