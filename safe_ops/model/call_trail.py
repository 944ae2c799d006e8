"""What the audit holds of a row of the journal, so that the chain proves the journal as well. Pure.

The audit says which call it was, and never what stood in its body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from safe_ops.model.actions import Phase
from safe_ops.model.trail import Actor, AuditEntry

if TYPE_CHECKING:
    from safe_ops.model.actions import Action, JournalRow
    from safe_ops.model.plans import Call, Json

STEPS: Final = "steps"
UNDO: Final = "undo"
"""The two parts of a plan that are sent."""
CALL_EVENTS: Final = {Phase.BEFORE: "call.before", Phase.AFTER: "call.after"}
"""What a row of each phase is called in the audit."""
NUMBER: Final = "row"
"""Name of the fact that says which row of its action's journal it is, from 1."""


def call_entry(action: Action, row: JournalRow, *, number: int) -> AuditEntry:
    """Return what the audit holds of the row that is the journal's `number`th, from 1."""
    call = _call(action, row)
    named: dict[str, Json] = {} if call is None else {"call": call.action, "path": call.path}
    return AuditEntry(
        event=CALL_EVENTS[row.phase],
        actor=Actor(subject="process:operator", address=action.operator),
        action_id=row.action_id,
        digest=action.digest,
        says=row.says,
        facts=named | call_facts(row, number=number),
    )


def call_facts(row: JournalRow, *, number: int) -> dict[str, Json]:
    """Return what of a row stands in the audit as facts, apart from the call itself."""
    return {
        NUMBER: number,
        "part": row.part,
        "step": row.step,
        "attempt": row.attempt,
        "fence": row.fence,
        "outcome": "" if row.outcome is None else row.outcome.value,
    }


def _call(action: Action, row: JournalRow) -> Call | None:
    """Return the plan's call the row is of; None where the plan has none of that number."""
    if action.plan is None:
        return None
    drawing = action.plan.drawing
    steps = drawing.undo if row.part == UNDO else drawing.steps
    return steps[row.step].call if row.step < len(steps) else None
