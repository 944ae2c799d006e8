"""Which audit rows each process may add, so that none speaks in another's name.

A row has to follow from the last one, too; whether its hash is right no database can tell, and
`nightdesk audit verify` does.
"""

from __future__ import annotations

from typing import Final

_DECIDED: Final = (
    "action.requested",
    "action.agreed",
    "action.approved",
    "action.scheduled",
    "action.expired",
    "action.rejected",
    "action.cancelled",
    "action.revoked",
    "action.factor_failed",
    "action.settled",
    "click.refused",
    "order.refused",
    "switch.set",
    "record.not_closed",
)
BY_LISTENER: Final = (*_DECIDED, "factor.added")
BY_CRON: Final = (*_DECIDED, "action.window_opened")
BY_INVESTIGATOR: Final = ("action.requested", "run.closed")
BY_PLANNER: Final = (
    "action.planned",
    "action.break_glass_planned",
    "action.approved",
    "action.scheduled",
    "action.expired",
    "action.blocked",
    "action.cancelled",
    "planning.abandoned",
    "record.opened",
    "record.not_opened",
    "record.not_closed",
)
BY_OPERATOR: Final = (
    *BY_PLANNER,
    "action.claimed",
    "action.taken_over",
    "action.started",
    "action.sent",
    "action.succeeded",
    "action.failed",
    "action.outcome_lost",
    "action.undo_begun",
    "action.rolled_back",
    "action.rollback_failed",
    "action.stale",
    "action.looked_again",
    "action.settled",
    "action.revoked",
    "call.before",
    "call.after",
    "claim.refused",
    "readback.in_doubt",
    "autonomy.given",
    "autonomy.lost",
    "autonomy.taken_back",
)
BY_FACTOR: Final = ("factor.invited", "factor.added", "factor.removed")

# In whose name: conditions on the actor's subject.
PROGRAM: Final = "LIKE 'process:%'"
NO_PROGRAM: Final = "!~ '^(process|policy):'"
NO_OPERATOR: Final = "NOT LIKE 'process:operator%'"
TERMINAL: Final = "= 'process:terminal'"

_NUL: Final = r"(^|[^\\])(\\\\)*\\u0000"
"""The one escape of JSON that text in PostgreSQL cannot hold; the audit writes none."""
_FOLLOWS: Final = (
    "EXISTS (SELECT FROM audit_head head WHERE head.head_id = 1"
    " AND head.number + 1 = audit_rows.number AND head.hash = audit_rows.previous_hash)"
)


def in_the_chain(events: tuple[str, ...], *, by: str) -> str:
    """Return what must hold of a row of the audit that tells one of these events."""
    known = ", ".join(f"'{event}'" for event in events)
    return (
        f"{_FOLLOWS} AND CASE WHEN entry ~ '{_NUL}' THEN false"
        " ELSE entry::json ->> 'action_id' = action_id"
        f" AND entry::json ->> 'event' IN ({known})"
        f" AND entry::json #>> '{{actor,subject}}' {by} END"
    )
