"""Every table of the store; the newest migration must lead to exactly these.

Rows are never changed in what they say, only in where they stand. Ids come from outside.
"""

from __future__ import annotations

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)

from bot.adapters.store import incident_tables, naming, operation_tables
from bot.adapters.store.columns import Stored, UtcTime
from bot.domain.conversation import Question, Scope
from bot.domain.evidence import Observation
from bot.domain.investigation import Turn
from bot.domain.verdict import Verdict

HEAD = "0004"
"""The migration these tables are the result of; known here so that looking needs no Alembic."""

metadata = naming.metadata

inbox_events = Table(
    "inbox_events",
    metadata,
    Column("event_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("payload", Stored(dict[str, object]), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("routed_at", UtcTime),
    Index(None, "routed_at", "received_at"),
)

threads = Table(
    "threads",
    metadata,
    Column("thread_id", String, primary_key=True),
    Column("team_id", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("thread_ts", String, nullable=False),
    Column("surface", String, nullable=False),
    Column("scope", Stored(Scope)),
    Column("opened_at", UtcTime, nullable=False),
    # Counters live here because the thread's row is the lock of all that happens in it.
    Column("investigations", Integer, nullable=False, server_default="0"),
    Column("evidence", Integer, nullable=False, server_default="0"),
    UniqueConstraint("channel", "thread_ts"),
)

investigations = Table(
    "investigations",
    metadata,
    Column("investigation_id", String, primary_key=True),
    Column("thread_id", ForeignKey("threads.thread_id"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("fence", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("worker", String, nullable=False),
    Column("lease_until", UtcTime, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("finished_at", UtcTime),
    Column("cancelled_by", String),
    Column("verdict", Stored(Verdict)),
    UniqueConstraint("thread_id", "number"),
    Index(None, "state", "lease_until"),
    # The last word on "one at a time", should the lock ever be forgotten.
    Index(
        "uq_investigations_running",
        "thread_id",
        unique=True,
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
)

questions = Table(
    "questions",
    metadata,
    Column("question_id", String, primary_key=True),
    Column("thread_id", ForeignKey("threads.thread_id"), nullable=False),
    Column("person", String, nullable=False),
    Column("body", Stored(Question), nullable=False),
    Column("asked_at", UtcTime, nullable=False),
    # No foreign key: what was asked stays readable whatever becomes of the incident.
    Column("incident_id", String),
    # Empty once it was taken in or called off; the row stays, so that a redelivery does not
    # revive it.
    Column("waiting_since", UtcTime),
    Index(None, "thread_id", "waiting_since"),
    Index(None, "person"),
)

taken_questions = Table(
    "taken_questions",
    metadata,
    Column("investigation_id", ForeignKey("investigations.investigation_id"), primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("question_id", ForeignKey("questions.question_id"), nullable=False),
    UniqueConstraint("question_id", "investigation_id"),
)

chosen_scopes = Table(
    "chosen_scopes",
    metadata,
    Column("channel", String, primary_key=True),
    Column("person", String, primary_key=True),
    Column("scope", Stored(Scope), nullable=False),
    Column("chosen_at", UtcTime, nullable=False),
)

turns = Table(
    "turns",
    metadata,
    Column("investigation_id", ForeignKey("investigations.investigation_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("body", Stored(Turn), nullable=False),
    Column("stored_at", UtcTime, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    Column("thread_id", ForeignKey("threads.thread_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("investigation_id", ForeignKey("investigations.investigation_id"), nullable=False),
    Column("tool_use_id", String, nullable=False),
    Column("cluster", String, nullable=False),
    Column("body", Stored(Observation), nullable=False),
    Column("digest", String, nullable=False),
    Column("stored_at", UtcTime, nullable=False),
    UniqueConstraint("investigation_id", "tool_use_id"),
    Index(None, "cluster", "stored_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("key", String, primary_key=True),
    Column("channel", String, nullable=False),
    Column("thread_ts", String, nullable=False),
    Column("ts", String),
    Column("intended_at", UtcTime, nullable=False),
    Column("sent_at", UtcTime),
    Index(None, "channel", "thread_ts"),
)

feedback = Table(
    "feedback",
    metadata,
    Column("investigation_id", ForeignKey("investigations.investigation_id"), primary_key=True),
    Column("person", String, primary_key=True),
    Column("rating", String, nullable=False),
    Column("rated_at", UtcTime, nullable=False),
)

spend = Table(
    "spend",
    metadata,
    Column("charge_id", Integer, primary_key=True),
    # No foreign keys: money is written down even when the rest of a run is lost.
    Column("investigation_id", String, nullable=False),
    Column("thread_id", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("person", String, nullable=False),
    Column("model", String, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("cache_write_tokens", Integer, nullable=False),
    Column("cache_read_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cost_usd", Float, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "at"),
    Index(None, "thread_id", "at"),
    Index(None, "channel", "at"),
    Index(None, "person", "at"),
)

incidents = incident_tables.incidents
incident_alerts = incident_tables.incident_alerts
incident_keys = incident_tables.incident_keys
alert_tellings = incident_tables.alert_tellings
actions = operation_tables.actions
audit_rows = operation_tables.audit_rows
