"""What people decide: who may, what counts, and the sentence everybody else gets."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.actions import State
from safe_ops.model.plans import Stage, Tier
from safe_ops.model.standing import current_need
from safe_ops.service.deciding import Click
from tests.unit.safe_ops.test_service_planning import open_on
from tests.unit.safe_ops.write_side import POLICY, TEAM

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from tests.unit.safe_ops.write_side import WriteSide


def refused(side: WriteSide, action: Action, slack_id: str, **fields: Any) -> RefusedError:
    """Return why a click is refused, once nothing has changed but the audit."""
    before = side.now_as(action)
    with pytest.raises(RefusedError) as found:
        side.click(action, slack_id, **fields)
    assert side.now_as(action) == before
    last = side.last_entry()
    assert (last.event, last.says) == ("click.refused", str(found.value))
    assert last.facts["code"] == found.value.code
    return found.value


def teams_of(action: Action) -> tuple[str, ...]:
    need = current_need(action)
    return () if need is None else need.teams


def t3(side: WriteSide) -> Action:
    side.machine.tier = Tier.T3
    return side.planned()


def test_the_last_yes_rings_the_operator(side: WriteSide) -> None:
    action = side.click(side.planned(), "U1")
    assert action.state is State.APPROVED
    assert [(given.subject, given.name) for given in action.approvals] == [("ana", "Ana")]
    assert side.outside.to_execute == [action.action_id]
    assert side.last_entry().actor.subject == "ana"


def test_two_tiers_agree_one_after_the_other(side: WriteSide) -> None:
    action = side.click(t3(side), "U1")
    assert (action.state, side.outside.to_execute) == (State.PENDING_MANAGER, [])
    assert side.click(action, "U3").state is State.APPROVED


def test_the_whole_digest_counts_too(side: WriteSide) -> None:
    action = side.planned()
    assert side.click(action, "U1", digest=action.digest).state is State.APPROVED


def test_each_stage_is_the_turn_of_its_own_teams(side: WriteSide) -> None:
    action = t3(side)
    assert teams_of(action) == ("sre",)
    action = side.click(action, "U1")
    assert teams_of(action) == ("leads",)
    assert teams_of(side.click(action, "U3")) == ()


# Who may not.


@pytest.mark.parametrize(
    ("slack_id", "code"), [("U9", "not-eligible"), ("U3", "not-eligible")], ids=["eve", "leo"]
)
def test_who_is_in_no_team_of_the_stage_is_told_who_could(
    side: WriteSide, slack_id: str, code: str
) -> None:
    error = refused(side, t3(side), slack_id)
    assert (error.code, "ask somebody of sre" in str(error)) == (code, True)


def test_who_asked_may_not_agree(side: WriteSide) -> None:
    action = side.planned(requester="ana", requester_slack_id="U1")
    assert refused(side, action, "U1").code == "own-request"


def test_who_asked_may_confirm_a_t1(side: WriteSide) -> None:
    side.machine.tier = Tier.T1
    action = side.planned(requester="ana", requester_slack_id="U1")
    assert side.click(action, "U1").state is State.APPROVED


def test_two_accounts_of_one_person_are_one_person(side: WriteSide) -> None:
    action = side.click(t3(side), "U1")
    assert refused(side, action, "U1B").code == "same-person"


@pytest.mark.parametrize("approve", [True, False], ids=["yes", "no"])
def test_a_barred_person_decides_nothing(side: WriteSide, approve: bool) -> None:
    side.people.change("U1", barred="a guest of another workspace")
    error = refused(side, side.planned(), "U1", approve=approve)
    assert (error.code, "a guest of another workspace" in str(error)) == ("barred", True)


def test_a_person_nobody_can_identify_decides_nothing(side: WriteSide) -> None:
    action = side.planned()
    side.people.away = True
    error = refused(side, action, "U1")
    assert (error.code, "Try again in a minute" in str(error)) == ("unknown", True)


# Which click counts.


def test_the_managers_turn_comes_after_the_on_call_tier(side: WriteSide) -> None:
    error = refused(side, t3(side), "U3", stage=Stage.MANAGER)
    assert error.code == "stage"
    assert str(error).startswith("A1 waits for the on-call tier.")


def test_a_second_click_is_told_who_was_first(side: WriteSide) -> None:
    action = side.click(t3(side), "U1")
    error = refused(side, action, "U2", stage=Stage.ONCALL)
    assert str(error).startswith("Ana agreed at 12:00 UTC already; A1 waits for the manager tier.")


def test_a_click_on_what_is_decided_is_told_how(side: WriteSide) -> None:
    action = side.approved()
    error = refused(side, action, "U2", stage=Stage.ONCALL)
    assert str(error) == (
        "A1 is approved and about to run; Ana agreed at 12:00 UTC. Your click changed nothing."
    )


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"version": 1}, "version"),
        ({"digest": "f" * 32}, "digest"),
        ({"digest": ""}, "digest"),
    ],
    ids=["an old card", "another plan", "no digest"],
)
def test_a_card_that_is_not_the_present_one_decides_nothing(
    side: WriteSide, fields: dict[str, Any], code: str
) -> None:
    action = side.planned()
    assert refused(side, action, "U1", **fields).code == code
    assert refused(side, action, "U1", approve=False, **fields).code == code


def test_too_few_digits_of_the_right_digest_are_none(side: WriteSide) -> None:
    action = side.planned()
    assert refused(side, action, "U1", digest=action.digest[:31]).code == "digest"


def test_an_action_nobody_knows_cannot_be_clicked(side: WriteSide) -> None:
    click = Click(
        action_id="nothing",
        stage=Stage.ONCALL,
        version=1,
        digest="f" * 32,
        approve=True,
        slack_id="U1",
        team_id=TEAM,
    )
    with pytest.raises(RefusedError) as found:
        side.decisions.decide(click)
    assert found.value.code == "gone"


def test_a_draft_cannot_be_agreed_to(side: WriteSide) -> None:
    action = side.request("a")
    assert "is not planned yet" in str(refused(side, action, "U1"))


def test_a_late_click_expires_it_and_says_that_it_was_not_run(side: WriteSide) -> None:
    action = side.planned()
    side.clock.move(minutes=15)
    with pytest.raises(RefusedError, match="A1 has expired; it was not run") as late:
        side.click(action, "U1")
    assert late.value.code == "expired"
    assert side.now_as(action).state is State.EXPIRED
    assert side.events(action)[-2:] == ["action.expired", "click.refused"]
    assert side.outside.closed_records == [action.action_id]


def test_a_click_at_the_last_moment_counts(side: WriteSide) -> None:
    action = side.planned()
    side.clock.move(minutes=14, seconds=59.999999)
    assert side.click(action, "U1").state is State.APPROVED


def test_fifty_clicks_at_once_are_one_approval(side: WriteSide) -> None:
    action = t3(side)
    click = Click(
        action_id=action.action_id,
        stage=Stage.ONCALL,
        version=action.version,
        digest=action.digest[:32],
        approve=True,
        slack_id="U1",
        team_id=TEAM,
    )

    def press(_: int) -> bool:
        try:
            side.decisions.decide(click)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(max_workers=10) as pool:
        assert sum(pool.map(press, range(50))) == 1
    assert len(side.now_as(action).approvals) == 1
    assert side.events(action).count("click.refused") == 49


def test_a_yes_and_a_no_at_once_leave_one_word(side: WriteSide) -> None:
    action = side.planned()

    def press(approve: bool) -> bool:
        try:
            side.click(action, "U1" if approve else "U2", approve=approve)
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(max_workers=2) as pool:
        counted = list(pool.map(press, [True, False]))
    assert counted.count(True) == 1
    after = State.APPROVED if counted[0] else State.REJECTED
    assert side.now_as(action).state is after


# No.


def test_one_no_ends_it_over_recorded_approvals(side: WriteSide) -> None:
    action = side.click(t3(side), "U1")
    denied = side.click(action, "U2", approve=False, reason="the sale is on")
    assert (denied.state, denied.reason) == (State.REJECTED, "Ben said no: the sale is on")
    assert refused(side, action, "U3").code == "state"


def test_a_manager_may_say_no_before_their_turn(side: WriteSide) -> None:
    assert side.click(t3(side), "U3", approve=False, reason="no").state is State.REJECTED


def test_who_agreed_may_think_again(side: WriteSide) -> None:
    action = side.click(t3(side), "U1")
    assert side.click(action, "U1", approve=False, reason="wait").state is State.REJECTED


def test_who_may_not_agree_may_not_deny(side: WriteSide) -> None:
    assert refused(side, t3(side), "U9", approve=False, reason="no").code == "not-eligible"


def test_a_no_to_a_t3_says_why(side: WriteSide) -> None:
    error = refused(side, t3(side), "U1", approve=False, reason=" ")
    assert (error.code, "has to say why" in str(error)) == ("reason", True)


def test_a_no_to_a_t2_need_not_say_why(side: WriteSide) -> None:
    assert side.click(side.planned(), "U1", approve=False).reason == "Ana said no"


# Windows and switches.


def test_approved_outside_of_its_window_it_waits_for_it(side: WriteSide) -> None:
    side.rewire(open_on("fri", "14:00", "16:00"))
    action = side.approved()
    assert (action.state, side.outside.to_execute) == (State.SCHEDULED, [])


def test_approved_when_its_window_is_gone_it_expires(side: WriteSide) -> None:
    side.rewire(open_on("fri", "08:00", "12:01"))
    action = side.planned()
    side.clock.move(minutes=5)
    with pytest.raises(RefusedError, match="does not open within 4 hours"):
        side.click(action, "U1")
    assert side.now_as(action).state is State.EXPIRED


def test_while_all_is_stopped_nobody_agrees_but_anybody_denies(side: WriteSide) -> None:
    action = side.planned()
    side.brake.stop(slack_id="U2", team_id=TEAM)
    assert refused(side, action, "U1").code == "stopped"
    assert side.click(action, "U1", approve=False).state is State.REJECTED


def test_a_policy_read_anew_still_bars_who_it_bars(side: WriteSide) -> None:
    action = t3(side)
    side.rewire(POLICY.replace("[sre]", "[dba]"))
    assert refused(side, action, "U1").code == "not-eligible"
