"""Taking an action back before it begins, and settling one whose outcome nobody could read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.actions import State
from tests.unit.safe_ops.write_side import TEAM

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from tests.unit.safe_ops.write_side import WriteSide


def cancel(side: WriteSide, action: Action, slack_id: str, reason: str = "") -> Action:
    return side.decisions.cancel(action.action_id, slack_id=slack_id, team_id=TEAM, reason=reason)


def test_who_asked_takes_it_back_before_it_is_approved(side: WriteSide) -> None:
    taken = cancel(side, side.planned(), "U9", "it recovered")
    assert (taken.state, taken.reason) == (State.CANCELLED, "taken back by Eve: it recovered")


def test_who_asked_takes_back_even_a_draft(side: WriteSide) -> None:
    assert cancel(side, side.request("a"), "U9").state is State.CANCELLED


def test_nobody_else_takes_it_back_before_it_is_approved(side: WriteSide) -> None:
    for action in (side.request("a"), side.planned("b")):
        with pytest.raises(RefusedError, match="deny it on its card instead") as found:
            cancel(side, action, "U1")
        assert found.value.code == "not-requester"


@pytest.mark.parametrize("slack_id", ["U9", "U1", "U2"])
def test_who_asked_or_an_approver_revokes_what_is_approved(side: WriteSide, slack_id: str) -> None:
    assert cancel(side, side.approved(), slack_id).state is State.REVOKED


def test_nobody_else_revokes_what_is_approved(side: WriteSide) -> None:
    with pytest.raises(RefusedError) as found:
        cancel(side, side.approved(), "U3")
    assert found.value.code == "not-eligible"


def test_a_barred_requester_takes_nothing_back(side: WriteSide) -> None:
    action = side.planned()
    side.people.change("U9", barred="the account is deactivated")
    with pytest.raises(RefusedError):
        cancel(side, action, "U9")


def test_what_policy_let_run_by_itself_is_revoked_by_who_may_stop(side: WriteSide) -> None:
    side.workshop.environment = "dev"
    action = side.planned(requester="ben", requester_slack_id="U2")
    with pytest.raises(RefusedError):
        cancel(side, action, "U9")
    assert cancel(side, action, "U1").state is State.REVOKED


def test_what_has_ended_is_not_taken_back(side: WriteSide) -> None:
    done = side.executed("a")
    with pytest.raises(RefusedError, match="A1 has succeeded"):
        cancel(side, done, "U9")


# Settling.


def indeterminate(side: WriteSide) -> Action:
    side.machine.fault("a", "lost-after")
    side.machine.blind = True
    action = side.executed("a")
    assert action.state is State.INDETERMINATE
    return action


def settle(side: WriteSide, action: Action, slack_id: str, **fields: Any) -> Action:
    given = {"took_effect": True, "reason": "the dial stands at 5", **fields}
    return side.decisions.settle(action.action_id, slack_id=slack_id, team_id=TEAM, **given)


@pytest.mark.parametrize(("took_effect", "after"), [(True, "succeeded"), (False, "failed")])
def test_a_manager_settles_what_nobody_could_read_back(
    side: WriteSide,
    took_effect: bool,
    after: str,
) -> None:
    settled = settle(side, indeterminate(side), "U3", took_effect=took_effect)
    assert settled.state == after
    assert side.outside.closed_records == [settled.action_id]
    assert side.events(settled)[-1] == "action.settled"


def test_settling_needs_a_reason(side: WriteSide) -> None:
    with pytest.raises(RefusedError, match="Say what you saw") as found:
        settle(side, indeterminate(side), "U3", reason=" ")
    assert found.value.code == "reason"


@pytest.mark.parametrize("slack_id", ["U9", "U1", "U2"])
def test_nobody_else_settles_be_it_who_approved_it(side: WriteSide, slack_id: str) -> None:
    action = indeterminate(side)
    with pytest.raises(RefusedError, match="ask somebody of leads") as found:
        settle(side, action, slack_id)
    assert found.value.code == "not-eligible"
    assert side.last_entry().event == "click.refused"


def test_a_manager_who_is_barred_settles_nothing(side: WriteSide) -> None:
    action = indeterminate(side)
    side.people.change("U3", barred="the account is deactivated")
    with pytest.raises(RefusedError) as found:
        settle(side, action, "U3")
    assert found.value.code == "barred"


def test_what_is_known_is_not_settled(side: WriteSide) -> None:
    for action in (side.request("a"), side.planned("b")):
        with pytest.raises(RefusedError) as found:
            settle(side, action, "U3")
        assert found.value.code == "state"
