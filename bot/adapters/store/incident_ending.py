"""Alerts that are over, and the incidents that end with them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from bot.adapters.store import incident_finding as find
from bot.adapters.store import incident_writing as write
from bot.adapters.store.incident_outcome import Outcome
from bot.adapters.store.tables import incident_alerts, incidents
from bot.domain.alert import AlertStatus
from bot.domain.incident import IncidentState, Joining
from bot.domain.incident_life import FLAP_WITHIN, is_flapping, is_of_earlier_episode

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from bot.adapters.store.incident_telling import Telling

_RESOLVED = AlertStatus.RESOLVED.value
_CALM = select(incidents.c.incident_id, incidents.c.calm_at, incidents.c.messages).where(
    incidents.c.calm_at <= bindparam("now")
)


def ends(connection: Connection, told: Telling, known: RowMapping | None) -> Outcome:
    """Return what a resolution does; `known` is the alert it is of, if it is stored."""
    rows = [known] if known is not None else _told_otherwise(connection, told)
    if not rows:
        return Outcome(
            joining=Joining.UNMATCHED, reason="the end of an alert that was never seen firing"
        )
    incident_id = rows[0]["incident_id"]
    repeated = Outcome(
        joining=Joining.REPEATED, incident_id=incident_id, told_of=rows[0]["fingerprint"]
    )
    live = [row for row in rows if row["status"] not in write.QUIET]
    if rows[0]["state"] != IncidentState.OPEN or not live:
        return replace(repeated, reason="it was over already")
    live = [
        row for row in live if not is_of_earlier_episode(told.alert, starts_at=row["starts_at"])
    ]
    if not live:
        return replace(repeated, reason="told late: it fires again since")
    changes = [write.set_resolved(connection, told, row) for row in live]
    ended = sum(not row["is_echo"] for row in live)
    if ended < len(live):
        twins = find.twins(told, incident_id)
        ended += write.resolve_all(connection, twins, at=told.alert.ends_at or told.now)
    incident = find.existing(connection, incident_id)
    if incident["firing"] > ended:
        return replace(
            repeated, joining=Joining.RESOLVED_ONE if ended else Joining.REPEATED, firing=-ended
        )
    if any(map(is_flapping, changes)):
        return replace(
            repeated,
            joining=Joining.RESOLVED_ONE,
            firing=-ended,
            reason=(
                f"flapping: it went on and off within {FLAP_WITHIN.total_seconds() / 60:.0f} min,"
                " so the incident stays open until it is quiet for as long"
            ),
            columns={"calm_at": told.now + FLAP_WITHIN},
        )
    closing = write.close(connection, incident_id, at=told.now)
    return replace(repeated, joining=Joining.CLOSED, firing=-ended, columns=closing)


def _told_otherwise(connection: Connection, told: Telling) -> list[RowMapping]:
    """Return alerts that fire and that a resolution under unknown labels is of.

    First those of the same identity, then those of the same group: of a group, a message without
    labels means all, one with labels those of its rule.
    """
    same = incident_alerts.c.identity == told.identity
    group = incident_alerts.c.grouped_by == told.grouped_by
    if not told.alert.is_partial:
        group = group & (incident_alerts.c.name == told.name)
    for where in (same, *([group] if told.grouped_by is not None else [])):
        rows = (
            connection.execute(
                select(incident_alerts, incidents.c.state)
                .join(incidents, incidents.c.incident_id == incident_alerts.c.incident_id)
                .where(
                    where,
                    incidents.c.state == IncidentState.OPEN.value,
                    incident_alerts.c.status != _RESOLVED,
                )
                .order_by(incident_alerts.c.first_at)
            )
            .mappings()
            .all()
        )
        if rows:
            return [row for row in rows if row["incident_id"] == rows[0]["incident_id"]]
    return []


def end_what_is_calm(connection: Connection, *, now: datetime) -> int:
    """Close incidents that only flapping kept open, once it is quiet; return how many."""
    calm = connection.execute(_CALM, {"now": now}).all()
    for incident_id, calm_at, messages in calm:
        closing = write.close(connection, incident_id, at=calm_at)
        write.change(
            connection, incident_id, **closing, messages=messages + 1, changed_at=messages + 1
        )
    return len(calm)
