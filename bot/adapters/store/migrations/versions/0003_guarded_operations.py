"""Tables of the third journey: actions, approvals, their journal, the switches and the audit.

Columns are spelt out here, not taken from tables.py: a migration is history and must not change
when the tables do.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

OPEN = (
    "state IN ('approved', 'claimed', 'executing', 'indeterminate', 'pending_factor',"
    " 'pending_manager', 'pending_oncall', 'rolling_back', 'scheduled', 'verifying')"
)
AT_WORK = "state IN ('claimed', 'executing', 'indeterminate', 'rolling_back', 'verifying')"


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _value(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False)


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _action(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["action_id"], ["actions.action_id"], name=f"fk_{table}_action_id_actions"
    )


def _primary(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=f"uq_{table}_{'_'.join(columns)}")


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def _one(name: str, column: str, where: str) -> None:
    condition = sa.text(where)
    op.create_index(
        name,
        "actions",
        [column],
        unique=True,
        sqlite_where=condition,
        postgresql_where=condition,
    )


def upgrade() -> None:
    _actions()
    _said()
    _shown()
    _audit()
    _people()


def _actions() -> None:
    op.create_table(
        "actions",
        _text("action_id"),
        _number("number"),
        _text("request_key"),
        _text("state"),
        _number("version"),
        _value("request"),
        _text("requester"),
        _value("plan", nullable=True),
        _text("digest"),
        _text("operation", nullable=True),
        _text("environment", nullable=True),
        _text("target_key", nullable=True),
        _text("service_key", nullable=True),
        _number("size"),
        _value("proof", nullable=True),
        _value("reason"),
        _value("outcome", nullable=True),
        _number("fence"),
        _text("operator"),
        _time("lease_until", nullable=True),
        _time("stage_until", nullable=True),
        _time("created_at"),
        _time("changed_at"),
        _time("executed_at", nullable=True),
        _primary("actions", "action_id"),
        _unique("actions", "number"),
        _unique("actions", "request_key"),
    )
    _one("uq_actions_open_target", "target_key", OPEN)
    _one("uq_actions_service_at_work", "service_key", AT_WORK)
    _index("actions", "state", "number")
    _index("actions", "environment", "changed_at")
    for column in ("target_key", "service_key", "changed_at"):
        _index("actions", column)
    op.create_table(
        "action_rationales",
        _text("action_id"),
        _value("body"),
        _primary("action_rationales", "action_id"),
        _action("action_rationales"),
    )


def _said() -> None:
    op.create_table(
        "action_approvals",
        _text("action_id"),
        _text("stage"),
        _text("subject"),
        _text("slack_id"),
        _value("name"),
        _time("at"),
        _text("factor"),
        _time("factor_at", nullable=True),
        _primary("action_approvals", "action_id", "stage"),
        _unique("action_approvals", "action_id", "subject"),
        _action("action_approvals"),
    )
    op.create_table(
        "action_journal",
        _text("action_id"),
        _key("number"),
        _number("fence"),
        _text("part"),
        _number("step"),
        _number("attempt"),
        _text("phase"),
        _text("outcome", nullable=True),
        _value("says"),
        _time("at"),
        _primary("action_journal", "action_id", "number"),
        _unique("action_journal", "action_id", "part", "step", "attempt", "phase"),
        _action("action_journal"),
    )
    op.create_table(
        "switches",
        _key("switches_id"),
        _text("stopped_by"),
        _time("stopped_at", nullable=True),
        _flag("read_only"),
        _value("frozen"),
        _primary("switches", "switches_id"),
    )


def _shown() -> None:
    op.create_table(
        "action_cards",
        _text("action_id"),
        _number("version"),
        _number("rows"),
        _text("holder"),
        _time("held_until", nullable=True),
        _primary("action_cards", "action_id"),
        _action("action_cards"),
    )


def _audit() -> None:
    op.create_table(
        "audit_head",
        _key("head_id"),
        _number("number"),
        _text("hash"),
        _primary("audit_head", "head_id"),
    )
    op.create_table(
        "audit_rows",
        _key("number"),
        _time("at"),
        _text("action_id"),
        _value("entry"),
        _text("previous_hash"),
        _text("hash"),
        _primary("audit_rows", "number"),
    )
    _index("audit_rows", "action_id", "number")
    op.create_table(
        "audit_checkpoints",
        _key("number"),
        _text("key_id"),
        _text("hash"),
        _time("at"),
        _text("signature"),
        _primary("audit_checkpoints", "number", "key_id"),
    )
    op.create_table(
        "audit_shipments",
        _text("sink"),
        _number("number"),
        _primary("audit_shipments", "sink"),
    )


def _people() -> None:
    op.create_table(
        "factors",
        _text("factor_id"),
        _text("subject"),
        _text("kind"),
        _text("secret"),
        _value("label"),
        _time("created_at"),
        _primary("factors", "factor_id"),
    )
    _index("factors", "subject")
    op.create_table(
        "factor_counters",
        _text("subject"),
        sa.Column("counter", sa.BigInteger(), nullable=False),
        _primary("factor_counters", "subject"),
    )


def downgrade() -> None:
    for table in (
        "factor_counters",
        "factors",
        "audit_shipments",
        "audit_checkpoints",
        "audit_rows",
        "audit_head",
        "action_cards",
        "switches",
        "action_journal",
        "action_approvals",
        "action_rationales",
        "actions",
    ):
        op.drop_table(table)
