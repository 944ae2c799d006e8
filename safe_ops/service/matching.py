"""Whether a click is about the action as it is now: its stage, its version, its digest.

It knows nothing of rights: those are asked afterwards.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError
from safe_ops.model.actions import State
from safe_ops.model.standing import clause, current_need, standing

if TYPE_CHECKING:
    from safe_ops.model.actions import Action, Person
    from safe_ops.model.plans import Need, Plan
    from safe_ops.service.deciding import Click

DIGEST_AT_LEAST = 32
"""Hexadecimal digits of the digest a button must carry: half of it, 128 bits."""


def matched(click: Click, action: Action) -> tuple[Plan, Need]:
    """Return the plan and the approval a click is about, if its card is the one of now.

    Raises:
        RefusedError: `state`, `stage`, `factor`, `version` or `digest`.
    """
    plan, need = action.plan, current_need(action)
    if plan is None or need is None:
        said = ", ".join(
            f"{given.name} agreed at {given.at:%H:%M} UTC" for given in action.approvals
        )
        says = "; ".join(part for part in (standing(action), clause(action.reason), said) if part)
        raise RefusedError(f"{says}. Your click changed nothing.", code="state")
    if click.stage is not need.stage:
        before = [given for given in action.approvals if given.stage is click.stage]
        said = f"{before[0].name} agreed at {before[0].at:%H:%M} UTC already; " if before else ""
        raise RefusedError(f"{said}{standing(action)}. Your click changed nothing.", code="stage")
    if click.approve and action.state is State.PENDING_FACTOR:
        raise RefusedError(f"{standing(action)}. Your click changed nothing.", code="factor")
    if click.version != action.version:
        raise RefusedError(
            f"This card of {action.label} is out of date; use the newest one.", code="version"
        )
    if len(click.digest) < DIGEST_AT_LEAST or not action.digest.startswith(click.digest):
        raise RefusedError(
            f"This card does not show the plan {action.label} has; nothing was decided.",
            code="digest",
        )
    return plan, need


def check_enrolled(need: Need, person: Person, *, enrolled: bool) -> None:
    """Refuse a yes that could never be proven.

    Raises:
        RefusedError: `no-factor`.
    """
    if need.factor and not enrolled:
        raise RefusedError(
            f"This approval needs a second factor, and {person.name} has none enrolled: whoever "
            f"runs Nightdesk enrols one with `nightdesk factor add {person.subject}`; or ask "
            "somebody who has one.",
            code="no-factor",
        )
