"""Tables of guarded operations: actions, what people said to them, what was sent, and the audit.

`tables` has them, too. Rows of approvals, journal, audit and checkpoints are only ever added.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from bot.adapters.store.columns import Stored, UtcTime
from bot.adapters.store.naming import metadata
from safe_ops.model.actions import AT_WORK, PENDING, Outcome, PendingProof, Request, State
from safe_ops.model.plans import Plan
from safe_ops.model.trail import AuditEntry

OPEN = PENDING | AT_WORK | {State.APPROVED, State.SCHEDULED}
"""Planned and not ended: states in which an action has its target to itself."""


def _in(states: frozenset[State]) -> str:
    names = ", ".join(f"'{state}'" for state in sorted(states))
    return f"state IN ({names})"


def _one(name: str, column: str, states: frozenset[State]) -> Index:
    """Return the last word on "one at a time", should two check at the same moment."""
    held = text(_in(states))
    return Index(name, column, unique=True, sqlite_where=held, postgresql_where=held)


actions = Table(
    "actions",
    metadata,
    Column("action_id", String, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    Column("request_key", String, nullable=False, unique=True),
    Column("state", String, nullable=False),
    Column("version", Integer, nullable=False),
    Column("request", Stored(Request), nullable=False),
    Column("requester", String, nullable=False),
    # From the plan on; what guards and indexes ask of it stands beside it.
    Column("plan", Stored(Plan)),
    Column("digest", String, nullable=False),
    Column("operation", String),
    Column("environment", String),
    Column("target_key", String),
    Column("service_key", String),
    Column("size", Integer, nullable=False),
    Column("proof", Stored(PendingProof)),
    Column("reason", Stored(str), nullable=False),
    Column("outcome", Stored(Outcome)),
    Column("fence", Integer, nullable=False),
    Column("operator", String, nullable=False),
    Column("lease_until", UtcTime),
    Column("stage_until", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    # When its calls began: from then on it counts for pace, cool-down and record.
    Column("executed_at", UtcTime),
    # At work is open, too: the first is also the last word on one at work per target.
    _one("uq_actions_open_target", "target_key", OPEN),
    _one("uq_actions_service_at_work", "service_key", AT_WORK),
    Index(None, "state", "number"),
    Index(None, "target_key"),
    Index(None, "service_key"),
    Index(None, "environment", "changed_at"),
    Index(None, "changed_at"),
)

action_rationales = Table(
    "action_rationales",
    metadata,
    Column("action_id", ForeignKey("actions.action_id"), primary_key=True),
    Column("body", Stored(str), nullable=False),
)

action_approvals = Table(
    "action_approvals",
    metadata,
    Column("action_id", ForeignKey("actions.action_id"), primary_key=True),
    Column("stage", String, primary_key=True),
    Column("subject", String, nullable=False),
    Column("slack_id", String, nullable=False),
    Column("name", Stored(str), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("factor", String, nullable=False),
    Column("factor_at", UtcTime),
    # Two stages are two people, whatever the policy says.
    UniqueConstraint("action_id", "subject"),
)

action_journal = Table(
    "action_journal",
    metadata,
    Column("action_id", ForeignKey("actions.action_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("fence", Integer, nullable=False),
    Column("part", String, nullable=False),
    Column("step", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("phase", String, nullable=False),
    Column("outcome", String),
    Column("says", Stored(str), nullable=False),
    Column("at", UtcTime, nullable=False),
    UniqueConstraint("action_id", "part", "step", "attempt", "phase"),
)

action_cards = Table(
    "action_cards",
    metadata,
    Column("action_id", ForeignKey("actions.action_id"), primary_key=True),
    # What it shows: the action's version, and how many rows of its journal.
    Column("version", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    # Who draws it now; empty when nobody does.
    Column("holder", String, nullable=False),
    Column("held_until", UtcTime),
)

autonomy_grants = Table(
    "autonomy_grants",
    metadata,
    # Which operation is trusted with one approval less; a row that is gone is trust that is gone.
    Column("operation", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("service_key", String, primary_key=True),
    Column("label", String, nullable=False),
    Column("runs", Integer, nullable=False),
    Column("given_at", UtcTime, nullable=False),
)

autonomy_losses = Table(
    "autonomy_losses",
    metadata,
    # The last run that went wrong after its first call, and whether it took trust with it.
    Column("operation", String, primary_key=True),
    Column("environment", String, primary_key=True),
    Column("service_key", String, primary_key=True),
    Column("action_id", ForeignKey("actions.action_id"), nullable=False),
    Column("label", String, nullable=False),
    Column("was_trusted", Boolean, nullable=False),
    Column("lost_at", UtcTime, nullable=False),
)

switches = Table(
    "switches",
    metadata,
    # One row; its lock is what makes a stop count from its commit on.
    Column("switches_id", Integer, primary_key=True, autoincrement=False),
    Column("stopped_by", String, nullable=False),
    Column("stopped_at", UtcTime),
    Column("read_only", Boolean, nullable=False),
    Column("frozen", Stored(str), nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    # One row; its lock is the chain's, so that numbers have no gap.
    Column("head_id", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, nullable=False),
    Column("hash", String, nullable=False),
)

audit_rows = Table(
    "audit_rows",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("action_id", String, nullable=False),
    Column("entry", Stored(AuditEntry), nullable=False),
    Column("previous_hash", String, nullable=False),
    Column("hash", String, nullable=False),
    Index(None, "action_id", "number"),
)

audit_checkpoints = Table(
    "audit_checkpoints",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key_id", String, primary_key=True),
    Column("hash", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("signature", String, nullable=False),
)

audit_shipments = Table(
    "audit_shipments",
    metadata,
    Column("sink", String, primary_key=True),
    Column("number", Integer, nullable=False),
)

factors = Table(
    "factors",
    metadata,
    Column("factor_id", String, primary_key=True),
    Column("subject", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("secret", String, nullable=False),
    Column("label", Stored(str), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index(None, "subject"),
)

factor_counters = Table(
    "factor_counters",
    metadata,
    Column("subject", String, primary_key=True),
    # A WebAuthn counter has 32 bits without a sign.
    Column("counter", BigInteger, nullable=False),
)
