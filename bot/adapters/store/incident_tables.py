"""Tables of alerts and of the incidents they make up; `tables` has them, too."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table

from bot.adapters.store.columns import Stored, UtcTime
from bot.adapters.store.naming import metadata
from bot.domain.alert import Alert, AlertScope

incidents = Table(
    "incidents",
    metadata,
    Column("incident_id", String, primary_key=True),
    Column("title", String, nullable=False),
    Column("state", String, nullable=False),
    Column("severity", Integer, nullable=False),
    Column("service", String, nullable=False),
    Column("scope", Stored(AlertScope), nullable=False),
    # The watched channel; its thread may be elsewhere, as in shadow mode.
    Column("home", String, nullable=False),
    Column("channel", String, nullable=False),
    Column("thread_ts", String),
    Column("team_id", String, nullable=False),
    Column("is_shadow", Boolean, nullable=False),
    Column("is_announced", Boolean, nullable=False),
    Column("opened_at", UtcTime, nullable=False),
    Column("last_alert_at", UtcTime, nullable=False),
    Column("begun_first", UtcTime, nullable=False),
    Column("begun_last", UtcTime, nullable=False),
    Column("resolved_at", UtcTime),
    # Set while only a flapping alert keeps it open: it is over if nothing fires until then.
    Column("calm_at", UtcTime),
    Column("reopened", Integer, nullable=False),
    # Counters, for a storm has too many alerts to count at each.
    Column("alerts", Integer, nullable=False),
    Column("firing", Integer, nullable=False),
    Column("messages", Integer, nullable=False),
    # Of `messages`: up to which the thread tells it, and which changed what it should tell.
    Column("told_to", Integer, nullable=False),
    Column("changed_at", Integer, nullable=False),
    Column("is_storm", Boolean, nullable=False),
    Column("storm_until", UtcTime),
    Column("merged_into", String),
    Column("root_fingerprint", String, nullable=False),
    Column("root_identity", String, nullable=False),
    Column("recurrence_of", String),
    Column("runs", Integer, nullable=False),
    Column("due_since", UtcTime),
    Column("last_run_at", UtcTime),
    Column("conclusive_at", UtcTime),
    Index(None, "state", "home", "opened_at"),
    Index(None, "channel", "thread_ts"),
    Index(None, "root_fingerprint"),
    Index(None, "root_identity"),
    Index(None, "due_since"),
    Index(None, "calm_at"),
)

incident_alerts = Table(
    "incident_alerts",
    metadata,
    Column("incident_id", ForeignKey("incidents.incident_id"), primary_key=True),
    Column("fingerprint", String, primary_key=True),
    Column("identity", String, nullable=False),
    # Source and group key in one, empty for a sender that does not group.
    Column("grouped_by", String),
    # Rule and group: replicas of one workload are one trouble, however many.
    Column("trouble", String, nullable=False),
    Column("name", String, nullable=False),
    Column("road", String, nullable=False),
    Column("home", String, nullable=False),
    Column("cluster", String, nullable=False),
    Column("namespace", String, nullable=False),
    Column("workload", String, nullable=False),
    Column("is_partial", Boolean, nullable=False),
    # True of one that tells, on another road, of alerts that are counted already.
    Column("is_echo", Boolean, nullable=False),
    Column("status", String, nullable=False),
    Column("body", Stored(Alert), nullable=False),
    Column("first_at", UtcTime, nullable=False),
    Column("fired_at", UtcTime, nullable=False),
    Column("starts_at", UtcTime),
    Column("ends_at", UtcTime),
    Column("changes", Stored(tuple[datetime, ...]), nullable=False),
    Index(None, "fingerprint", "first_at"),
    Index(None, "identity", "first_at"),
    Index(None, "grouped_by", "first_at"),
    Index(None, "incident_id", "name", "road"),
    Index(None, "home", "fired_at", "trouble"),
)

incident_keys = Table(
    "incident_keys",
    metadata,
    # Only of open incidents: by these an alert finds its own.
    Column("key", String, primary_key=True),
    Column("incident_id", ForeignKey("incidents.incident_id"), primary_key=True),
    Column("place", String, primary_key=True),
    Column("road", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("words", Integer),
    Index(None, "incident_id"),
    # The key is all there is to it: one page to write instead of two.
    sqlite_with_rowid=False,
)

alert_tellings = Table(
    "alert_tellings",
    metadata,
    Column("delivery_id", String, primary_key=True),
    Column("fingerprint", String, primary_key=True),
    Column("channel", String),
    Column("ts", String),
    Column("incident_id", ForeignKey("incidents.incident_id")),
    # The stored alert it told of, which an edited message may have named otherwise.
    Column("told_of", String),
    Column("joining", String, nullable=False),
    Column("at", UtcTime, nullable=False),
    Index(None, "channel", "ts"),
    sqlite_with_rowid=False,
)
