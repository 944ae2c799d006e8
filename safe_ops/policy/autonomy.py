"""How far an operation may go without people: with trust it earned, and what asks for them still.

Pure. Trust is given by an approved action and handed in; nothing here gives or takes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from safe_ops.model.actions import State
from safe_ops.model.plans import Tier
from safe_ops.model.trust import GRANT, WITHDRAW
from safe_ops.policy.rules import Approvals, EnvClass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from safe_ops.policy.asked import Asked
    from safe_ops.policy.rules import Rules, Spot

HIGHEST_AUTONOMOUS: Final = Tier.T2
"""T3 and T4 always need somebody's yes."""
OWN_FLOORS: Final[Mapping[str, Approvals]] = {
    GRANT: Approvals.BOTH,
    WITHDRAW: Approvals.ONCALL,
}
"""What changes of trust need everywhere: in dev, too, nobody gives it alone."""


def with_trust(needed: Approvals, *, asked: Asked, spot: Spot, tier: Tier) -> tuple[Approvals, str]:
    """Return what is needed with the trust there is, and why; one step at most."""
    if not asked.trust or needed is Approvals.NONE:
        return needed, ""
    # The tier it was raised by costs an approval; trust was earned by runs nobody's text steered.
    why = "a parameter came from free text" if asked.tainted else ""
    why = why or never_trusted(needed, tier=tier, env_class=spot.env_class)
    if why:
        return needed, f"trusted by {asked.trust}, but {why}"
    return needed.step_down, f"one approval less, trusted by {asked.trust}"


def never_trusted(needed: Approvals, *, tier: Tier, env_class: EnvClass) -> str:
    """Return why trust takes no approval away, whatever the record; empty where it does."""
    if tier <= HIGHEST_AUTONOMOUS:
        return ""
    if env_class is EnvClass.PROD:
        return f"{tier.name} is never trusted further in prod"
    if needed.step_down is Approvals.NONE:
        return f"{tier.name} never runs by itself"
    return ""


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
