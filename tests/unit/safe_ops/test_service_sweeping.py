"""What time brings about: expiry, windows that open, operators that fell silent, lost rings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.actions import State
from safe_ops.service.sweeping import Sweep
from tests.unit.safe_ops.test_service_crashes import DyingBook, Wrapped, kill
from tests.unit.safe_ops.test_service_planning import open_on
from tests.unit.safe_ops.write_side import TEAM

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.safe_ops.book import MemoryBook
    from tests.unit.safe_ops.write_side import WriteSide


def test_rings_that_were_lost_are_rung_again(side: WriteSide, book: MemoryBook) -> None:
    draft = side.request("a", key="k")
    approved = side.approved("b")
    side.outside.to_plan.clear()
    side.outside.to_execute.clear()
    side.sweep.run()
    assert side.outside.to_plan == [draft.action_id]
    assert side.outside.to_execute == [approved.action_id]
    kill(side, approved, DyingBook(book, when="after", at=(State.CLAIMED,)))
    side.outside.to_execute.clear()
    side.sweep.run()
    assert side.outside.to_execute == []
    side.clock.move(seconds=60)
    side.sweep.run()
    assert side.outside.to_execute == [approved.action_id]


def test_what_nobody_decides_expires(side: WriteSide) -> None:
    action = side.planned("a")
    side.clock.move(minutes=14)
    side.sweep.run()
    assert side.now_as(action).state is State.PENDING_ONCALL
    side.clock.move(minutes=1)
    side.outside.told.clear()
    side.sweep.run()
    assert side.now_as(action).state is State.EXPIRED
    assert side.now_as(action).reason == "it waits for the on-call tier, and nothing came in time"
    assert side.outside.told == [action.action_id]
    assert side.last_entry().actor.subject == "process:clock"


def test_what_no_operator_begins_in_time_expires(side: WriteSide) -> None:
    action = side.approved("a")
    side.clock.move(minutes=10)
    side.outside.to_execute.clear()
    side.sweep.run()
    assert (side.now_as(action).state, side.outside.to_execute) == (State.EXPIRED, [])


def test_a_window_that_opens_lets_it_run(side: WriteSide) -> None:
    side.rewire(open_on("fri", "14:00", "16:00"))
    action = side.approved("a")
    side.sweep.run()
    assert side.now_as(action).state is State.SCHEDULED
    side.clock.move(hours=2)
    side.sweep.run()
    assert side.now_as(action).state is State.APPROVED
    assert side.outside.to_execute == [action.action_id]
    assert side.operator.execute(action.action_id).state is State.SUCCEEDED


def test_a_window_nobody_was_there_for_is_not_made_up_for(side: WriteSide) -> None:
    side.rewire(open_on("fri", "14:00", "16:00"))
    action = side.approved("a")
    side.clock.move(hours=2, minutes=10)
    side.sweep.run()
    assert side.now_as(action).state is State.EXPIRED


@dataclass
class LateBook(Wrapped):
    """Lists what was due a moment ago."""

    due_then: Any = ()

    def due(self) -> Any:
        return self.due_then


def test_what_was_decided_meanwhile_is_left_alone(side: WriteSide, book: MemoryBook) -> None:
    action = side.planned("a")
    late = LateBook(book, due_then=((action.action_id, State.PENDING_ONCALL),))
    side.click(action, "U1", approve=False)
    side.outside.told.clear()
    sweep = Sweep(book=late, policy=side.policy, bell=side.outside, teller=side.teller)
    sweep.run()
    assert (side.now_as(action).state, side.outside.told) == (State.REJECTED, [])


def test_what_is_gone_meanwhile_stops_no_sweep(side: WriteSide, book: MemoryBook) -> None:
    action = side.planned("a")
    due = (("nothing", State.PENDING_ONCALL), (action.action_id, State.PENDING_ONCALL))
    side.clock.move(minutes=15)
    sweep = Sweep(
        book=LateBook(book, due_then=due),
        policy=side.policy,
        bell=side.outside,
        teller=side.teller,
    )
    sweep.run()
    assert side.now_as(action).state is State.EXPIRED


# The brake.


def test_a_stop_revokes_what_is_approved_and_leaves_what_waits_for_people(
    side: WriteSide,
) -> None:
    approved = side.approved("a")
    draft = side.request("b", key="draft")
    pending_side = type(side)(side.book, side.clock)
    switches = side.brake.stop(slack_id="U2", team_id=TEAM, reason="smoke")
    assert (switches.stopped_by, switches.stopped_at) == ("Ben", side.clock.now())
    revoked = side.now_as(approved)
    assert (revoked.state, revoked.reason) == (
        State.REVOKED,
        "revoked by Ben: all operations were stopped",
    )
    assert approved.action_id in side.outside.told
    assert side.now_as(draft).state is State.DRAFT
    assert "Ben stopped all operations" in pending_side.planned("b").reason


def test_a_stop_leaves_a_trace(side: WriteSide) -> None:
    side.brake.stop(slack_id="U2", team_id=TEAM, reason="smoke")
    entry = side.last_entry()
    assert (entry.event, entry.actor.subject) == ("switch.set", "ben")
    assert entry.says == "Ben stopped all operations: smoke"
    assert entry.facts == {"sets": "stop", "stopped": True, "read_only": False, "frozen": False}


def test_after_a_release_nothing_begins_by_itself(side: WriteSide) -> None:
    action = side.approved("a")
    side.brake.stop(slack_id="U2", team_id=TEAM)
    assert side.brake.release(slack_id="U3", team_id=TEAM).stopped_by == ""
    assert side.operator.execute(action.action_id).state is State.REVOKED
    assert side.executed("a", key="again").state is State.SUCCEEDED


def test_one_switch_leaves_the_others_alone(side: WriteSide) -> None:
    side.brake.stop(slack_id="U2", team_id=TEAM)
    side.brake.read_only(enabled=True, slack_id="U2", team_id=TEAM)
    found = side.brake.freeze(slack_id="U2", team_id=TEAM, reason="the sale")
    assert (found.stopped_by, found.read_only, found.frozen) == ("Ben", True, "the sale")
    found = side.brake.release(slack_id="U3", team_id=TEAM)
    assert (found.stopped_by, found.read_only, found.frozen) == ("", True, "the sale")
    found = side.brake.freeze(slack_id="U3", team_id=TEAM, reason="")
    found = side.brake.read_only(enabled=False, slack_id="U3", team_id=TEAM)
    assert (found, side.book.switches()) == (found, found)
    assert (found.read_only, found.frozen) == (False, "")


def test_a_freeze_keeps_plans_from_being_made(side: WriteSide) -> None:
    side.brake.freeze(slack_id="U2", team_id=TEAM, reason="the sale")
    assert "the sale" in side.planned("a").reason


def test_who_may_not_touch_a_switch_is_told_so(side: WriteSide) -> None:
    pressed: tuple[Callable[[], object], ...] = (
        lambda: side.brake.stop(slack_id="U9", team_id=TEAM),
        lambda: side.brake.release(slack_id="U2", team_id=TEAM),
        lambda: side.brake.read_only(enabled=True, slack_id="U9", team_id=TEAM),
        lambda: side.brake.read_only(enabled=False, slack_id="U2", team_id=TEAM),
        lambda: side.brake.freeze(slack_id="U9", team_id=TEAM, reason="x"),
        lambda: side.brake.freeze(slack_id="U2", team_id=TEAM, reason=""),
    )
    for press in pressed:
        with pytest.raises(RefusedError):
            press()
        assert side.last_entry().event == "click.refused"
