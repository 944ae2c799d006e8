"""A draft and its planners: one at a time, one change record, and an end to faults nobody meant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from safe_ops.model.actions import State
from safe_ops.service.telling import Teller
from tests.unit.safe_ops.dials import KilledError
from tests.unit.safe_ops.test_service_crashes import DyingBook
from tests.unit.safe_ops.test_service_endings import BrokenError, make_odd
from tests.unit.safe_ops.test_service_planning import wires
from tests.unit.safe_ops.write_side import TEAM, Outside

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from safe_ops.service.planning import Planner
    from tests.unit.safe_ops.book import MemoryBook
    from tests.unit.safe_ops.write_side import WriteSide


def planner_of(side: WriteSide, **other: object) -> Planner:
    return type(side.planner)(**{**wires(side), **other})


def test_of_two_planners_at_once_one_plans_and_opens_the_record(side: WriteSide) -> None:
    draft = side.request("a")
    seen: list[State] = []

    def nonce() -> str:
        seen.append(planner_of(side).plan(draft.action_id).state)
        return "nonce"

    assert planner_of(side, make_nonce=nonce).plan(draft.action_id).state is State.PENDING_ONCALL
    assert seen == [State.DRAFT]
    assert side.outside.opened_records == [draft.action_id]
    assert side.events(draft).count("record.opened") == 1


def test_a_planner_that_lost_its_turn_opens_no_record(side: WriteSide) -> None:
    draft = side.request("a")

    def nonce() -> str:
        side.clock.move(seconds=91)
        planner_of(side).plan(draft.action_id)
        return "nonce"

    planned = planner_of(side, make_nonce=nonce).plan(draft.action_id)
    assert planned.state is State.PENDING_ONCALL
    assert side.outside.opened_records == [draft.action_id]
    assert side.events(draft) == [
        "action.requested",
        "planning.abandoned",
        "record.opened",
        "action.planned",
    ]


def test_a_planner_whose_reads_and_dry_runs_take_long_keeps_its_turn(side: WriteSide) -> None:
    draft = side.request("a")
    others: list[State] = []

    def take_long() -> None:
        side.clock.move(seconds=60)
        others.append(planner_of(side).plan(draft.action_id).state)

    make_odd(side, survey=take_long, bind=take_long)
    assert planner_of(side).plan(draft.action_id).state is State.PENDING_ONCALL
    assert others == [State.DRAFT, State.DRAFT]


def test_a_record_that_is_open_is_not_opened_by_the_next_planner(
    side: WriteSide, book: MemoryBook
) -> None:
    draft = side.request("a")
    dying = DyingBook(book, when="before", at=(State.PENDING_ONCALL,))
    with pytest.raises(KilledError):
        planner_of(side, book=dying).plan(draft.action_id)
    side.clock.move(seconds=91)
    assert side.planner.plan(draft.action_id).state is State.PENDING_ONCALL
    assert side.outside.opened_records == [draft.action_id]


def test_where_nobody_keeps_records_none_is_said_to_be_open(side: WriteSide) -> None:
    side.outside.keeps_records = False
    assert "record.opened" not in side.events(side.planned("a"))


def test_a_draft_that_is_being_planned_is_not_rung_for(side: WriteSide) -> None:
    draft = side.request("a")
    rung: list[int] = []

    def nonce() -> str:
        for seconds in (0, 89, 2):
            side.clock.move(seconds=seconds)
            side.outside.to_plan.clear()
            side.sweep.run()
            rung.append(len(side.outside.to_plan))
        return "nonce"

    planner_of(side, make_nonce=nonce).plan(draft.action_id)
    assert rung == [0, 0, 1]


def test_a_fault_nobody_thought_of_is_met_three_times_and_then_said(side: WriteSide) -> None:
    draft = side.request("a")

    def fall_over() -> None:
        raise BrokenError

    make_odd(side, survey=fall_over)
    for _ in range(3):
        with pytest.raises(BrokenError):
            side.planner.plan(draft.action_id)
        # Rung again at once, it is left alone: the fault is the same a second later.
        assert side.planner.plan(draft.action_id).state is State.DRAFT
        side.clock.move(seconds=91)
    # What was counted is in the audit, so an operator started anew counts on.
    ended = type(side)(side.book, side.clock).planner.plan(draft.action_id)
    assert ended.state is State.BLOCKED
    assert ended.reason.startswith("Planning it was begun 3 times and came to no end")
    assert side.events(ended) == ["action.requested", *["planning.abandoned"] * 3, "action.blocked"]
    assert side.last_entry().facts == {"code": "planning"}


@dataclass
class SlowRecords:
    """Takes its time to open a record, and something happens meanwhile."""

    outside: Outside
    meanwhile: Callable[[], object]

    def opened(self, action: Action) -> bool:
        self.meanwhile()
        return self.outside.opened(action)

    def closed(self, action: Action) -> None:
        self.outside.closed(action)


def test_nobody_is_called_to_guards_that_were_set_aside_for_what_was_taken_back(
    side: WriteSide, book: MemoryBook
) -> None:
    side.machine.obstacle, side.machine.overridable = "too many actions this hour", True
    draft = side.request(
        "a",
        break_glass="the shop is down",
        requester="leo",
        requester_name="Leo",
        requester_slack_id="U3",
    )

    def take_back() -> None:
        side.decisions.cancel(draft.action_id, slack_id="U3", team_id=TEAM, reason="")

    records = SlowRecords(side.outside, take_back)
    teller = Teller(book=book, herald=side.outside, records=records)
    assert planner_of(side, teller=teller).plan(draft.action_id).state is State.CANCELLED
    assert side.outside.pages == []


def test_a_draft_taken_back_while_its_record_is_opened_stays_so_and_the_record_is_closed(
    side: WriteSide, book: MemoryBook
) -> None:
    draft = side.request("a")

    def take_back() -> None:
        side.decisions.cancel(draft.action_id, slack_id="U9", team_id=TEAM, reason="")

    records = SlowRecords(side.outside, take_back)
    teller = Teller(book=book, herald=side.outside, records=records)
    assert planner_of(side, teller=teller).plan(draft.action_id).state is State.CANCELLED
    assert side.outside.opened_records == side.outside.closed_records == [draft.action_id]
