"""Who may approve, ask, stop, release and break glass, and what is said to who may not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.plans import Need, Stage
from safe_ops.policy.standard import DEFAULT_POLICY
from tests.unit.safe_ops.policies import NOW, approval, person, plan, policy

if TYPE_CHECKING:
    from safe_ops.policy.policy import Policy

ONCALL = Need(stage=Stage.ONCALL, teams=("oncall",), not_requester=True)
MANAGER = Need(stage=Stage.MANAGER, teams=("managers",), not_requester=True)


def test_a_member_of_the_team_may_approve() -> None:
    DEFAULT_POLICY.check_approver(person("ana", "oncall"), ONCALL, plan=plan(), approvals=())
    DEFAULT_POLICY.check_approver(
        person("max", "managers"),
        MANAGER,
        plan=plan(),
        approvals=(approval(person("ana"), Stage.ONCALL),),
    )


def test_to_what_a_plan_came_to_its_approvers_are_called_or_who_is_on_call() -> None:
    assert DEFAULT_POLICY.called(replace(plan(), needs=(MANAGER,))) == ("managers",)
    assert DEFAULT_POLICY.called(replace(plan(), needs=())) == ("oncall",)


def test_an_approver_asked_about_again_is_not_barred_by_the_own_approval() -> None:
    ana = person("ana", "oncall")
    given = (approval(ana, Stage.ONCALL),)
    DEFAULT_POLICY.check_approver(ana, ONCALL, plan=plan(), approvals=given)


@pytest.mark.parametrize(
    ("who", "need", "code", "says"),
    [
        (
            person("ana", "oncall", barred="guests decide nothing"),
            ONCALL,
            "barred",
            "Ana may not approve: guests decide nothing",
        ),
        (
            person("ana", "managers"),
            ONCALL,
            "not-eligible",
            (
                "Ana is in none of the teams that may give the on-call approval: ask somebody of"
                " oncall"
            ),
        ),
        (
            person("rita", "oncall"),
            ONCALL,
            "own-request",
            "Rita asked for this, so somebody else of oncall has to approve it",
        ),
        (
            person("bo", "oncall", "managers"),
            MANAGER,
            "same-person",
            (
                "Bo gave the on-call approval already: the manager approval has to be another"
                " person's of managers"
            ),
        ),
        (
            person("bo2", "managers", subject="bo"),
            MANAGER,
            "same-person",
            "Bo2 gave the on-call approval already",
        ),
    ],
)
def test_who_may_not_approve_is_told_why(who: object, need: Need, code: str, says: str) -> None:
    given = (approval(person("bo"), Stage.ONCALL),)
    with pytest.raises(RefusedError, match=says) as refused:
        DEFAULT_POLICY.check_approver(who, need, plan=plan(), approvals=given)  # type: ignore[arg-type]
    assert refused.value.code == code


def test_two_slack_accounts_of_one_person_are_one_requester() -> None:
    rules = policy("people: {rita: [U0000001, U0000002]}\n")
    assert [rules.subject_of(one) for one in ("U0000001", "U0000002", "U0000003")] == [
        "rita",
        "rita",
        "U0000003",
    ]
    second = person("other", "oncall", subject=rules.subject_of("U0000002"))
    with pytest.raises(RefusedError) as refused:
        rules.check_approver(second, ONCALL, plan=plan(requester="rita"), approvals=())
    assert refused.value.code == "own-request"


def test_who_asked_for_a_t1_may_confirm_it() -> None:
    need = Need(stage=Stage.ONCALL, teams=("oncall",), not_requester=False)
    DEFAULT_POLICY.check_approver(
        person("rita", "oncall"), need, plan=plan(requester="rita"), approvals=()
    )


def test_a_policy_changed_meanwhile_takes_a_right_away_but_gives_none() -> None:
    changed = policy("roles: {oncall: [{teams: [platform]}]}\n")
    for who in (person("ana", "oncall"), person("pia", "platform")):
        with pytest.raises(RefusedError, match="a team the policy file names") as refused:
            changed.check_approver(who, ONCALL, plan=plan(), approvals=())
        assert refused.value.code == "not-eligible"


def test_approvers_count_where_their_role_does() -> None:
    rules = policy("roles: {oncall: [{teams: [oncall], environments: [dev]}, {teams: [x]}]}\n")
    need = Need(stage=Stage.ONCALL, teams=("oncall", "x"), not_requester=True)
    ana = person("ana", "oncall")
    rules.check_approver(ana, need, plan=plan(environment="dev"), approvals=())
    with pytest.raises(RefusedError):
        rules.check_approver(ana, need, plan=plan(environment="prod"), approvals=())


SECONDARY = "roles: {secondary: [{teams: [deputies], environments: [prod]}]}\n"
BOTH_ON_CALL = Need(stage=Stage.ONCALL, teams=("oncall", "deputies"), not_requester=True)


def test_the_secondary_on_call_may_give_the_on_call_approval_and_stop_operations() -> None:
    rules = policy(SECONDARY)
    deputy = person("dan", "deputies")
    rules.check_approver(deputy, BOTH_ON_CALL, plan=plan(), approvals=())
    rules.check_stopper(deputy)
    with pytest.raises(RefusedError, match="ask somebody of managers"):
        rules.check_approver(deputy, MANAGER, plan=plan(), approvals=())
    with pytest.raises(RefusedError):
        rules.check_approver(deputy, BOTH_ON_CALL, plan=plan(environment="dev"), approvals=())


def test_the_secondary_is_called_only_once_the_first_on_call_are_silent() -> None:
    rules = policy(SECONDARY)
    assert rules.reminded(BOTH_ON_CALL, plan()) == ("oncall",)
    call = rules.escalation(BOTH_ON_CALL, plan())
    assert (call.teams, call.may_approve) == (("deputies",), True)


@pytest.mark.parametrize(
    ("rules", "need"),
    [(DEFAULT_POLICY, ONCALL), (policy(SECONDARY), ONCALL), (policy(SECONDARY), BOTH_ON_CALL)],
    ids=["none named", "named after the plan", "named elsewhere"],
)
def test_without_a_secondary_who_approves_next_is_told(rules: Policy, need: Need) -> None:
    environment = "dev" if need is BOTH_ON_CALL else "prod"
    call = rules.escalation(need, plan(environment=environment))
    assert (call.teams, call.may_approve) == (("managers",), False)


def test_whoever_is_left_of_the_plan_is_reminded_where_the_file_names_others_by_now() -> None:
    changed = policy("roles: {oncall: [{teams: [platform]}], secondary: [{teams: [oncall]}]}\n")
    assert changed.reminded(ONCALL, plan()) == ("oncall",)


def test_everyone_may_ask_unless_the_file_narrows_it() -> None:
    DEFAULT_POLICY.check_requester(person("ana"), "prod")
    rules = policy("roles: {ask: [{teams: [everyone], environments: [dev]}, {teams: [shop]}]}\n")
    rules.check_requester(person("ana"), "dev")
    rules.check_requester(person("sue", "shop"), "prod")
    with pytest.raises(RefusedError, match="ask somebody of shop") as refused:
        rules.check_requester(person("ana"), "prod")
    assert refused.value.code == "not-eligible"
    with pytest.raises(RefusedError, match="deactivated"):
        rules.check_requester(person("ana", barred="the account is deactivated"), "dev")


def test_asking_can_be_narrowed_to_namespaces() -> None:
    rules = policy("roles: {ask: [{teams: [shop], namespaces: [shop], places: [eu]}]}\n")
    rules.check_requester(person("sue", "shop"), "prod", place="eu", namespace="shop")
    with pytest.raises(RefusedError, match="it names none"):
        rules.check_requester(person("sue", "shop"), "prod", place="eu", namespace="pay")


def test_approvers_stop_and_managers_release() -> None:
    ana, max_ = person("ana", "oncall"), person("max", "managers")
    DEFAULT_POLICY.check_stopper(ana)
    DEFAULT_POLICY.check_stopper(max_)
    DEFAULT_POLICY.check_releaser(max_)
    with pytest.raises(RefusedError, match="Ana may not let operations run again"):
        DEFAULT_POLICY.check_releaser(ana)
    with pytest.raises(RefusedError, match="ask somebody of oncall or managers"):
        DEFAULT_POLICY.check_stopper(person("eve"))
    for check in (DEFAULT_POLICY.check_stopper, DEFAULT_POLICY.check_releaser):
        with pytest.raises(RefusedError) as refused:
            check(person("max", "managers", barred="is a bot"))
        assert refused.value.code == "barred"


def test_the_file_may_name_who_stops_and_who_releases() -> None:
    rules = policy("roles: {stop: [everyone], release: [sre]}\n")
    rules.check_stopper(person("eve"))
    rules.check_releaser(person("sam", "sre"))
    with pytest.raises(RefusedError, match="ask somebody of sre"):
        rules.check_releaser(person("max", "managers"))


def breaking(
    name: str = "max",
    team: str = "managers",
    *,
    incident_id: str = "I7",
    reason: str = "checkout is down",
    minutes_ago: int | None = None,
    barred: str = "",
) -> None:
    DEFAULT_POLICY.check_break_glass(
        person(name, team, barred=barred),
        environment="prod",
        incident_id=incident_id,
        reason=reason,
        last_at=None if minutes_ago is None else NOW - timedelta(minutes=minutes_ago),
        now=NOW,
    )


def test_a_manager_may_break_glass_for_an_incident_once_an_hour() -> None:
    breaking()
    breaking(minutes_ago=60)
    with pytest.raises(RefusedError, match="again from 12:01 UTC on") as refused:
        breaking(minutes_ago=59)
    assert refused.value.code == "too-soon"


def test_glass_is_not_broken_without_right_incident_or_reason() -> None:
    for change, code in (
        ({"team": "oncall"}, "not-eligible"),
        ({"barred": "is a guest"}, "barred"),
        ({"incident_id": ""}, "no-incident"),
        ({"reason": " \n"}, "no-reason"),
    ):
        with pytest.raises(RefusedError) as refused:
            breaking(**change)  # type: ignore[arg-type]
        assert refused.value.code == code


def test_the_file_may_name_who_breaks_glass() -> None:
    rules = policy("roles: {break_glass: [oncall]}\n")
    rules.check_break_glass(
        person("ana", "oncall"),
        environment="prod",
        incident_id="I7",
        reason="x",
        last_at=None,
        now=NOW,
    )
