"""Where an action stands, read off its row: in words, whose turn it is, whether time ran out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.model.actions import PENDING, Action, State

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.events import WindowView
    from safe_ops.model.plans import Need

FACTOR_WITHIN = timedelta(minutes=5)
"""How long a yes waits for its giver's second factor."""
PROOF_FAILURES = 5
"""So many answers that do not hold end the action."""
REDEEM_WITHIN = timedelta(minutes=10)
"""How long after the last approval an operator may begin: later the world is another one."""
LEASE = timedelta(seconds=60)
"""How long an operator may be silent before another takes over."""
DRAFT_FOR = timedelta(hours=1)
"""A wish nobody planned for so long is not what its asker means any more."""
SILENT_FOR = timedelta(minutes=10)
"""How long a run may be without an operator: later it is not gone on with, and a person looks."""
SCHEDULE_WITHIN = timedelta(hours=4)
"""How far off a window may be for an approval to wait for it."""

LOOK_AGAIN_AFTER = (timedelta(minutes=1), timedelta(minutes=4), timedelta(minutes=10))
"""Pauses before each time an unknown outcome is read back again: 1, 5 and 15 minutes after it was
lost. What is not told by then is left to people."""

STANDING = {
    State.DRAFT: "is not planned yet",
    State.PENDING_ONCALL: "waits for the on-call tier",
    State.PENDING_MANAGER: "waits for the manager tier",
    State.PENDING_FACTOR: "waits for the second factor of whoever agreed",
    State.APPROVED: "is approved and about to run",
    State.SCHEDULED: "is approved and waits for its window",
    State.CLAIMED: "is approved and being checked once more",
    State.EXECUTING: "is running",
    State.VERIFYING: "has run and is being verified",
    State.ROLLING_BACK: "is being undone",
    State.INDETERMINATE: "has an unknown outcome that a manager has to settle",
    State.SUCCEEDED: "has succeeded",
    State.FAILED: "has failed",
    State.ROLLED_BACK: "was undone",
    State.ROLLBACK_FAILED: "could not be undone",
    State.BLOCKED: "was blocked; it was not run",
    State.REJECTED: "was denied; it was not run",
    State.EXPIRED: "has expired; it was not run",
    State.CANCELLED: "was taken back; it was not run",
    State.REVOKED: "was revoked; it was not run",
    State.STALE: "was stopped because the target had changed; nothing was changed",
}
"""Where an action stands, in words that follow its name."""


def standing(action: Action) -> str:
    """Return a sentence's beginning, such as `A12 has expired; it was not run`."""
    return f"{action.label} {STANDING[action.state]}"


def clause(says: str) -> str:
    """Return a sentence without its full stop, to stand inside another one."""
    return says.rstrip(". ")


def current_need(action: Action) -> Need | None:
    """Return the approval that is due now; None where none is."""
    if action.plan is None or action.state not in PENDING:
        return None
    return next(iter(action.plan.needs[len(action.approvals) :]), None)


def ran_out(action: Action, now: datetime) -> bool:
    """Tell whether what the action waits for did not come in time."""
    ends = [action.stage_until, action.plan.expires_at if action.plan is not None else None]
    return any(end is not None and now >= end for end in ends)


def lies_unplanned(action: Action, now: datetime) -> bool:
    """Tell whether nobody planned a wish for so long that it is to be made again."""
    return action.state is State.DRAFT and now - action.created_at > DRAFT_FOR


def lease_is_over(action: Action, now: datetime) -> bool:
    """Tell whether whoever holds the action was silent for longer than its lease."""
    return action.lease_until is None or now >= action.lease_until


def looks_left(action: Action) -> tuple[timedelta, ...]:
    """Return the pauses before each look still to be taken at an unknown outcome, this one's first.

    The present pause is the time between the action's last change and the end of its stage.
    """
    if action.state is not State.INDETERMINATE or action.stage_until is None:
        return ()
    pause = action.stage_until - action.changed_at
    if pause not in LOOK_AGAIN_AFTER:
        return ()
    return LOOK_AGAIN_AFTER[LOOK_AGAIN_AFTER.index(pause) :]


def is_to_be_looked_at(action: Action, now: datetime) -> bool:
    """Tell whether it is time to read back once more what became of an action."""
    is_time = action.stage_until is not None and now >= action.stage_until
    return bool(looks_left(action)) and is_time and lease_is_over(action, now)


def may_begin(action: Action, window: WindowView) -> bool:
    """Tell whether the window lets it begin.

    Break-glass sets windows aside, and what changes nothing but our own database needs none.
    """
    plan = action.plan
    return window.open or (plan is not None and (bool(plan.break_glass) or plan.target.is_own))
