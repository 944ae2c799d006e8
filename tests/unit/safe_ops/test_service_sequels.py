"""What an approved plan says follows it: begun in its time, once, and believed for nobody else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from safe_ops.model.actions import State
from safe_ops.model.plans import Sequel
from tests.unit.safe_ops.write_side import EU, TEAM

if TYPE_CHECKING:
    from collections.abc import Callable

    from safe_ops.model.actions import Action
    from tests.unit.safe_ops.book import MemoryBook
    from tests.unit.safe_ops.write_side import WriteSide

BACK = Sequel(operation="set_dials", parameters={"names": ["a"], "to": 1}, after_s=4 * 3600)


def _followed(side: WriteSide) -> Action:
    """Return an action that succeeded, whose dial is to be set back four hours later."""
    side.machine.sequel = BACK
    origin = side.executed("a")
    side.machine.sequel = None
    assert origin.state is State.SUCCEEDED
    return origin


def _sequels(book: MemoryBook, origin: Action) -> list[Action]:
    return [one for one in book.actions.values() if one.request.origin == origin.action_id]


def _begun(side: WriteSide, book: MemoryBook, origin: Action) -> Action:
    """Return the newest sequel, planned, once the sweep has opened it."""
    side.sequels.run()
    return side.planner.plan(_sequels(book, origin)[-1].action_id)


def test_it_follows_in_its_time_without_another_approval(side: WriteSide, book: MemoryBook) -> None:
    origin = _followed(side)
    side.clock.move(hours=3, minutes=59)
    side.sequels.run()
    assert _sequels(book, origin) == []
    side.clock.move(minutes=1)
    sequel = _begun(side, book, origin)
    assert (sequel.state, sequel.request.requester) == (State.APPROVED, f"timer:{origin.label}")
    assert sequel.plan is not None
    assert sequel.plan.needs == ()
    assert sequel.plan.drawing.notes == (f"approved with {origin.label}, whose plan said so",)
    side.keep_alive(sequel.action_id)
    assert side.operator.execute(sequel.action_id).state is State.SUCCEEDED
    assert side.machine.dials["a"] == 1
    assert "action.agreed" not in side.events(sequel)


def test_it_follows_once_however_often_and_in_however_many_processes_is_looked(
    side: WriteSide, book: MemoryBook
) -> None:
    origin = _followed(side)
    side.clock.move(hours=4)
    sequel = _begun(side, book, origin)
    type(side)(book, side.clock).sequels.run()
    side.keep_alive(sequel.action_id)
    side.operator.execute(sequel.action_id)
    side.clock.move(hours=1)
    side.sequels.run()
    assert len(_sequels(book, origin)) == 1


def test_nothing_follows_what_did_not_succeed_or_has_no_sequel(
    side: WriteSide, book: MemoryBook
) -> None:
    plain = side.executed("b")
    side.machine.sequel = BACK
    waiting = side.planned("a")
    side.clock.move(hours=5)
    side.sequels.run()
    assert _sequels(book, plain) + _sequels(book, waiting) == []


def test_what_is_so_already_is_left_alone(side: WriteSide, book: MemoryBook) -> None:
    origin = _followed(side)
    side.clock.move(hours=4)
    side.machine.there = False
    dropped = _begun(side, book, origin)
    assert dropped.state is State.CANCELLED
    assert dropped.reason == f"taken back by the timer of {origin.label}: The machine is gone."
    side.clock.move(hours=1)
    side.sequels.run()
    assert len(_sequels(book, origin)) == 1
    assert side.outside.pages == []


def test_what_somebody_else_wrote_since_is_not_taken_back(
    side: WriteSide, book: MemoryBook
) -> None:
    origin = _followed(side)
    side.clock.move(hours=4)
    side.machine.marked = "A99"
    dropped = _begun(side, book, origin)
    assert dropped.state is State.CANCELLED
    assert f"not as {origin.label} left it: A99 wrote it last" in dropped.reason
    assert side.machine.dials["a"] == 5


def test_what_somebody_else_writes_after_it_was_planned_is_not_taken_back(
    side: WriteSide, book: MemoryBook
) -> None:
    origin = _followed(side)
    side.clock.move(hours=4)
    side.machine.marked = origin.label
    sequel = _begun(side, book, origin)
    assert sequel.state is State.APPROVED
    side.machine.marked = "A99"
    assert side.operator.execute(sequel.action_id).state is State.STALE
    assert side.machine.dials["a"] == 5


def test_what_a_guard_refuses_is_tried_again_until_it_fits(
    side: WriteSide, book: MemoryBook
) -> None:
    origin = _followed(side)
    side.clock.move(hours=4)
    side.machine.obstacle = "the sale is on"
    assert _begun(side, book, origin).state is State.BLOCKED
    side.clock.move(minutes=29)
    side.sequels.run()
    assert len(_sequels(book, origin)) == 1
    side.machine.obstacle = ""
    side.clock.move(minutes=1)
    assert _begun(side, book, origin).state is State.APPROVED
    assert [one.request.key for one in _sequels(book, origin)] == [
        f"resume:{origin.action_id}",
        f"resume:{origin.action_id}:2",
    ]


def test_after_four_hours_somebody_is_called_and_nothing_is_tried_again(
    side: WriteSide, book: MemoryBook
) -> None:
    origin = _followed(side)
    side.clock.move(hours=4)
    side.machine.obstacle = "the sale is on"
    last = _begun(side, book, origin)
    side.clock.move(hours=4)
    side.sequels.run()
    assert len(_sequels(book, origin)) == 1
    assert side.outside.pages == [
        (
            f"{origin.label}: its sequel {last.label} was blocked; it was not run: the sale is on. "
            "Run set_dials by hand once nothing speaks against it."
        )
    ]


def test_what_was_stopped_on_its_way_is_not_tried_again_but_told(
    side: WriteSide, book: MemoryBook
) -> None:
    origin = _followed(side)
    side.clock.move(hours=4)
    sequel = _begun(side, book, origin)
    side.brake.stop(slack_id="U2", team_id=TEAM, reason="smoke")
    assert side.now_as(sequel).state is State.REVOKED
    side.clock.move(hours=1)
    side.sequels.run()
    assert len(_sequels(book, origin)) == 1
    assert "was revoked; it was not run" in side.outside.pages[-1]


def test_while_it_waits_for_an_operator_no_other_is_begun(
    side: WriteSide, book: MemoryBook
) -> None:
    origin = _followed(side)
    side.clock.move(hours=4)
    sequel = _begun(side, book, origin)
    side.sequels.run()
    assert _sequels(book, origin) == [sequel]


# Nobody's word is taken for it.


def _claims(side: WriteSide, followed: Action, **fields: object) -> Action:
    """Return what becomes of a request that claims to follow an action."""
    asked = {
        "key": "forged",
        "origin": followed.action_id,
        "requester": f"timer:{followed.label}",
        "requester_slack_id": "",
        "parameters": {"names": ["a"], "to": 1},
    }
    given = side.request("a", to=1, **asked | fields)
    return side.planner.plan(given.action_id)


def _later(side: WriteSide, _origin: Action) -> None:
    side.clock.move(hours=4)


def _other_uid(side: WriteSide, _origin: Action) -> None:
    side.clock.move(hours=4)
    side.machine.uid = "uid-2"


def _other_plan(side: WriteSide, origin: Action) -> None:
    side.clock.move(hours=4)
    book = side.book
    assert origin.plan is not None
    drawing = replace(origin.plan.drawing, sequel=replace(BACK, after_s=1))
    book.actions[origin.action_id] = replace(  # type: ignore[attr-defined]
        origin, plan=replace(origin.plan, drawing=drawing)
    )


@pytest.mark.parametrize(
    ("prepare", "fields", "why"),
    [
        (lambda _side, _origin: None, {}, "it is due at 16:00 UTC"),
        (_other_uid, {}, "its target is not the one of A1"),
        (_other_plan, {}, "is not the one that was approved"),
        (_later, {"origin": ""}, "no planned action that it could follow"),
        (_later, {"origin": "action-99"}, "no planned action that it could follow"),
        (_later, {"parameters": {"names": ["a"], "to": 2}}, "not what the plan of A1 says"),
        (_later, {"requester": "timer:A2"}, "not what the plan of A1 says"),
        (
            _later,
            {"requester": "eve", "requester_slack_id": "U9"},
            "not what the plan of A1 says",
        ),
        (_later, {"place": replace(EU, region="x")}, "not what the plan of A1 says"),
    ],
)
def test_a_request_that_only_claims_to_follow_is_refused(
    side: WriteSide,
    prepare: Callable[[WriteSide, Action], None],
    fields: dict[str, object],
    why: str,
) -> None:
    origin = _followed(side)
    prepare(side, origin)
    refused = _claims(side, origin, **fields)
    assert refused.state is State.BLOCKED
    assert why in refused.reason
    assert side.machine.dials["a"] == 5


@pytest.mark.parametrize("sequel", [None, BACK])
def test_a_request_cannot_follow_what_has_no_sequel_or_did_not_succeed(
    side: WriteSide, sequel: Sequel | None
) -> None:
    side.machine.sequel = sequel
    if sequel is None:
        origin, why = side.executed("a"), "has a plan that nothing follows"
    else:
        origin, why = side.planned("a"), "did not succeed"
        side.click(origin, "U1", approve=False)
    side.clock.move(hours=4)
    refused = _claims(side, origin)
    assert (refused.state, why in refused.reason) == (State.BLOCKED, True)
