"""What no change of an action may do, whoever decided it; the database's indexes are the last word.

An end is an end, a plan is what it was, a target belongs to one open action, a service to one at
work, and nothing begins while a switch is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from bot.adapters.store.operation_tables import OPEN, actions
from bot.adapters.store.switches import hold_switches
from safe_ops.errors import RefusedError
from safe_ops.model.actions import AT_WORK, TERMINAL, State

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from safe_ops.model.actions import Action
    from safe_ops.model.transition import Transition

_UNSTARTED = frozenset({State.APPROVED, State.SCHEDULED, State.CLAIMED})
_STARTS = frozenset({State.CLAIMED, State.EXECUTING})


def check_lasting(action: Action, wanted: Transition) -> None:
    """Return if the change leaves alone what never changes: an end, a plan, its digest.

    Raises:
        RefusedError: `ended` or `plan`.
    """
    if action.state in TERMINAL:
        raise RefusedError(
            f"{action.label} has ended as {action.state}, and stays so; ask for a new one.",
            code="ended",
        )
    kept = ((action.plan, wanted.plan), (action.digest or None, wanted.digest))
    if any(None not in (old, new) and old != new for old, new in kept):
        raise RefusedError(
            f"{action.label} has its plan, which never changes; ask for a new one.", code="plan"
        )


def check_switches(connection: Connection, action: Action, wanted: Transition) -> None:
    """Return if no switch is set, or no calls would begin by the change.

    What has begun goes on to its end by other rules: its journal refuses further steps.

    Raises:
        RefusedError: `stopped` or `read-only`.
    """
    renews = wanted.state is action.state and not wanted.fence_up
    if renews or action.state not in _UNSTARTED or wanted.state not in _STARTS:
        return
    switches = hold_switches(connection)
    if switches.stopped_by:
        raise RefusedError(
            f"Everything is stopped by {switches.stopped_by}; {action.label} does not begin"
            " before the stop is released.",
            code="stopped",
        )
    if switches.read_only:
        raise RefusedError(
            f"Nightdesk only reads at present; {action.label} does not begin before that is"
            " switched off.",
            code="read-only",
        )


def check_alone(connection: Connection, action: Action, wanted: Transition) -> None:
    """Return if nobody else has what the state needs alone: the target, at work the service too.

    Raises:
        RefusedError: `busy`; `plan` where there is none, and so no target.
    """
    if wanted.state not in OPEN:
        return
    plan = action.plan or wanted.plan
    if plan is None:
        raise RefusedError(
            f"{action.label} has no plan yet and cannot become {wanted.state}.", code="plan"
        )
    in_the_way: list[ColumnElement[bool]] = []
    if action.state not in OPEN:
        in_the_way.append((actions.c.target_key == plan.target.key) & actions.c.state.in_(OPEN))
    if wanted.state in AT_WORK and action.state not in AT_WORK:
        in_the_way.append(
            (actions.c.service_key == plan.target.service_key) & actions.c.state.in_(AT_WORK)
        )
    if not in_the_way:
        return
    other = connection.execute(
        select(actions.c.number, actions.c.state, actions.c.operation)
        .where(actions.c.action_id != action.action_id, or_(*in_the_way))
        .order_by(actions.c.number)
    ).first()
    if other is not None:
        raise busy(action, f"A{other.number} ({other.operation}, {other.state})")


def busy(action: Action, other: str) -> RefusedError:
    """Return the refusal of an action whose target or service another one has."""
    return RefusedError(
        f"{action.label} has to wait: {other} is open on the same target or service."
        " Decide that one, or await its end.",
        code="busy",
    )
