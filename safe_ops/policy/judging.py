"""What an operation needs before it may run: its tier, whose approvals, or that it never may.

Pure. Every exception can only add to what the table asks for, but autonomy, which
`safe_ops.policy.autonomy` weighs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from safe_ops.model.plans import Need, Stage, Tier
from safe_ops.policy.asked import Judgement
from safe_ops.policy.autonomy import (
    HIGHEST_AUTONOMOUS,
    OWN_FLOORS,
    reason_for_people,
    with_trust,
)
from safe_ops.policy.refusals import hard_refusal
from safe_ops.policy.roles import approving_teams
from safe_ops.policy.rules import Approvals, EnvClass, matches, strictest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.model.actions import Approval
    from safe_ops.policy.asked import Asked
    from safe_ops.policy.rules import OperationRule, Rules, Spot


def judge(rules: Rules, asked: Asked) -> Judgement:
    """Return what the policy says; a refusal still carries the needs it would have."""
    spot = rules.spot(asked.environment, asked.place, asked.namespace)
    exceptions = [
        rule
        for rule in rules.operations
        if matches(asked.operation, (rule.operation,)) and rule.covers(spot)
    ]
    tier, notes = _tier(asked, exceptions)
    approvals, more = _approvals(rules, asked, spot, tier, exceptions)
    needs = tuple(_need(rules, asked, spot, tier, stage) for stage in approvals.stages)
    never = (
        hard_refusal(asked.operation)
        or next((rule.never for rule in exceptions if rule.never), "")
        or next(_nobody(needs, spot), "")
    )
    return Judgement(tier=tier, needs=needs, never=never, notes=(*notes, *more))


def stricter(old: tuple[Need, ...], new: tuple[Need, ...]) -> tuple[Need, ...]:
    """Return what satisfies both, in the order of stages."""
    merged: list[Need] = []
    for stage in Stage:
        both = [need for need in (*old, *new) if need.stage is stage]
        if both:
            merged.append(
                replace(
                    both[0],
                    teams=tuple(
                        team for team in both[0].teams if all(team in one.teams for one in both)
                    ),
                    not_requester=any(one.not_requester for one in both),
                    factor=any(one.factor for one in both),
                    within_s=min(one.within_s for one in both),
                )
            )
    return tuple(merged)


def missing_approval(
    needs: tuple[Need, ...], approvals: tuple[Approval, ...], *, requester: str
) -> str:
    """Return which approval is missing, in words; empty when all needs are met.

    Each need takes a yes of its own stage and of a person of its own. Whether approvers are
    still in their teams is `check_approver`'s.
    """
    counted: set[str] = set()
    for need in needs:
        given = [approval for approval in approvals if approval.stage is need.stage]
        fitting = [
            approval
            for approval in given
            if approval.subject not in counted
            and not approval.subject.startswith("policy:")
            and not (need.not_requester and approval.subject == requester)
            and (approval.factor_at is not None or not need.factor)
        ]
        if not fitting:
            return _missing(need, given=bool(given))
        counted.add(fitting[0].subject)
    return ""


def _tier(asked: Asked, exceptions: list[OperationRule]) -> tuple[Tier, list[str]]:
    tier = asked.tier
    notes: list[str] = []
    if asked.tainted and tier < Tier.T4:
        tier = Tier(tier + 1)
        notes.append(f"raised to {tier.name}: a parameter came from free text")
    wanted = max((Tier[rule.tier] for rule in exceptions if rule.tier), default=tier)
    if wanted > tier:
        tier = wanted
        notes.append(f"raised to {tier.name}: the policy file says so for this operation")
    if asked.break_glass and tier < Tier.T4:
        tier = Tier.T4
        notes.append("raised to T4: guards are to be set aside")
    return tier, notes


def _approvals(
    rules: Rules, asked: Asked, spot: Spot, tier: Tier, exceptions: list[OperationRule]
) -> tuple[Approvals, list[str]]:
    if asked.break_glass:
        return Approvals.BOTH, []
    needed = rules.approvals_for(spot.env_class, tier)
    notes: list[str] = []
    if (
        tier <= HIGHEST_AUTONOMOUS
        and spot.env_class is EnvClass.DEV
        and any(rule.autonomous for rule in exceptions)
    ):
        needed = Approvals.NONE
    needed, why = with_trust(needed, asked=asked, spot=spot, tier=tier)
    notes.extend([why] if why else [])
    floor = OWN_FLOORS.get(asked.operation, Approvals.NONE)
    stricter = (rule.approvals for rule in exceptions if rule.approvals)
    needed = strictest((needed, floor, *stricter))
    if needed is Approvals.NONE and (why := reason_for_people(rules=rules, asked=asked, spot=spot)):
        needed = Approvals.ONCALL
        notes.append(why)
    return needed, notes


def _need(rules: Rules, asked: Asked, spot: Spot, tier: Tier, stage: Stage) -> Need:
    limits = rules.limits
    from_tier = rules.second_factor.get(spot.env_class)
    own_word_counts = stage is Stage.ONCALL and tier is Tier.T1 and rules.requester_may_confirm_t1
    return Need(
        stage=stage,
        teams=approving_teams(rules, stage, spot),
        not_requester=not own_word_counts,
        factor=asked.break_glass or (from_tier is not None and tier >= Tier[from_tier]),
        within_s=limits.oncall_wait_s if stage is Stage.ONCALL else limits.manager_wait_s,
    )


def _nobody(needs: tuple[Need, ...], spot: Spot) -> Iterator[str]:
    for need in needs:
        if not need.teams:
            where = "/".join(part for part in (spot.place, spot.namespace) if part)
            yield (
                f"Nobody may give the {need.stage.label} approval for {where} in"
                f" {spot.environment}: name a team under roles.{need.stage} of the policy file"
            )


def _missing(need: Need, *, given: bool) -> str:
    wanted = f"the {need.stage.label} approval of a member of {', '.join(need.teams) or 'no team'}"
    conditions = [
        *(["other than who asked"] if need.not_requester else []),
        *(["with a second factor"] if need.factor else []),
    ]
    says = " ".join([wanted, *conditions])
    return (
        f"{says} is missing: the one given does not count any more"
        if given
        else (f"{says} is missing")
    )
