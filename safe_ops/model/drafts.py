"""A draft while it is planned: for how long one operator has it, and how often one may fail at it.

Pure values. What a fault nobody thought of does to a planner is found by its silence.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from safe_ops.model.trail import Actor, AuditEntry

if TYPE_CHECKING:
    from safe_ops.model.actions import Action

PLAN_WITHIN: Final = timedelta(seconds=90)
"""So long one operator has a draft to itself: it reads, rehearses and opens a record in seconds."""
MOST_PLANNINGS: Final = 3
"""So often it is begun: what as many came to no end with, the next one would not either."""
ABANDONED: Final = "planning.abandoned"
"""Event of a planning that came to no end, whatever befell its operator."""


def abandoned_entry(action: Action, *, tries: int) -> AuditEntry:
    """Return what the audit holds of a planning nobody ended; it was the `tries`th, from 1."""
    return AuditEntry(
        event=ABANDONED,
        actor=Actor(subject="process:operator", address=action.operator),
        action_id=action.action_id,
        says=f"it was begun to be planned and that came to no end, {tries} of {MOST_PLANNINGS}",
        facts={"tries": tries},
    )
