"""What an operation needs: tiers, approvals, exceptions, autonomy earned and lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_ops.model.actions import State
from safe_ops.model.plans import Need, Stage, Tier
from safe_ops.model.trust import PastRun, TrustKey
from safe_ops.policy.judging import stricter
from safe_ops.policy.policy import Policy
from safe_ops.policy.rules import OperationRule, Rules
from safe_ops.policy.standard import DEFAULT_POLICY
from tests.unit.safe_ops.policies import approval, person, policy

TRUST = "A12 of 2026-11-21, for 20 verified runs"
ONCALL_NEED = Need(stage=Stage.ONCALL, teams=("oncall",), not_requester=True)
MANAGER_NEED = Need(stage=Stage.MANAGER, teams=("managers",), not_requester=True)


def judge(
    rules: Policy = DEFAULT_POLICY,
    tier: Tier = Tier.T2,
    environment: str = "prod",
    **asked: Any,
) -> Any:
    given: dict[str, Any] = {
        "operation": "scale_up",
        "place": "eu",
        "namespace": "shop",
        "by_alert": False,
        "record": (),
    }
    return rules.judge(tier=tier, environment=environment, **(given | asked))


def stages(judgement: Any) -> str:
    return "+".join(need.stage for need in judgement.needs) or "none"


@pytest.mark.parametrize(
    ("environment", "by_tier"),
    [
        ("dev", ["none", "none", "oncall", "oncall+manager"]),
        ("staging", ["none", "oncall", "oncall+manager", "oncall+manager"]),
        ("prod", ["oncall", "oncall", "oncall+manager", "oncall+manager"]),
        ("a word nobody listed", ["oncall", "oncall", "oncall+manager", "oncall+manager"]),
    ],
)
def test_the_standard_table_says_who_approves(environment: str, by_tier: list[str]) -> None:
    assert [stages(judge(tier=tier, environment=environment)) for tier in Tier] == by_tier


def test_standard_approvers_are_two_teams_with_time_to_answer() -> None:
    oncall, manager = judge(tier=Tier.T3).needs
    assert (oncall.teams, oncall.within_s) == (("oncall",), 900)
    assert (manager.teams, manager.within_s) == (("managers",), 1800)


def test_an_unknown_environment_counts_as_prod_and_a_class_as_itself() -> None:
    listed = policy("environments: {sandbox: dev}\n")
    known = [listed.class_of(name) for name in ("sandbox", "dev", "staging", "prod", "Dev", "")]
    assert known == ["dev", "dev", "staging", "prod", "prod", "prod"]


def test_who_asked_for_a_t1_may_confirm_it_but_nothing_above() -> None:
    assert [judge(tier=tier).needs[0].not_requester for tier in Tier] == [False, True, True, True]
    strict = policy("requester_may_confirm_t1: false\n")
    assert judge(strict, Tier.T1).needs[0].not_requester


def test_a_manager_never_confirms_an_own_request() -> None:
    both = policy("operations: [{operation: scale_up, approvals: oncall+manager}]\n")
    assert [need.not_requester for need in judge(both, Tier.T1).needs] == [False, True]


def test_a_t4_in_prod_takes_second_factors_of_both() -> None:
    assert [need.factor for need in judge(tier=Tier.T4).needs] == [True, True]
    assert not any(need.factor for need in judge(tier=Tier.T3).needs)
    assert not any(need.factor for need in judge(tier=Tier.T4, environment="staging").needs)


def test_second_factors_can_be_asked_for_earlier_and_elsewhere() -> None:
    wanted = policy("second_factor: {prod: T2, staging: T4}\n")
    assert judge(wanted, Tier.T2).needs[0].factor
    assert judge(wanted, Tier.T4, "staging").needs[0].factor
    assert not judge(wanted, Tier.T3, "staging").needs[0].factor


def test_a_parameter_from_free_text_raises_the_tier_and_calls_somebody() -> None:
    tainted = judge(tier=Tier.T1, environment="dev", tainted=True)
    assert tainted.tier is Tier.T2
    assert stages(tainted) == "oncall"
    assert tainted.notes == (
        "raised to T2: a parameter came from free text",
        "a parameter came from free text, so somebody has to look",
    )
    assert judge(tier=Tier.T4, tainted=True).tier is Tier.T4


def test_breaking_glass_takes_both_with_second_factors_everywhere() -> None:
    broken = judge(tier=Tier.T1, environment="dev", break_glass=True)
    assert broken.tier is Tier.T4
    assert [(need.stage, need.factor, need.not_requester) for need in broken.needs] == [
        (Stage.ONCALL, True, True),
        (Stage.MANAGER, True, True),
    ]
    assert judge(tier=Tier.T4, break_glass=True).notes == ()


def test_an_exception_raises_the_tier_but_never_lowers_it() -> None:
    raised = policy("operations: [{operation: 'scale_*', tier: T3}]\n")
    assert judge(raised, Tier.T2).tier is Tier.T3
    assert judge(raised, Tier.T2).notes == (
        "raised to T3: the policy file says so for this operation",
    )
    assert judge(raised, Tier.T4).tier is Tier.T4
    assert judge(raised, Tier.T2, operation="drain_node").tier is Tier.T2


def test_an_exception_counts_where_it_says() -> None:
    rules = policy(
        "operations:\n"
        "  - {operation: scale_up, environments: [prod], places: ['eu*'], namespaces: [shop],"
        " approvals: oncall+manager}\n"
    )
    assert stages(judge(rules)) == "oncall+manager"
    assert stages(judge(rules, environment="staging")) == "oncall"
    assert stages(judge(rules, place="us")) == "oncall"
    assert stages(judge(rules, namespace="")) == "oncall"


def test_never_forbids_with_the_files_own_words_and_still_names_its_needs() -> None:
    rules = policy("operations: [{operation: scale_up, never: ask the platform team}]\n")
    forbidden = judge(rules, environment="dev")
    assert forbidden.never == "ask the platform team"
    assert judge(rules, operation="scale_down").never == ""


def test_a_hard_refusal_stands_above_everything() -> None:
    rules = Policy(
        rules=Rules(
            operations=(OperationRule(operation="*", environments=("dev",), autonomous=True),)
        )
    )
    assert (
        "Namespaces are never deleted"
        in judge(rules, environment="dev", operation="delete_ns").never
    )


def test_where_nobody_may_approve_nothing_is_done() -> None:
    rules = policy("roles: {oncall: [{teams: [shop], namespaces: [shop]}]}\n")
    assert judge(rules).never == ""
    assert judge(rules, namespace="").never == (
        "Nobody may give the on-call approval for eu in prod: name a team under roles.oncall of the"
        " policy file"
    )


def test_roles_add_up_where_they_cover() -> None:
    rules = policy(
        "roles:\n"
        "  oncall:\n"
        "    - {teams: [shop], namespaces: ['shop*']}\n"
        "    - {teams: [platform, shop]}\n"
        "    - {teams: [us], places: [us]}\n"
    )
    assert judge(rules).needs[0].teams == ("shop", "platform")
    assert judge(rules, namespace="").needs[0].teams == ("platform", "shop")


def test_an_alert_does_not_run_alone_where_the_file_wants_a_person() -> None:
    rules = policy("unattended: [dev]\n")
    assert stages(judge(rules, Tier.T1, "staging")) == "none"
    asked_by_alert = judge(rules, Tier.T1, "staging", by_alert=True)
    assert stages(asked_by_alert) == "oncall"
    assert asked_by_alert.notes == ("nobody asked in person, and staging does not run unattended",)
    assert stages(judge(rules, Tier.T1, "dev", by_alert=True)) == "none"


def test_the_budget_of_unapproved_actions_runs_out() -> None:
    assert stages(judge(environment="dev", runs_this_hour=9)) == "none"
    spent = judge(environment="dev", runs_this_hour=10)
    assert stages(spent) == "oncall"
    assert spent.notes == (
        "10 actions ran in dev within the hour, and only 10 may without approval",
    )
    small = policy("limits: {autonomous_per_hour: 0}\n")
    assert stages(judge(small, Tier.T1, "dev")) == "oncall"


def test_after_a_run_that_failed_somebody_looks_at_the_next() -> None:
    failed = judge(environment="dev", record=(State.ROLLED_BACK, State.SUCCEEDED))
    assert stages(failed) == "oncall"
    assert failed.notes == ("its last run ended rolled_back, so somebody has to look",)
    assert stages(judge(environment="dev", record=(State.SUCCEEDED, State.FAILED))) == "none"


def test_autonomy_in_dev_is_for_t1_and_t2_and_yields_to_more_approvals() -> None:
    strict = "approvals: {dev: {T1: oncall, T2: oncall, T3: oncall}}\n"
    alone = "operations: [{operation: scale_up, environments: [dev], autonomous: true}]\n"
    assert stages(judge(policy(strict), Tier.T2, "dev")) == "oncall"
    assert stages(judge(policy(strict + alone), Tier.T2, "dev")) == "none"
    assert stages(judge(policy(strict + alone), Tier.T3, "dev")) == "oncall"
    both = alone + "  \n"
    both = both.replace("}]", "}, {operation: '*', approvals: oncall+manager}]")
    assert stages(judge(policy(both), Tier.T2, "dev")) == "oncall+manager"


def test_autonomy_written_past_the_file_is_not_believed_outside_dev() -> None:
    rules = Policy(rules=Rules(operations=(OperationRule(operation="*", autonomous=True),)))
    assert stages(judge(rules, Tier.T1, "prod")) == "oncall"


def test_trust_is_worth_one_approval_and_no_more() -> None:
    trusted = judge(trust=TRUST)
    assert stages(trusted) == "none"
    assert trusted.notes == (f"one approval less, trusted by {TRUST}",)
    assert stages(judge(tier=Tier.T3, environment="staging", trust=TRUST)) == "oncall"


def test_trust_does_not_take_back_what_free_text_costs() -> None:
    tainted = judge(tier=Tier.T2, environment="staging", tainted=True, trust=TRUST)
    assert (tainted.tier, stages(tainted)) == (Tier.T3, "oncall+manager")
    assert tainted.notes[1] == f"trusted by {TRUST}, but a parameter came from free text"


def test_without_trust_no_record_is_good_enough() -> None:
    assert stages(judge(record=(State.SUCCEEDED,) * 100)) == "oncall"


@pytest.mark.parametrize("bad", [State.FAILED, State.ROLLED_BACK, State.ROLLBACK_FAILED])
def test_what_is_trusted_is_looked_at_again_after_a_run_that_went_wrong(bad: State) -> None:
    judgement = judge(trust=TRUST, record=(bad, State.SUCCEEDED))
    assert stages(judgement) == "oncall"
    assert judgement.notes[1] == f"its last run ended {bad}, so somebody has to look"


@pytest.mark.parametrize("tier", [Tier.T3, Tier.T4])
def test_the_high_tiers_are_never_trusted_in_prod(tier: Tier) -> None:
    judgement = judge(tier=tier, trust=TRUST)
    assert stages(judgement) == "oncall+manager"
    assert judgement.notes == (
        f"trusted by {TRUST}, but {tier.name} is never trusted further in prod",
    )


def test_a_high_tier_never_runs_by_itself() -> None:
    judgement = judge(tier=Tier.T3, environment="dev", trust=TRUST)
    assert stages(judgement) == "oncall"
    assert judgement.notes == (f"trusted by {TRUST}, but T3 never runs by itself",)


def test_what_needs_nobody_has_nothing_to_be_trusted_with() -> None:
    assert judge(tier=Tier.T1, environment="dev", trust=TRUST).notes == ()


def test_an_exception_outweighs_what_was_earned() -> None:
    strict = policy("operations: [{operation: scale_up, approvals: oncall}]\n")
    assert stages(judge(strict, trust=TRUST)) == "oncall"


def test_breaking_glass_takes_all_approvals_whatever_is_trusted() -> None:
    assert stages(judge(trust=TRUST, break_glass=True)) == "oncall+manager"


@pytest.mark.parametrize("environment", ["dev", "staging", "prod", "elsewhere"])
def test_trust_is_given_by_two_people_and_taken_by_one_in_every_environment(
    environment: str,
) -> None:
    giving = judge(operation="autonomy_grant", tier=Tier.T3, environment=environment)
    taking = judge(operation="autonomy_withdraw", tier=Tier.T1, environment=environment)
    assert (stages(giving), giving.never) == ("oncall+manager", "")
    assert (stages(taking), taking.never) == ("oncall", "")
    assert all(need.not_requester for need in giving.needs)


def test_a_ladder_tells_what_trust_would_change() -> None:
    key = TrustKey(operation="scale_up", environment="prod", service_key="eu/shop/cart")
    run = PastRun(
        number=1,
        state=State.SUCCEEDED,
        tier=Tier.T2,
        place="eu",
        namespace="shop",
        approved=True,
        broke_glass=False,
    )
    ladder = DEFAULT_POLICY.ladder(key, run)
    assert ladder.before_says == "needs the on-call approval"
    assert ladder.after_says == "runs by itself inside the budget of 10 an hour"
    staging = DEFAULT_POLICY.ladder(replace(key, environment="staging"), replace(run, tier=Tier.T3))
    assert staging.before_says == "needs the on-call and the manager approvals"
    assert staging.after_says == "needs the on-call approval"


RECORDS = st.lists(st.sampled_from([State.SUCCEEDED, State.FAILED]), max_size=40).map(tuple)


@given(
    tier=st.sampled_from(list(Tier)),
    environment=st.sampled_from(["dev", "staging", "prod", "elsewhere"]),
    by_alert=st.booleans(),
    tainted=st.booleans(),
    break_glass=st.booleans(),
    runs=st.integers(0, 30),
    record=RECORDS,
    trusted=st.booleans(),
)
def test_nothing_ever_runs_alone_that_somebody_should_see(
    *,
    tier: Tier,
    environment: str,
    by_alert: bool,
    tainted: bool,
    break_glass: bool,
    runs: int,
    record: tuple[State, ...],
    trusted: bool,
) -> None:
    judgement = judge(
        DEFAULT_POLICY,
        tier,
        environment,
        trust=TRUST if trusted else "",
        by_alert=by_alert,
        tainted=tainted,
        break_glass=break_glass,
        runs_this_hour=runs,
        record=record,
    )
    assert judgement.tier >= tier
    if tier >= Tier.T3 or tainted or break_glass or runs >= 10:
        assert judgement.needs
    if record and record[0] is State.FAILED:
        assert judgement.needs
    if environment in {"prod", "elsewhere"}:
        assert judgement.needs or trusted
        assert tier < Tier.T3 or len(judgement.needs) == 2


def test_approvals_meet_needs_stage_by_stage() -> None:
    ana, max_ = person("ana"), person("max")
    needs = (ONCALL_NEED, MANAGER_NEED)
    given = (approval(ana, Stage.ONCALL),)
    assert DEFAULT_POLICY.satisfied((), ()) == ""
    assert DEFAULT_POLICY.satisfied((ONCALL_NEED,), given) == ""
    assert DEFAULT_POLICY.satisfied(needs, given) == (
        "the manager approval of a member of managers other than who asked is missing"
    )
    assert DEFAULT_POLICY.satisfied(needs, (*given, approval(max_, Stage.MANAGER))) == ""


def test_one_person_meets_one_need_only() -> None:
    ana = person("ana")
    given = (approval(ana, Stage.ONCALL), approval(ana, Stage.MANAGER))
    assert DEFAULT_POLICY.satisfied((ONCALL_NEED, MANAGER_NEED), given) == (
        "the manager approval of a member of managers other than who asked is missing: the one"
        " given does not count any more"
    )


def test_the_requesters_own_yes_and_the_policys_do_not_count() -> None:
    ana, itself = person("ana"), person("it", subject=f"policy:{DEFAULT_POLICY.hash}")
    own = (approval(ana, Stage.ONCALL),)
    assert DEFAULT_POLICY.satisfied((ONCALL_NEED,), own, requester="max") == ""
    assert DEFAULT_POLICY.satisfied((ONCALL_NEED,), own, requester="ana")
    assert DEFAULT_POLICY.satisfied((ONCALL_NEED,), (approval(itself, Stage.ONCALL),))
    self_confirmed = Need(stage=Stage.ONCALL, teams=("oncall",), not_requester=False)
    assert DEFAULT_POLICY.satisfied((self_confirmed,), own, requester="ana") == ""


def test_a_need_with_a_second_factor_takes_a_proof() -> None:
    ana = person("ana")
    need = Need(stage=Stage.ONCALL, teams=(), not_requester=False, factor=True)
    assert DEFAULT_POLICY.satisfied((need,), (approval(ana, Stage.ONCALL),)) == (
        "the on-call approval of a member of no team with a second factor is missing: the one given"
        " does not count any more"
    )
    assert DEFAULT_POLICY.satisfied((need,), (approval(ana, Stage.ONCALL, factor=True),)) == ""


def test_the_stricter_of_two_needs_asks_for_all_of_both() -> None:
    old = (Need(stage=Stage.ONCALL, teams=("a", "b"), not_requester=False, within_s=60),)
    new = (
        MANAGER_NEED,
        Need(stage=Stage.ONCALL, teams=("b", "c"), not_requester=True, factor=True),
    )
    assert stricter(old, new) == (
        Need(stage=Stage.ONCALL, teams=("b",), not_requester=True, factor=True, within_s=60),
        MANAGER_NEED,
    )
    assert stricter((), ()) == ()
