"""Alerts and the incidents they make up; how an alert is taken in stands in `admission`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select, text, update

from bot.adapters.store.admission import take_in
from bot.adapters.store.incident_ending import end_what_is_calm
from bot.adapters.store.incident_finding import existing, incident_row, same_root
from bot.adapters.store.incident_telling import telling_of
from bot.adapters.store.incident_writing import change, incident_from
from bot.adapters.store.part import SqlPart
from bot.adapters.store.tables import alert_tellings, incident_alerts, incidents
from bot.domain.alert import AlertStatus
from bot.domain.incident import IncidentState

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, RowMapping

    from bot.domain.alert import Alert, Origin
    from bot.domain.incident import Admission, Incident, Watch

_ADVISORY_LOCK = 0x616C65727473
"""Any number of our own: whoever changes incidents holds it, so that of two replicas that are told
of one alert the second sees what the first stored."""


class SqlIncidents(SqlPart):
    """bot.ports.incidents.Incidents in SQL."""

    def admit(self, alert: Alert, *, origin: Origin, watch: Watch, now: datetime) -> Admission:
        """Take one alert in and return what it did; the same delivery again changes nothing."""
        told = telling_of(alert, origin=origin, watch=watch, now=now)
        with self._writing() as connection:
            _lock(connection)
            return take_in(connection, told, ids=self._ids)

    def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, or None."""
        with self._reading() as connection:
            row = incident_row(connection, incident_id)
        return None if row is None else incident_from(row)

    def incident_of_thread(self, channel: str, thread_ts: str) -> Incident | None:
        """Return the incident whose thread that is, or None.

        Under a later message of an incident that is its thread, too. A thread of what was merged
        into a storm belongs to the storm.
        """
        told = select(alert_tellings.c.incident_id).where(
            alert_tellings.c.channel == channel,
            alert_tellings.c.ts == thread_ts,
            alert_tellings.c.incident_id.is_not(None),
        )
        own = and_(incidents.c.channel == channel, incidents.c.thread_ts == thread_ts)
        with self._reading() as connection:
            row = _newest(connection, own) or _newest(connection, incidents.c.incident_id.in_(told))
            while row is not None and row["merged_into"] is not None:
                row = incident_row(connection, row["merged_into"])
        return None if row is None else incident_from(row)

    def alerts_of(self, incident_id: str) -> list[Alert]:
        """Return its alerts, each as last told, the first to arrive first.

        What another road told of the same alert is not among them.
        """
        own = incident_alerts.c
        with self._reading() as connection:
            rows = connection.execute(
                select(own.body, own.status, own.ends_at)
                .where(own.incident_id == incident_id, own.is_echo.is_(False))
                .order_by(own.first_at, own.fingerprint)
            )
            # Where it stands may have been told by another alert, such as the end of its group.
            return [
                replace(body, status=AlertStatus(status), ends_at=body.ends_at or ends_at)
                for body, status, ends_at in rows
            ]

    def bind_thread(self, incident_id: str, *, channel: str, thread_ts: str) -> Incident:
        """Give the incident its thread; the first binding stays, and is what comes back.

        Raises:
            KeyError: There is no incident of that id.
        """
        with self._writing() as connection:
            _lock(connection)
            row = existing(connection, incident_id)
            if row["thread_ts"] is None:
                row = change(
                    connection,
                    incident_id,
                    channel=channel,
                    thread_ts=thread_ts,
                    is_announced=True,
                )
            return incident_from(row)

    def due(self, *, limit: int) -> list[Incident]:
        """Return incidents to bring up, oldest first.

        Those that need a run nobody began yet, and those whose thread does not tell their state.
        """
        self._end_what_is_calm()
        with self._reading() as connection:
            rows = connection.execute(
                select(incidents)
                .where(
                    or_(
                        incidents.c.due_since.is_not(None),
                        incidents.c.told_to < incidents.c.changed_at,
                    )
                )
                .order_by(
                    func.coalesce(incidents.c.due_since, incidents.c.last_alert_at),
                    incidents.c.incident_id,
                )
                .limit(limit)
            )
            return [incident_from(row) for row in rows.mappings()]

    def told(self, incident_id: str, *, messages: int) -> None:
        """Note that the thread tells the state after so many messages; never goes backwards."""
        with self._writing() as connection:
            connection.execute(
                update(incidents)
                .where(incidents.c.incident_id == incident_id, incidents.c.told_to < messages)
                .values(told_to=messages)
            )

    def run_begun(self, incident_id: str, *, at: datetime) -> int:
        """Note that a run was asked for; return its number, from 1. Not due from then on.

        Of several that begin what is due once, all get the same number.

        Raises:
            KeyError: There is no incident of that id.
        """
        with self._writing() as connection:
            _lock(connection)
            row = existing(connection, incident_id)
            if row["due_since"] is None and row["runs"] > 0:
                return int(row["runs"])
            number = int(row["runs"]) + 1
            change(connection, incident_id, runs=number, last_run_at=at, due_since=None)
            return number

    def run_concluded(self, incident_id: str, *, at: datetime, conclusive: bool) -> None:
        """Note how a run ended: recurrence is anchored on the last conclusive one.

        Raises:
            KeyError: There is no incident of that id.
        """
        with self._writing() as connection:
            _lock(connection)
            existing(connection, incident_id)
            if conclusive:
                change(connection, incident_id, conclusive_at=at)

    def open_incidents(self, *, limit: int) -> list[Incident]:
        """Return what is open, the worst and newest first."""
        with self._reading() as connection:
            rows = connection.execute(
                select(incidents)
                .where(incidents.c.state == IncidentState.OPEN.value)
                .order_by(
                    incidents.c.severity.desc(),
                    incidents.c.opened_at.desc(),
                    incidents.c.incident_id.desc(),
                )
                .limit(limit)
            )
            return [incident_from(row) for row in rows.mappings()]

    def recurrences(self, incident_id: str, *, limit: int) -> list[Incident]:
        """Return earlier incidents it recurs from, newest first.

        Those with the same root alert of which a run was conclusive: of others nothing is known
        that could be of use now.
        """
        with self._reading() as connection:
            own = incident_row(connection, incident_id)
            if own is None:
                return []
            rows = connection.execute(
                select(incidents)
                .where(
                    same_root(own["root_fingerprint"], own["root_identity"]),
                    incidents.c.incident_id != incident_id,
                    incidents.c.opened_at <= own["opened_at"],
                    incidents.c.conclusive_at.is_not(None),
                )
                .order_by(incidents.c.opened_at.desc(), incidents.c.incident_id.desc())
                .limit(limit)
            )
            return [incident_from(row) for row in rows.mappings()]

    def _end_what_is_calm(self) -> None:
        now = self._clock.now()
        with self._reading() as connection:
            is_calm = incidents.c.calm_at <= now
            if connection.execute(select(func.count()).where(is_calm)).scalar_one() == 0:
                return
        with self._writing() as connection:
            _lock(connection)
            end_what_is_calm(connection, now=now)


def _lock(connection: Connection) -> None:
    """Hold all incidents until the transaction ends; SQLite's writers queue anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


def _newest(connection: Connection, where: ColumnElement[bool]) -> RowMapping | None:
    return (
        connection.execute(
            select(incidents).where(where).order_by(incidents.c.opened_at.desc()).limit(1)
        )
        .mappings()
        .first()
    )
