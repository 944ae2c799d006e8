"""Tables of the first journey: events, threads, questions, investigations and what they leave.

Columns are spelt out here, not taken from tables.py: a migration is history and must not change
when the tables do.
"""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "inbox_events",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        _time("received_at"),
        _time("routed_at", nullable=True),
        sa.PrimaryKeyConstraint("event_id", name="pk_inbox_events"),
    )
    op.create_index(
        "ix_inbox_events_routed_at_received_at", "inbox_events", ["routed_at", "received_at"]
    )
    op.create_table(
        "threads",
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.Column("team_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("thread_ts", sa.String(), nullable=False),
        sa.Column("surface", sa.String(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=True),
        _time("opened_at"),
        sa.Column("investigations", sa.Integer(), server_default="0", nullable=False),
        sa.Column("evidence", sa.Integer(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("thread_id", name="pk_threads"),
        sa.UniqueConstraint("channel", "thread_ts", name="uq_threads_channel_thread_ts"),
    )
    op.create_table(
        "investigations",
        sa.Column("investigation_id", sa.String(), nullable=False),
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        _time("lease_until"),
        _time("started_at"),
        _time("finished_at", nullable=True),
        sa.Column("cancelled_by", sa.String(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("investigation_id", name="pk_investigations"),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.thread_id"], name="fk_investigations_thread_id_threads"
        ),
        sa.UniqueConstraint("thread_id", "number", name="uq_investigations_thread_id_number"),
    )
    op.create_index(
        "ix_investigations_state_lease_until", "investigations", ["state", "lease_until"]
    )
    op.create_index(
        "uq_investigations_running",
        "investigations",
        ["thread_id"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_table(
        "questions",
        sa.Column("question_id", sa.String(), nullable=False),
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _time("asked_at"),
        _time("waiting_since", nullable=True),
        sa.PrimaryKeyConstraint("question_id", name="pk_questions"),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.thread_id"], name="fk_questions_thread_id_threads"
        ),
    )
    op.create_index(
        "ix_questions_thread_id_waiting_since", "questions", ["thread_id", "waiting_since"]
    )
    op.create_index("ix_questions_person", "questions", ["person"])
    op.create_table(
        "taken_questions",
        sa.Column("investigation_id", sa.String(), nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("question_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("investigation_id", "place", name="pk_taken_questions"),
        sa.ForeignKeyConstraint(
            ["investigation_id"],
            ["investigations.investigation_id"],
            name="fk_taken_questions_investigation_id_investigations",
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["questions.question_id"],
            name="fk_taken_questions_question_id_questions",
        ),
        sa.UniqueConstraint(
            "question_id",
            "investigation_id",
            name="uq_taken_questions_question_id_investigation_id",
        ),
    )
    op.create_table(
        "chosen_scopes",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        _time("chosen_at"),
        sa.PrimaryKeyConstraint("channel", "person", name="pk_chosen_scopes"),
    )
    op.create_table(
        "turns",
        sa.Column("investigation_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        _time("stored_at"),
        sa.PrimaryKeyConstraint("investigation_id", "number", name="pk_turns"),
        sa.ForeignKeyConstraint(
            ["investigation_id"],
            ["investigations.investigation_id"],
            name="fk_turns_investigation_id_investigations",
        ),
    )
    op.create_table(
        "evidence",
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("investigation_id", sa.String(), nullable=False),
        sa.Column("tool_use_id", sa.String(), nullable=False),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        _time("stored_at"),
        sa.PrimaryKeyConstraint("thread_id", "number", name="pk_evidence"),
        sa.ForeignKeyConstraint(
            ["thread_id"], ["threads.thread_id"], name="fk_evidence_thread_id_threads"
        ),
        sa.ForeignKeyConstraint(
            ["investigation_id"],
            ["investigations.investigation_id"],
            name="fk_evidence_investigation_id_investigations",
        ),
        sa.UniqueConstraint(
            "investigation_id", "tool_use_id", name="uq_evidence_investigation_id_tool_use_id"
        ),
    )
    op.create_index("ix_evidence_cluster_stored_at", "evidence", ["cluster", "stored_at"])
    op.create_table(
        "deliveries",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("thread_ts", sa.String(), nullable=False),
        sa.Column("ts", sa.String(), nullable=True),
        _time("intended_at"),
        _time("sent_at", nullable=True),
        sa.PrimaryKeyConstraint("key", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_channel_thread_ts", "deliveries", ["channel", "thread_ts"])
    op.create_table(
        "feedback",
        sa.Column("investigation_id", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("rating", sa.String(), nullable=False),
        _time("rated_at"),
        sa.PrimaryKeyConstraint("investigation_id", "person", name="pk_feedback"),
        sa.ForeignKeyConstraint(
            ["investigation_id"],
            ["investigations.investigation_id"],
            name="fk_feedback_investigation_id_investigations",
        ),
    )
    op.create_table(
        "spend",
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("investigation_id", sa.String(), nullable=False),
        sa.Column("thread_id", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("person", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("input_tokens", sa.Integer(), nullable=False),
        sa.Column("cache_write_tokens", sa.Integer(), nullable=False),
        sa.Column("cache_read_tokens", sa.Integer(), nullable=False),
        sa.Column("output_tokens", sa.Integer(), nullable=False),
        sa.Column("cost_usd", sa.Float(), nullable=False),
        _time("at"),
        sa.PrimaryKeyConstraint("charge_id", name="pk_spend"),
    )
    op.create_index("ix_spend_at", "spend", ["at"])
    for column in ("thread_id", "channel", "person"):
        op.create_index(f"ix_spend_{column}_at", "spend", [column, "at"])


def downgrade() -> None:
    for table in (
        "spend",
        "feedback",
        "deliveries",
        "evidence",
        "turns",
        "chosen_scopes",
        "taken_questions",
        "questions",
        "investigations",
        "threads",
        "inbox_events",
    ):
        op.drop_table(table)
