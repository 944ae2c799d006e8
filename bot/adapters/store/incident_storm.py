"""A storm: many alerts at once in one channel, and the incident they become."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from bot.adapters.store import incident_finding as find
from bot.adapters.store import incident_writing as write
from bot.adapters.store.incident_telling import OF_NO_STORM, tie_of
from bot.adapters.store.tables import incident_alerts, incident_keys, incidents
from bot.domain.alert import AlertStatus
from bot.domain.incident import IncidentState, Joining
from bot.domain.incident_life import MAX_OBJECTS, STORM_LASTS, STORM_WITHIN

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from bot.adapters.store.incident_finding import Storm
    from bot.adapters.store.incident_outcome import Outcome
    from bot.adapters.store.incident_telling import Telling


def stormed(connection: Connection, told: Telling, outcome: Outcome, storm: Storm) -> Outcome:
    """Return the outcome after the storm it makes, if it makes one, took in what began with it."""
    if not storm.rages or storm.incident_id is None or outcome.joining is Joining.REPEATED:
        return outcome
    until = {"storm_until": told.now + STORM_LASTS, "is_storm": True}
    if storm.lasts:
        if outcome.incident_id == storm.incident_id:
            return replace(outcome, columns=until)
        write.change(connection, storm.incident_id, **until)
        return outcome
    others = (
        connection.execute(
            select(incidents).where(
                incidents.c.state == IncidentState.OPEN.value,
                incidents.c.home == told.watch.channel,
                incidents.c.opened_at > told.now - STORM_WITHIN,
                incidents.c.incident_id != storm.incident_id,
                incidents.c.is_storm.is_(False),
            )
        )
        .mappings()
        .all()
    )
    columns, merged = _absorb(
        connection, find.existing(connection, storm.incident_id), others, now=told.now
    )
    taken = {row["incident_id"] for row in merged}
    if outcome.incident_id != storm.incident_id and outcome.incident_id not in taken:
        # The alert itself belongs to an older incident; the storm is told of by the next.
        write.change(connection, storm.incident_id, **columns, **until)
        return outcome
    # What was counted with the move is not counted again.
    return replace(
        outcome,
        incident_id=storm.incident_id,
        alerts=0,
        firing=0,
        incident=None,
        became_storm=True,
        columns=columns | until,
        absorbed=tuple(merged),
    )


def _absorb(
    connection: Connection, storm: RowMapping, others: Sequence[RowMapping], *, now: datetime
) -> tuple[dict[str, Any], list[RowMapping]]:
    """Move what the others have to the storm; return the storm's columns and the others' rows."""
    into = storm["incident_id"]
    ids = [row["incident_id"] for row in others]
    known = select(incident_alerts.c.fingerprint).where(incident_alerts.c.incident_id == into)
    connection.execute(
        update(incident_alerts)
        .where(
            incident_alerts.c.incident_id.in_(ids),
            incident_alerts.c.fingerprint.not_in(known.scalar_subquery()),
        )
        .values(incident_id=into)
    )
    stored = connection.execute(
        select(incident_keys).where(incident_keys.c.incident_id.in_((into, *ids)))
    ).mappings()
    keys = [{name: row[name] for name in row if name != "incident_id"} for row in stored]
    connection.execute(delete(incident_keys).where(incident_keys.c.incident_id.in_(ids)))
    connection.execute(delete(incident_keys).where(incident_keys.c.incident_id == into))
    write.add_keys(connection, into, [key for key in keys if tie_of(key["key"]) not in OF_NO_STORM])
    merged = [
        write.change(
            connection,
            row["incident_id"],
            state=IncidentState.MERGED.value,
            merged_into=into,
            resolved_at=now,
            due_since=None,
            firing=0,
            calm_at=None,
            messages=row["messages"] + 1,
            changed_at=row["messages"] + 1,
        )
        for row in others
    ]
    objects = dict.fromkeys(thing for row in (storm, *others) for thing in row["scope"].objects)
    together = {
        "scope": replace(storm["scope"], objects=tuple(objects)[:MAX_OBJECTS]),
        "severity": max(row["severity"] for row in (storm, *others)),
        "messages": sum(row["messages"] for row in (storm, *others)),
        "begun_first": min(row["begun_first"] for row in (storm, *others)),
        "begun_last": max(row["begun_last"] for row in (storm, *others)),
        **_counted(connection, into),
    }
    return together, merged


def _counted(connection: Connection, incident_id: str) -> dict[str, int]:
    counted = connection.execute(
        select(incident_alerts.c.status, func.count())
        .where(incident_alerts.c.incident_id == incident_id, incident_alerts.c.is_echo.is_(False))
        .group_by(incident_alerts.c.status)
    )
    by_status = {str(status): int(number) for status, number in counted}
    over = by_status.get(AlertStatus.RESOLVED.value, 0) + by_status.get(AlertStatus.NOTICE.value, 0)
    total = sum(by_status.values())
    return {"alerts": total, "firing": total - over}
