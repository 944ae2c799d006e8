"""How far an operation may go without people: what it earned by its record, and what takes it back.

Pure. Only people add to `graduated`; nothing here ever does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.actions import State
from safe_ops.model.plans import Tier
from safe_ops.policy.rules import Approvals, EnvClass, covers_environment, matches

if TYPE_CHECKING:
    from safe_ops.policy.asked import Asked
    from safe_ops.policy.rules import Rules, Spot

VERIFIED_RUNS = 20
"""Runs that were verified within the record's 30 days before an operation may graduate."""
HIGHEST_AUTONOMOUS = Tier.T2
"""T3 and T4 always need somebody's yes."""


def graduated(
    needed: Approvals, *, rules: Rules, asked: Asked, spot: Spot, tier: Tier
) -> tuple[Approvals, str]:
    """Return what is needed after what the operation earned, and why; one step at most."""
    listed = any(
        entry.operation == asked.operation
        and covers_environment((entry.environment,), spot.environment, spot.env_class)
        and matches(asked.service, (entry.service,))
        for entry in rules.graduated
    )
    if not listed or needed is Approvals.NONE:
        return needed, ""
    if tier > HIGHEST_AUTONOMOUS and (
        spot.env_class is EnvClass.PROD or needed.step_down is Approvals.NONE
    ):
        return needed, f"{tier.name} in {spot.environment} is never graduated further"
    bad = sum(state is not State.SUCCEEDED for state in asked.record)
    if bad:
        return needed, f"graduated, but {bad} of its runs in 30 days failed or were undone"
    if len(asked.record) < VERIFIED_RUNS:
        return needed, f"graduated, but only {len(asked.record)} of {VERIFIED_RUNS} verified runs"
    return needed.step_down, f"graduated: {len(asked.record)} verified runs, none failed or undone"


def reason_for_people(*, rules: Rules, asked: Asked, spot: Spot) -> str:
    """Return why somebody has to approve what else would run by itself; empty if nobody has to."""
    budget = rules.limits.autonomous_per_hour
    if asked.tainted:
        return "a parameter came from free text, so somebody has to look"
    if asked.record and asked.record[0] is not State.SUCCEEDED:
        return f"its last run ended {asked.record[0]}, so somebody has to look"
    if asked.runs_this_hour >= budget:
        return (
            f"{asked.runs_this_hour} actions ran in {spot.environment} within the hour, and only"
            f" {budget} may without approval"
        )
    if asked.by_alert and spot.env_class not in rules.unattended:
        return f"nobody asked in person, and {spot.environment} does not run unattended"
    return ""
