"""What the operator does with an approved action, and what keeps it from doing anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.actions import CallOutcome, Grounds, Phase, State
from safe_ops.model.plans import Tier
from tests.unit.safe_ops.dials import START, SetDials
from tests.unit.safe_ops.test_service_planning import open_on
from tests.unit.safe_ops.write_side import POLICY

if TYPE_CHECKING:
    from collections.abc import Callable

    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Drawing, Place
    from safe_ops.operations.operation import Parameters
    from tests.unit.safe_ops.write_side import WriteSide


def rows(side: WriteSide, action: Action) -> list[tuple[str, int, int, Phase, CallOutcome | None]]:
    return [
        (row.part, row.step, row.attempt, row.phase, row.outcome)
        for row in side.book.journal(action.action_id)
    ]


BEFORE, AFTER = Phase
APPLIED, NOT_APPLIED, UNKNOWN = CallOutcome


def test_calls_are_sent_as_approved_but_for_what_is_bound_late(side: WriteSide) -> None:
    side.machine.versions = {"a": 7}
    done = side.executed("a", "b")
    assert done.plan is not None
    planned = [step.call for step in done.plan.drawing.steps]
    assert [call.body for call in planned] == [
        {"to": 5, "version": "$version", "by": "$action"},
        {"to": 5, "version": "$version", "by": "$action"},
    ]
    assert side.machine.sent == [
        replace(planned[0], body={"to": 5, "version": "7", "by": "A1"}),
        replace(planned[1], body={"to": 5, "version": "0", "by": "A1"}),
    ]


def test_each_call_has_a_row_before_and_a_row_after(side: WriteSide) -> None:
    done = side.executed("a", "b")
    assert rows(side, done) == [
        ("steps", 0, 1, BEFORE, None),
        ("steps", 0, 1, AFTER, APPLIED),
        ("steps", 1, 1, BEFORE, None),
        ("steps", 1, 1, AFTER, APPLIED),
    ]


def test_a_whole_life_is_in_the_audit_once_each(side: WriteSide) -> None:
    done = side.executed("a")
    assert side.events(done) == [
        "action.requested",
        "record.opened",
        "action.planned",
        "action.approved",
        "action.claimed",
        "action.started",
        "call.before",
        "call.after",
        "action.sent",
        "action.succeeded",
    ]
    assert side.outside.closed_records == [done.action_id]


def test_nobody_is_waited_for_until_it_is_over(side: WriteSide) -> None:
    action = side.approved("a", "b")
    side.outside.told.clear()
    side.operator.execute(action.action_id)
    assert side.outside.told == [action.action_id]
    # Claimed, started, each of the two calls, and verifying.
    assert side.outside.told_soon == [action.action_id] * 5


def test_hands_are_opened_in_the_name_of_the_action_and_its_people(side: WriteSide) -> None:
    done = side.executed("a")
    warrant = side.machine.warrants[-1]
    assert (warrant.requester, warrant.approvers) == ("eve", ("ana",))
    assert (warrant.action_id, warrant.digest) == (done.action_id, done.digest)


def test_twenty_rings_are_one_effect(side: WriteSide) -> None:
    action = side.approved("a")
    ended = {side.operator.execute(action.action_id).state for _ in range(20)}
    assert (ended, side.machine.effects) == ({State.SUCCEEDED}, [("a", 5)])


def test_what_is_not_approved_is_not_executed(side: WriteSide) -> None:
    draft, pending = side.request("a", key="k"), side.planned("b")
    assert side.operator.execute(draft.action_id) == draft
    assert side.operator.execute(pending.action_id) == pending
    with pytest.raises(RefusedError, match="no such action"):
        side.operator.execute("nothing")


def test_an_approval_that_was_not_used_in_time_expires(side: WriteSide) -> None:
    action = side.approved("a")
    side.clock.move(minutes=10)
    assert side.operator.execute(action.action_id).state is State.EXPIRED
    assert side.machine.sent == []


def test_a_window_that_closed_sends_it_back_to_wait(side: WriteSide) -> None:
    side.rewire(
        open_on("fri", "08:00", "12:05")
        + '  - {name: later, allow: true, zone: UTC, days: [fri], from: "14:00", to: "15:00"}\n'
    )
    action = side.approved("a")
    side.clock.move(minutes=6)
    assert side.operator.execute(action.action_id).state is State.SCHEDULED


# The last look before the first call.


def not_begun(side: WriteSide, action: Action) -> Action:
    ended = side.operator.execute(action.action_id)
    assert (side.machine.sent, side.book.journal(action.action_id)) == ([], ())
    return ended


def test_a_target_that_changed_is_left_alone(side: WriteSide) -> None:
    action = side.approved("a")
    side.machine.dials["a"] = 2
    ended = not_begun(side, action)
    assert (ended.state, ended.reason) == (State.STALE, "a was 1 and is 2")


def test_a_target_made_anew_is_left_alone(side: WriteSide) -> None:
    action = side.approved("a")
    side.machine.uid = "uid-2"
    assert not_begun(side, action).state is State.STALE


def test_a_target_that_is_gone_is_left_alone(side: WriteSide) -> None:
    action = side.approved("a")
    side.machine.there = False
    assert not_begun(side, action).state is State.STALE


def test_what_changed_beside_the_pins_is_no_drift(side: WriteSide) -> None:
    action = side.approved("a")
    side.machine.versions["a"] = 9
    assert side.operator.execute(action.action_id).state is State.SUCCEEDED


def test_an_operation_that_would_be_done_another_way_is_left_alone(side: WriteSide) -> None:
    action = side.approved("a")
    side.operation.version = 2
    assert "version 2 instead of 1" in not_begun(side, action).reason


def test_an_operation_may_have_its_own_word_on_drift(side: WriteSide) -> None:
    class Forgiving(type(side.operation)):  # type: ignore[misc]
        def drifted(self, plan: Any, drawing: Any) -> str:
            return "too far" if drawing.pins["a"] > 2 else ""

    side.catalogue["set_dials"] = Forgiving(side.machine)
    action = side.approved("a")
    side.machine.dials["a"] = 2
    assert side.operator.execute(action.action_id).state is State.SUCCEEDED
    again = side.approved("a", to=9)
    side.machine.dials["a"] = 3
    assert side.operator.execute(again.action_id).reason == "too far"


def test_a_reason_to_break_glass_sets_nothing_aside_that_was_not_shown(side: WriteSide) -> None:
    action = side.approved("a", break_glass="just in case")
    side.machine.obstacle, side.machine.overridable = "too many actions this hour", True
    ended = not_begun(side, action)
    assert (ended.state, ended.reason) == (State.BLOCKED, "too many actions this hour")


def test_an_operation_that_left_the_catalogue_is_not_begun(side: WriteSide) -> None:
    action = side.approved("a")
    side.catalogue.clear()
    assert not_begun(side, action).state is State.BLOCKED


@pytest.mark.parametrize(
    ("change", "state", "says"),
    [
        (lambda side: setattr(side.machine, "obstacle", "no room"), "blocked", "no room"),
        (lambda side: setattr(side.machine, "broken", "no answer"), "blocked", "no answer"),
        (lambda side: setattr(side.machine, "rehearsal", "refused"), "blocked", "admission says"),
        (lambda side: setattr(side.machine, "rehearsal", "conflict"), "stale", "changed"),
        (lambda side: setattr(side.outside, "sinks_down", True), "blocked", "cannot be delivered"),
        (lambda side: side.people.change("U1", teams=frozenset()), "revoked", "Ana's approval"),
        (lambda side: side.people.change("U1", barred="deactivated"), "revoked", "deactivated"),
        (lambda side: side.people.change("U1", subject="mallory"), "revoked", "is another's now"),
        (lambda side: side.people.change("U9", barred="deactivated"), "revoked", "who asked may"),
        (lambda side: setattr(side.people, "away", True), "revoked", "Slack does not answer"),
        (lambda side: setattr(side.machine, "tier", Tier.T1), "succeeded", ""),
        (lambda side: setattr(side.machine, "tier", Tier.T3), "revoked", "asks for more"),
    ],
)  # fmt: skip
def test_everything_is_judged_again(
    side: WriteSide, change: Callable[[WriteSide], None], state: str, says: str
) -> None:
    action = side.approved("a")
    change(side)
    ended = side.operator.execute(action.action_id)
    assert (ended.state, says in ended.reason) == (state, True)
    assert bool(side.machine.effects) is (state == "succeeded")


def test_a_t1_runs_though_the_audit_cannot_be_delivered(side: WriteSide) -> None:
    side.machine.tier, side.outside.sinks_down = Tier.T1, True
    assert side.executed("a").state is State.SUCCEEDED


def test_an_alerts_wish_is_judged_without_a_person_who_asked(side: WriteSide) -> None:
    grounds = Grounds(evidence=("E1",), freshest_at=START, measured=True)
    alert = {"requester": "alert:f1", "requester_slack_id": "", "grounds": grounds}
    assert side.executed("a", **alert).state is State.SUCCEEDED


def test_a_policy_that_asks_for_more_by_now_revokes(side: WriteSide) -> None:
    action = side.approved("a")
    side.rewire(POLICY + "\noperations: [{operation: set_dials, tier: T3}]\n")
    assert "policy now asks for more: the manager approval" in not_begun(side, action).reason


def test_a_higher_tier_with_the_same_approvals_revokes(side: WriteSide) -> None:
    side.machine.tier = Tier.T1
    action = side.approved("a")
    side.rewire(POLICY + "\noperations: [{operation: set_dials, tier: T2}]\n")
    assert "counts as T2 now and was approved as T1" in not_begun(side, action).reason


def test_a_policy_that_forbids_it_by_now_revokes(side: WriteSide) -> None:
    action = side.approved("a")
    side.rewire(POLICY + '\noperations: [{operation: set_dials, never: "by hand"}]\n')
    ended = not_begun(side, action)
    assert (ended.state, ended.reason) == (State.REVOKED, "by hand")


def test_what_ran_by_itself_needs_an_approval_by_now_and_is_revoked(side: WriteSide) -> None:
    side.workshop.environment = "dev"
    action = side.planned("a")
    side.rewire(POLICY + "\noperations: [{operation: set_dials, approvals: oncall}]\n")
    assert not_begun(side, action).state is State.REVOKED


def test_a_window_that_closes_while_it_is_checked_bars_it(side: WriteSide) -> None:
    side.rewire(
        open_on("fri", "08:00", "12:05")
        + '  - {name: later, allow: true, zone: UTC, days: [fri], from: "14:00", to: "15:00"}\n'
    )
    action = side.approved("a")
    side.catalogue["set_dials"] = Slow(side)
    ended = not_begun(side, action)
    assert (ended.state, "its window has closed" in ended.reason) == (State.BLOCKED, True)


class Slow(SetDials):
    """The operation, when its reads take six minutes."""

    def __init__(self, side: WriteSide) -> None:
        super().__init__(side.machine)
        self.side = side

    def draw(self, wanted: Parameters, survey: Any, place: Place) -> Drawing:
        self.side.clock.move(minutes=6)
        return super().draw(wanted, survey, place)
