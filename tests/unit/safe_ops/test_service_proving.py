"""Second factors: a yes that needs one counts only once its giver has shown it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.actions import Factor, State
from safe_ops.model.plans import Tier
from safe_ops.model.standing import current_need
from tests.unit.safe_ops.test_service_deciding import refused
from tests.unit.safe_ops.write_side import TEAM

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from tests.unit.safe_ops.write_side import WriteSide


def t4(side: WriteSide) -> Action:
    side.machine.tier = Tier.T4
    return side.planned()


def test_a_yes_to_a_t4_waits_for_a_proof_of_the_same_person(side: WriteSide) -> None:
    action = side.click(t4(side), "U1")
    assert (action.state, action.approvals) == (State.PENDING_FACTOR, ())
    need = current_need(action)
    assert need is not None
    assert need.teams == ("sre",)

    action = side.prove(action, "U1")
    assert action.state is State.PENDING_MANAGER
    assert [(given.factor, given.factor_at) for given in action.approvals] == [
        (Factor.TOTP, side.clock.now())
    ]
    action = side.click(action, "U3")
    assert side.prove(action, "U3").state is State.APPROVED
    assert side.outside.to_execute == [action.action_id]


def test_while_everything_is_stopped_no_proof_lets_anything_run_later(side: WriteSide) -> None:
    action = side.click(side.prove(side.click(t4(side), "U1"), "U1"), "U3")
    side.brake.stop(slack_id="U2", team_id=TEAM, reason="smoke")
    with pytest.raises(RefusedError, match="Ben stopped all operations; agree once"):
        side.prove(action, "U3")
    assert side.now_as(action).state is State.PENDING_FACTOR
    side.brake.release(slack_id="U3", team_id=TEAM)
    # The stop cost neither the code nor a try.
    assert side.prove(action, "U3").state is State.APPROVED


def test_nobody_proves_for_somebody_else(side: WriteSide) -> None:
    action = side.click(t4(side), "U1")
    with pytest.raises(RefusedError, match="the second factor of Ana, who agreed") as found:
        side.prove(action, "U4")
    assert found.value.code == "not-yours"


def test_who_has_no_second_factor_cannot_agree(side: WriteSide) -> None:
    assert refused(side, t4(side), "U2").code == "no-factor"


def test_a_yes_that_waits_for_its_proof_is_not_given_again(side: WriteSide) -> None:
    action = side.click(t4(side), "U1")
    assert refused(side, action, "U4").code == "factor"
    assert side.click(action, "U4", approve=False, reason="no").state is State.REJECTED


def test_a_proof_that_does_not_hold_says_how_many_more_may_fail(side: WriteSide) -> None:
    action = side.click(t4(side), "U1")
    with pytest.raises(RefusedError, match=r"does not hold\. 4 more may fail\.") as found:
        side.prove(action, "U1", "000000")
    assert found.value.code == "factor"
    assert side.prove(action, "U1").state is State.PENDING_MANAGER


def test_five_proofs_that_do_not_hold_end_it(side: WriteSide) -> None:
    action = side.click(t4(side), "U1")
    for _ in range(4):
        with pytest.raises(RefusedError):
            side.prove(action, "U1", "000000")
    with pytest.raises(RefusedError, match="A1 was denied; it was not run"):
        side.prove(action, "U1", "000000")
    assert side.now_as(action).state is State.REJECTED
    assert len(side.outside.pages) == 1
    with pytest.raises(RefusedError, match="no second factor is awaited"):
        side.prove(action, "U1")


def test_a_proof_for_one_plan_does_not_serve_for_the_same_again(side: WriteSide) -> None:
    action = side.click(t4(side), "U1")
    side.factors.used.add(("ana", action.digest))
    with pytest.raises(RefusedError, match="does not hold"):
        side.prove(action, "U1")


def test_a_late_proof_expires_it(side: WriteSide) -> None:
    action = side.click(t4(side), "U1")
    side.clock.move(minutes=5)
    with pytest.raises(RefusedError, match="it was not run") as late:
        side.prove(action, "U1")
    assert late.value.code == "expired"
    assert side.now_as(action).state is State.EXPIRED


def test_a_proof_that_is_late_by_the_time_it_is_written_expires_it(side: WriteSide) -> None:
    action = side.click(t4(side), "U1")
    check = side.factors.check

    class Slow(type(side.factors)):  # type: ignore[misc]
        def check(self, *given: Any, **named: Any) -> Factor:
            side.clock.move(minutes=5)
            return check(*given, **named)

    side.factors = Slow()
    side.rewire()
    with pytest.raises(RefusedError, match="it was not run"):
        side.prove(action, "U1")
    assert side.now_as(action).approvals == ()


def test_who_lost_the_role_meanwhile_proves_nothing(side: WriteSide) -> None:
    action = side.click(t4(side), "U1")
    side.people.change("U1", teams=frozenset())
    with pytest.raises(RefusedError) as found:
        side.prove(action, "U1")
    assert found.value.code == "not-eligible"


def test_a_proof_for_nothing_is_refused(side: WriteSide) -> None:
    with pytest.raises(RefusedError, match="no such action"):
        side.decisions.prove("nothing", slack_id="U1", team_id=TEAM, answer="1")
