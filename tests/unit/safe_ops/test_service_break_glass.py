"""Setting guards aside: who may, for what, how often, and what it costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from safe_ops.model.actions import Grounds, State
from safe_ops.model.plans import Tier
from tests.unit.safe_ops.dials import START
from tests.unit.safe_ops.test_service_planning import blocked

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from tests.unit.safe_ops.write_side import WriteSide


def broken_glass(side: WriteSide, *names: str, **fields: Any) -> Action:
    side.machine.obstacle, side.machine.overridable = "too many actions this hour", True
    given = {
        "break_glass": "the shop is down",
        "requester": "leo",
        "requester_name": "Leo",
        "requester_slack_id": "U3",
    }
    return side.planned(*names, **{**given, **fields})


def test_glass_is_broken_for_guards_that_allow_it(side: WriteSide) -> None:
    action = broken_glass(side)
    plan = action.plan
    assert plan is not None
    assert (action.state, plan.tier, plan.break_glass) == (
        State.PENDING_ONCALL,
        Tier.T4,
        "the shop is down",
    )
    assert [need.factor for need in plan.needs] == [True, True]
    assert [ruling.guard for ruling in plan.rulings if not ruling.passed] == ["obstacle"]
    assert side.events(action) == [
        "action.requested",
        "record.opened",
        "action.break_glass_planned",
    ]
    assert side.outside.pages == ["A1 sets guards aside: the shop is down"]


def test_glass_stays_whole_where_nothing_is_in_the_way(side: WriteSide) -> None:
    side.machine.overridable = True
    plan = side.planned(break_glass="just in case").plan
    assert plan is not None
    assert plan.break_glass == ""


def test_a_guard_that_holds_is_not_set_aside(side: WriteSide) -> None:
    side.machine.obstacle = "the budget allows none"
    assert blocked(side.planned(break_glass="the shop is down")) == "the budget allows none"


def test_without_a_reason_no_glass_is_broken(side: WriteSide) -> None:
    assert blocked(broken_glass(side, break_glass="")) == "too many actions this hour"


def test_only_who_may_breaks_glass(side: WriteSide) -> None:
    fields = {"requester": "eve", "requester_slack_id": "U9"}
    assert "Eve may not break glass" in blocked(broken_glass(side, **fields))


def test_an_alert_breaks_no_glass(side: WriteSide) -> None:
    grounds = Grounds(evidence=("E1",), freshest_at=START, measured=True)
    action = broken_glass(side, requester="alert:f1", requester_slack_id="", grounds=grounds)
    assert blocked(action) == "Only a person may set guards aside."


def test_glass_is_broken_once_an_hour(side: WriteSide) -> None:
    action = broken_glass(side)
    for slack_id in ("U1", "U4"):
        side.click(action, slack_id)
        side.prove(action, slack_id)
    assert side.operator.execute(action.action_id).state is State.SUCCEEDED
    assert "may be once an hour" in blocked(broken_glass(side, key="again", to=9))
    side.clock.move(hours=1)
    assert broken_glass(side, key="later", to=9).state is State.PENDING_ONCALL
