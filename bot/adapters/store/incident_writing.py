"""What is written of alerts and incidents, a statement or two each; nothing here decides.

Counters are changed by differences, never counted anew, but for the once that a storm takes others
in: a storm has thousands of alerts.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.adapters.store.incident_telling import alert_columns, key_columns
from bot.adapters.store.tables import alert_tellings, incident_alerts, incident_keys, incidents
from bot.domain.alert import Alert, AlertStatus, Severity
from bot.domain.alert_keys import keys_of
from bot.domain.correlation import begun_at
from bot.domain.incident import Incident, IncidentState
from bot.domain.incident_life import recent_changes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from bot.adapters.store.incident_telling import Telling

REBUILT_FROM = 200
"""Alerts whose keys are made again when an incident is opened again; more would say the same."""

_ADD_INCIDENT = insert(incidents)
_ADD_ALERT = insert(incident_alerts)
_ADD_KEYS = {
    "sqlite": sqlite.insert(incident_keys).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(incident_keys).on_conflict_do_nothing(),
}
_REMEMBER = insert(alert_tellings)
_RESOLVED = AlertStatus.RESOLVED.value
QUIET = (_RESOLVED, AlertStatus.NOTICE.value)
"""Statuses of alerts that do not count as firing."""


def incident_from(row: RowMapping) -> Incident:
    """Return the incident of a row."""
    return Incident(
        incident_id=row["incident_id"],
        title=row["title"],
        state=IncidentState(row["state"]),
        severity=Severity(row["severity"]),
        service=row["service"],
        scope=row["scope"],
        channel=row["channel"],
        thread_ts=row["thread_ts"],
        team_id=row["team_id"],
        is_shadow=row["is_shadow"],
        opened_at=row["opened_at"],
        last_alert_at=row["last_alert_at"],
        resolved_at=row["resolved_at"],
        alerts=row["alerts"],
        firing=row["firing"],
        messages=row["messages"],
        is_storm=row["is_storm"],
        recurrence_of=row["recurrence_of"],
        runs=row["runs"],
        merged_into=row["merged_into"],
        reopened=row["reopened"],
        is_due=row["due_since"] is not None,
        is_announced=row["is_announced"],
        told_to=row["told_to"],
    )


def change(connection: Connection, incident_id: str, **values: Any) -> RowMapping:
    """Set columns of an incident and return its row as it is then."""
    statement = _changing(tuple(sorted(values)))
    found = {f"new_{name}": value for name, value in values.items()}
    return connection.execute(statement, found | {"which": incident_id}).mappings().one()


@cache
def _changing(columns: tuple[str, ...]) -> Any:
    return (
        update(incidents)
        .where(incidents.c.incident_id == bindparam("which"))
        .values({name: bindparam(f"new_{name}") for name in columns})
        .returning(incidents)
    )


def add_incident(connection: Connection, values: dict[str, Any]) -> None:
    """Insert an incident."""
    connection.execute(_ADD_INCIDENT, values)


def add_alert(
    connection: Connection, told: Telling, incident_id: str, *, is_echo: bool, of_storm: bool
) -> None:
    """Insert an alert with its keys."""
    alert = told.alert
    row = alert_columns(told) | {
        "incident_id": incident_id,
        "fingerprint": told.fingerprint,
        "road": told.origin.road,
        "home": told.watch.channel,
        "is_echo": is_echo,
        "status": alert.status.value,
        "body": alert,
        "first_at": told.now,
        "fired_at": told.now,
        "starts_at": alert.starts_at,
        "ends_at": None,
        "changes": (),
    }
    connection.execute(_ADD_ALERT, row)
    add_keys(connection, incident_id, key_columns(told.keys, of_storm=of_storm))


def add_keys(connection: Connection, incident_id: str, rows: list[dict[str, Any]]) -> None:
    """Insert keys that the incident does not have yet."""
    if not rows:
        return
    connection.execute(
        _ADD_KEYS[connection.dialect.name],
        [row | {"incident_id": incident_id} for row in rows],
    )


def tell_again(connection: Connection, told: Telling, row: RowMapping) -> None:
    """Store the alert as it is told now; whether it fires stays as it was.

    A telling without labels does not take away those that are known, and one with labels adds them.
    """
    told_by_now = _as_last_told(told.alert, row["body"])
    values: dict[str, Any] = {"body": told_by_now}
    if told.fires and row["status"] not in QUIET:
        values["status"] = told.alert.status.value
    if row["is_partial"] and not told.alert.is_partial:
        values |= alert_columns(told)
        add_keys(connection, row["incident_id"], key_columns(told.keys, of_storm=False))
    connection.execute(update(incident_alerts).where(_own(row)).values(values))


def set_firing(
    connection: Connection, told: Telling, row: RowMapping, *, is_echo: bool = False
) -> None:
    """Store that an alert which was over fires again."""
    connection.execute(
        update(incident_alerts)
        .where(_own(row))
        .values(
            status=told.alert.status.value,
            is_echo=is_echo,
            body=_as_last_told(told.alert, row["body"]),
            fired_at=told.now,
            starts_at=told.alert.starts_at,
            ends_at=None,
            changes=recent_changes(row["changes"], now=told.now),
        )
    )


def set_resolved(connection: Connection, told: Telling, row: RowMapping) -> Sequence[datetime]:
    """Store that an alert is over; return when it changed lately."""
    changes = recent_changes(row["changes"], now=told.now)
    connection.execute(
        update(incident_alerts)
        .where(_own(row))
        .values(
            status=_RESOLVED,
            body=_as_last_told(told.alert, row["body"]),
            ends_at=told.alert.ends_at or told.now,
            changes=changes,
        )
    )
    return changes


def resolve_all(connection: Connection, where: ColumnElement[bool], *, at: datetime) -> int:
    """Store that all firing alerts of which that is true are over; return how many."""
    return connection.execute(
        update(incident_alerts)
        .where(where, incident_alerts.c.status.not_in(QUIET))
        .values(status=_RESOLVED, ends_at=at)
    ).rowcount


def make_echoes(
    connection: Connection, where: ColumnElement[bool], ranks: Sequence[tuple[bool, str]]
) -> tuple[int, int]:
    """Stop counting the alerts of those ranks; return how many, and how many of them fired."""
    rows = [
        row
        for is_partial, road in ranks
        for row in connection.execute(
            select(incident_alerts.c.incident_id, incident_alerts.c.fingerprint,
                   incident_alerts.c.status)
            .where(where, incident_alerts.c.is_partial == is_partial,
                   incident_alerts.c.road == road)
        ).mappings()
    ]  # fmt: skip
    for row in rows:
        connection.execute(update(incident_alerts).where(_own(row)).values(is_echo=True))
    return len(rows), sum(row["status"] not in QUIET for row in rows)


def close(connection: Connection, incident_id: str, *, at: datetime) -> dict[str, Any]:
    """Forget what the incident is found by while open; return the columns that close it."""
    connection.execute(delete(incident_keys).where(incident_keys.c.incident_id == incident_id))
    resolve_all(connection, incident_alerts.c.incident_id == incident_id, at=at)
    return {
        "state": IncidentState.RESOLVED.value,
        "resolved_at": at,
        "calm_at": None,
        "storm_until": None,
    }


def reopened(connection: Connection, incident: RowMapping) -> dict[str, Any]:
    """Make the incident findable again; return the columns that open it."""
    stored = connection.execute(
        select(incident_alerts.c.body, incident_alerts.c.road)
        .where(incident_alerts.c.incident_id == incident["incident_id"])
        .order_by(incident_alerts.c.first_at.desc())
        .limit(REBUILT_FROM)
    )
    keys = {key: None for body, road in stored for key in keys_of(body, road=road)}
    rows = key_columns(keys, of_storm=bool(incident["is_storm"]))
    add_keys(connection, incident["incident_id"], rows)
    return {
        "state": IncidentState.OPEN.value,
        "resolved_at": None,
        "reopened": incident["reopened"] + 1,
    }


def remember(
    connection: Connection,
    told: Telling,
    *,
    joining: str,
    incident_id: str | None,
    told_of: str | None,
) -> None:
    """Note that this delivery was taken in, and what it told of."""
    connection.execute(
        _REMEMBER,
        {
            "delivery_id": told.delivery_id,
            "fingerprint": told.fingerprint,
            "channel": told.origin.channel,
            "ts": told.origin.ts,
            "incident_id": incident_id,
            "told_of": told_of,
            "joining": joining,
            "at": told.now,
        },
    )


def begun_columns(told: Telling, incident: Mapping[str, Any]) -> dict[str, Any]:
    """Return when the incident's alerts began, with this one."""
    begun = begun_at(told.alert, now=told.now)
    return {
        "begun_first": min(incident["begun_first"], begun),
        "begun_last": max(incident["begun_last"], begun),
    }


def _as_last_told(alert: Alert, stored: Alert) -> Alert:
    kept = replace(alert, fingerprint=stored.fingerprint)
    if not alert.is_partial or stored.is_partial:
        return kept
    return replace(stored, status=alert.status, ends_at=alert.ends_at or stored.ends_at)


def _own(row: RowMapping) -> ColumnElement[bool]:
    return and_(
        incident_alerts.c.incident_id == row["incident_id"],
        incident_alerts.c.fingerprint == row["fingerprint"],
    )
