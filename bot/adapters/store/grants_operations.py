"""Rights on the tables of guarded operations: who asks, plans, says yes, writes down, stops.

A process that is not listed at a table may do nothing there. Nobody changes or deletes an approval,
a row of the journal or of the audit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.store import grants_audit as noted
from bot.adapters.store.grants_moves import (
    BY_DECIDING,
    BY_OPERATING,
    BY_PLANNING,
    BY_SWEEPING,
    named,
)
from bot.adapters.store.grants_rights import ALL, ANY_ROW, READ, Client, Right
from safe_ops.model.actions import AT_WORK, PENDING, State
from safe_ops.model.trust import OWN

if TYPE_CHECKING:
    from collections.abc import Mapping

_GENESIS: Final = "head_id = 1 AND number = 0 AND hash = repeat('0', 64)"
_HEAD_IS_LAST: Final = (
    "head_id = 1"
    " AND EXISTS (SELECT FROM audit_rows kept"
    " WHERE kept.number = audit_head.number AND kept.hash = audit_head.hash)"
    " AND NOT EXISTS (SELECT FROM audit_rows later WHERE later.number > audit_head.number)"
)
_DRAFT: Final = (
    "state = 'draft' AND version = 1 AND plan IS NULL AND digest = '' AND size = 0"
    " AND proof IS NULL AND reason = '\"\"' AND outcome IS NULL AND fence = 0 AND operator = ''"
    " AND lease_until IS NULL AND stage_until IS NULL AND executed_at IS NULL"
)
_PLAIN_END: Final = ',"break_glass":"","origin":""}'
"""How a stored request ends that sets no guard aside and follows no approved one. JSON that ends so
has these as its own last fields, and of fields with one name the last counts."""
_PLAIN_DRAFT: Final = f"{_DRAFT} AND right(request, {len(_PLAIN_END)}) = '{_PLAIN_END}'"
_RELEASED: Final = (
    "switches_id = 1 AND stopped_by = '' AND stopped_at IS NULL AND NOT read_only"
    " AND frozen = '\"\"'"
)
_NO_CARD: Final = "key NOT LIKE 'action/%'"
"""Cards of actions are the approval journey's; see `bot.adapters.slack.action_board`."""


def _of_action(table: str, *states: State, more: str = "") -> str:
    return (
        f"EXISTS (SELECT FROM actions own WHERE own.action_id = {table}.action_id"
        f" AND own.state IN ({named(states)}){more})"
    )


_OF_DRAFT: Final = _of_action("action_rationales", State.DRAFT)
_AGREED: Final = _of_action(
    "action_approvals", *PENDING, State.APPROVED, State.SCHEDULED, State.EXPIRED
)
_UNDER_FENCE: Final = _of_action(
    "action_journal", *AT_WORK, more=" AND own.fence = action_journal.fence"
)
_DECIDED: Final = ("state", "version", "proof", "reason", "outcome", "stage_until", "changed_at")
PLANNED: Final = (
    "plan",
    "digest",
    "operation",
    "environment",
    "target_key",
    "service_key",
    "size",
)
"""What is written once, with the plan."""
_PLANS: Final = (
    *PLANNED,
    "state",
    "version",
    "reason",
    "operator",
    "lease_until",
    "stage_until",
    "changed_at",
)
_OPERATES: Final = (*_PLANS, "outcome", "fence", "executed_at")
_CARD: Final = Right(reads=ALL, adds=ANY_ROW, changes=("version", "rows", "holder", "held_until"))
_CONFIRMS: Final = Right(reads=ALL, adds=ANY_ROW, changes=("counter",))
_THROWS: Final = Right(
    reads=ALL,
    adds=_RELEASED,
    changes=("stopped_by", "stopped_at", "read_only", "frozen"),
)
_LOCKS_SWITCHES: Final = Right(
    reads=ALL, adds=_RELEASED, changes=("switches_id",), changes_to="switches_id = 1"
)
_SENDS: Final = Right(reads=ALL, adds=ANY_ROW, changes=("ts", "intended_at", "sent_at"))
_CALLS: Final = Right(reads=ALL, adds=ANY_ROW, changes=("ts", "sent_at", "intended_at"))
"""Who reminds people takes it upon itself first, so that nobody is called twice."""
_SENDS_NO_CARD: Final = Right(
    reads=ALL, adds=_NO_CARD, changes=("ts", "intended_at", "sent_at"), changes_of=_NO_CARD
)
_CHAINS: Final = Right(
    reads=ALL, adds=_GENESIS, changes=("number", "hash"), changes_to=_HEAD_IS_LAST
)
_KEEPS: Final = Right(reads=ALL, adds=ANY_ROW)
_BY_APPROVAL: Final = (
    "EXISTS (SELECT FROM actions own WHERE 'A' || own.number = autonomy_grants.label"
    f" AND own.operation IN ({', '.join(repr(name) for name in sorted(OWN))})"
    f" AND own.state IN ({named(AT_WORK)}))"
)
"""Trust is written by the action that people approved for it, while that is at work."""


def _notes(events: tuple[str, ...], by: str, *, reads: tuple[str, ...] = ALL) -> Right:
    return Right(reads=reads, adds=noted.in_the_chain(events, by=by))


_LINKS: Final = ("number", "hash")
"""What of the audit's rows whoever adds one has to see."""

OPERATIONS: Final[Mapping[str, Mapping[Client, Right]]] = {
    "deliveries": {
        Client.LISTENER: _SENDS,
        Client.INVESTIGATOR: _SENDS_NO_CARD,
        Client.PLANNER: _SENDS,
        Client.OPERATOR: _SENDS,
        Client.CRON: _CALLS,
    },
    "actions": {
        Client.LISTENER: Right(reads=ALL, adds=_DRAFT, changes=_DECIDED, moves=BY_DECIDING),
        Client.INVESTIGATOR: Right(reads=ALL, adds=_PLAIN_DRAFT),
        Client.PLANNER: Right(reads=ALL, changes=_PLANS, moves=BY_PLANNING),
        Client.OPERATOR: Right(reads=ALL, changes=_OPERATES, moves=BY_PLANNING | BY_OPERATING),
        Client.CRON: Right(
            reads=ALL, adds=_DRAFT, changes=_DECIDED, moves=BY_DECIDING | BY_SWEEPING
        ),
        Client.AUDIT: READ,
    },
    "action_rationales": {
        Client.LISTENER: Right(reads=ALL, adds=_OF_DRAFT),
        Client.INVESTIGATOR: Right(adds=_OF_DRAFT),
        Client.PLANNER: READ,
        Client.OPERATOR: READ,
        Client.CRON: Right(reads=ALL, adds=_OF_DRAFT),
        Client.AUDIT: READ,
    },
    "action_approvals": {
        Client.LISTENER: Right(reads=ALL, adds=f"subject NOT LIKE 'policy:%' AND {_AGREED}"),
        Client.INVESTIGATOR: READ,
        Client.PLANNER: Right(reads=ALL, adds=f"subject LIKE 'policy:%' AND {_AGREED}"),
        Client.OPERATOR: Right(reads=ALL, adds=f"subject LIKE 'policy:%' AND {_AGREED}"),
        Client.CRON: Right(reads=ALL, adds=f"subject NOT LIKE 'policy:%' AND {_AGREED}"),
        Client.AUDIT: READ,
    },
    "action_journal": {
        Client.LISTENER: READ,
        Client.PLANNER: READ,
        Client.OPERATOR: Right(reads=ALL, adds=_UNDER_FENCE),
        Client.CRON: READ,
        Client.AUDIT: READ,
    },
    "action_cards": dict.fromkeys(
        (Client.LISTENER, Client.PLANNER, Client.OPERATOR, Client.CRON), _CARD
    ),
    "autonomy_grants": {
        Client.LISTENER: READ,
        Client.PLANNER: READ,
        Client.OPERATOR: Right(reads=ALL, adds=_BY_APPROVAL, deletes=True),
        Client.CRON: READ,
        Client.AUDIT: READ,
    },
    "autonomy_losses": {
        Client.LISTENER: READ,
        Client.PLANNER: READ,
        Client.OPERATOR: Right(reads=ALL, adds=ANY_ROW, deletes=True),
        Client.CRON: READ,
        Client.AUDIT: READ,
    },
    "switches": {
        Client.LISTENER: _THROWS,
        Client.PLANNER: READ,
        Client.OPERATOR: _LOCKS_SWITCHES,
        # An order that was stored and not routed at once is routed by cron, a stop among them.
        Client.CRON: _THROWS,
        Client.AUDIT: READ,
    },
    "audit_head": {client: _CHAINS for client in Client if client is not Client.AUDIT}
    | {Client.AUDIT: READ},
    "audit_rows": {
        Client.LISTENER: _notes(noted.BY_LISTENER, noted.NO_OPERATOR),
        Client.INVESTIGATOR: _notes(noted.BY_INVESTIGATOR, noted.NO_PROGRAM, reads=_LINKS),
        Client.PLANNER: _notes(noted.BY_PLANNER, noted.PROGRAM),
        Client.OPERATOR: _notes(noted.BY_OPERATOR, noted.PROGRAM),
        Client.CRON: _notes(noted.BY_CRON, noted.NO_OPERATOR),
        Client.AUDIT: READ,
        Client.FACTOR: _notes(noted.BY_FACTOR, noted.TERMINAL, reads=_LINKS),
    },
    "audit_checkpoints": {Client.OPERATOR: _KEEPS, Client.CRON: _KEEPS, Client.AUDIT: READ},
    "audit_shipments": {
        Client.OPERATOR: Right(reads=ALL, adds=ANY_ROW, changes=("number",)),
        Client.CRON: Right(reads=ALL, adds=ANY_ROW, changes=("number",)),
        Client.AUDIT: READ,
    },
    "factors": {
        # By the page of security keys; apps are enrolled at a terminal only.
        Client.LISTENER: Right(reads=ALL, adds="kind = 'webauthn'"),
        Client.CRON: READ,
        Client.FACTOR: Right(reads=ALL, adds=ANY_ROW, deletes=True),
    },
    "factor_counters": {
        Client.LISTENER: _CONFIRMS,
        Client.CRON: _CONFIRMS,
        Client.FACTOR: _CONFIRMS,
    },
}
