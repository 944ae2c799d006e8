"""Tables of the second journey: incidents, the alerts they are made of, and how these came in.

Columns are spelt out here, not taken from tables.py: a migration is history and must not change
when the tables do.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=nullable)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _incident(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["incident_id"], ["incidents.incident_id"], name=f"fk_{table}_incident_id_incidents"
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(f"ix_{table}_{'_'.join(columns)}", table, list(columns))


def upgrade() -> None:
    op.add_column("questions", _text("incident_id", nullable=True))
    _incidents()
    _alerts()
    _keys()
    _tellings()


def _incidents() -> None:
    op.create_table(
        "incidents",
        _text("incident_id"),
        _text("title"),
        _text("state"),
        _number("severity"),
        _text("service"),
        sa.Column("scope", sa.Text(), nullable=False),
        _text("home"),
        _text("channel"),
        _text("thread_ts", nullable=True),
        _text("team_id"),
        _flag("is_shadow"),
        _flag("is_announced"),
        _time("opened_at"),
        _time("last_alert_at"),
        _time("begun_first"),
        _time("begun_last"),
        _time("resolved_at", nullable=True),
        _time("calm_at", nullable=True),
        _number("reopened"),
        _number("alerts"),
        _number("firing"),
        _number("messages"),
        _number("told_to"),
        _number("changed_at"),
        _flag("is_storm"),
        _time("storm_until", nullable=True),
        _text("merged_into", nullable=True),
        _text("root_fingerprint"),
        _text("root_identity"),
        _text("recurrence_of", nullable=True),
        _number("runs"),
        _time("due_since", nullable=True),
        _time("last_run_at", nullable=True),
        _time("conclusive_at", nullable=True),
        sa.PrimaryKeyConstraint("incident_id", name="pk_incidents"),
    )
    _index("incidents", "state", "home", "opened_at")
    _index("incidents", "channel", "thread_ts")
    for column in ("root_fingerprint", "root_identity", "due_since", "calm_at"):
        _index("incidents", column)


def _alerts() -> None:
    op.create_table(
        "incident_alerts",
        _text("incident_id"),
        _text("fingerprint"),
        _text("identity"),
        _text("grouped_by", nullable=True),
        _text("trouble"),
        _text("name"),
        _text("road"),
        _text("home"),
        _text("cluster"),
        _text("namespace"),
        _text("workload"),
        _flag("is_partial"),
        _flag("is_echo"),
        _text("status"),
        sa.Column("body", sa.Text(), nullable=False),
        _time("first_at"),
        _time("fired_at"),
        _time("starts_at", nullable=True),
        _time("ends_at", nullable=True),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "fingerprint", name="pk_incident_alerts"),
        _incident("incident_alerts"),
    )
    for column in ("fingerprint", "identity", "grouped_by"):
        _index("incident_alerts", column, "first_at")
    _index("incident_alerts", "incident_id", "name", "road")
    _index("incident_alerts", "home", "fired_at", "trouble")


def _keys() -> None:
    op.create_table(
        "incident_keys",
        _text("key"),
        _text("incident_id"),
        _text("place"),
        _text("road"),
        _text("subject"),
        _number("words", nullable=True),
        sa.PrimaryKeyConstraint(
            "key", "incident_id", "place", "road", "subject", name="pk_incident_keys"
        ),
        _incident("incident_keys"),
        sqlite_with_rowid=False,
    )
    _index("incident_keys", "incident_id")


def _tellings() -> None:
    op.create_table(
        "alert_tellings",
        _text("delivery_id"),
        _text("fingerprint"),
        _text("channel", nullable=True),
        _text("ts", nullable=True),
        _text("incident_id", nullable=True),
        _text("told_of", nullable=True),
        _text("joining"),
        _time("at"),
        sa.PrimaryKeyConstraint("delivery_id", "fingerprint", name="pk_alert_tellings"),
        _incident("alert_tellings"),
        sqlite_with_rowid=False,
    )
    _index("alert_tellings", "channel", "ts")


def downgrade() -> None:
    for table in ("alert_tellings", "incident_keys", "incident_alerts", "incidents"):
        op.drop_table(table)
    op.drop_column("questions", "incident_id")
