"""Alerts that fire: again, as part of an incident, or as the first of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from bot.adapters.store import incident_finding as find
from bot.adapters.store import incident_writing as write
from bot.adapters.store.incident_opening import opened
from bot.adapters.store.incident_outcome import Outcome
from bot.adapters.store.incident_storm import stormed
from bot.adapters.store.tables import incident_alerts
from bot.domain.alert import AlertStatus
from bot.domain.correlation import home_for
from bot.domain.incident import IncidentState, Joining, Weight
from bot.domain.incident_life import is_told_late

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy import Connection, RowMapping

    from bot.adapters.store.incident_telling import Telling

OF_A_STORM = Weight(reason="came in a storm and belongs to nothing else", points=1.0)
FIRES_AGAIN = Weight(reason="fired again soon after its end", points=1.0)
_RESOLVED = AlertStatus.RESOLVED.value


def fires_again(connection: Connection, told: Telling, row: RowMapping) -> Outcome | None:
    """Return what a known alert does; None when it is so long over that it is a new one."""
    repeated = Outcome(
        joining=Joining.REPEATED, incident_id=row["incident_id"], told_of=row["fingerprint"]
    )
    if row["status"] == _RESOLVED and is_told_late(
        told.alert, starts_at=row["starts_at"], ends_at=row["ends_at"]
    ):
        return replace(repeated, reason="told late: that firing is over")
    is_open = row["state"] == IncidentState.OPEN
    is_edit = told.origin.is_edit and row["state"] == IncidentState.RESOLVED
    if not is_open and not (is_edit or _ended_lately(told, row)):
        return None
    if not told.fires or (is_open and row["status"] not in write.QUIET):
        write.tell_again(connection, told, row)
        return repeated
    alerts, firing = _set_firing(connection, told, row)
    fires = replace(repeated, joining=Joining.JOINED, alerts=alerts, firing=firing)
    if is_open:
        return replace(fires, reason=f"{told.alert.name} fires again")
    return _reopens(connection, told, fires)


def _set_firing(connection: Connection, told: Telling, row: RowMapping) -> tuple[int, int]:
    """Store that the alert fires again; return how many more count, and how many more fire."""
    if not row["is_echo"]:
        write.set_firing(connection, told, row)
        return 0, 1
    # It speaks for alerts of another road, whose own telling may come or not.
    spoken_for = (
        connection.execute(
            select(incident_alerts)
            .where(find.twins(told, row["incident_id"]))
            .order_by(incident_alerts.c.status == _RESOLVED, incident_alerts.c.ends_at.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    write.set_firing(connection, told, row, is_echo=spoken_for is not None)
    if spoken_for is None:
        return 1, 1
    if spoken_for["status"] != _RESOLVED:
        return 0, 0
    connection.execute(
        update(incident_alerts)
        .where(
            incident_alerts.c.incident_id == spoken_for["incident_id"],
            incident_alerts.c.fingerprint == spoken_for["fingerprint"],
        )
        .values(status=told.alert.status.value, fired_at=told.now, ends_at=None)
    )
    return 0, 1


def _reopens(connection: Connection, told: Telling, outcome: Outcome) -> Outcome:
    incident = find.existing(connection, str(outcome.incident_id))
    ended = incident["resolved_at"]
    return replace(
        outcome,
        joining=Joining.REOPENED,
        why=(FIRES_AGAIN,),
        reason=f"fires again {(told.now - ended).total_seconds() / 60:.0f} min after its end",
        columns=write.reopened(connection, incident),
    )


def is_new(
    connection: Connection, told: Telling, ids: Callable[[], str], *, message: Sequence[str]
) -> Outcome:
    """Return what an alert does that is not known, or not since long."""
    alike = find.alike(connection, told)
    open_ones = find.candidates(connection, told, alike_rows=alike, message=list(message))
    home = home_for(told.alert, open_ones, road=told.origin.road, watch=told.watch, now=told.now)
    if home is not None:
        joined = _joins(connection, told, home[0].incident_id, why=home[1])
        return stormed(connection, told, joined, find.storm_of(connection, told))
    if told.origin.is_edit:
        return Outcome(
            joining=Joining.IGNORED, reason="an edit of a message that was never taken in"
        )
    ended = next((row for row in alike if row is not None and _ended_lately(told, row)), None)
    if ended is not None and told.fires:
        joined = _joins(connection, told, ended["incident_id"], why=(FIRES_AGAIN,))
        return _reopens(connection, told, joined)
    if not told.fires:
        return Outcome(joining=Joining.IGNORED, reason="a notice that belongs to no open incident")
    storm = find.storm_of(connection, told)
    if storm.incident_id is not None:
        joined = _joins(connection, told, storm.incident_id, why=(OF_A_STORM,))
        return stormed(connection, told, joined, storm)
    incident_id = opened(connection, told, incident_id=ids())
    first = Outcome(
        joining=Joining.OPENED,
        incident_id=incident_id,
        told_of=told.fingerprint,
        alerts=1,
        firing=1,
        is_new_name=True,
    )
    return stormed(connection, told, first, replace(storm, incident_id=incident_id))


def _joins(
    connection: Connection, told: Telling, incident_id: str, *, why: tuple[Weight, ...]
) -> Outcome:
    roads = find.roads_of(connection, incident_id, told.name)
    is_echo, lesser = (
        find.standing_of_twins(connection, told, incident_id)
        if roads - {told.origin.road}
        else (False, [])
    )
    uncounted = firing_less = 0
    if lesser:
        twins = find.twins(told, incident_id)
        uncounted, firing_less = write.make_echoes(connection, twins, lesser)
    incident = find.existing(connection, incident_id)
    write.add_alert(
        connection, told, incident_id, is_echo=is_echo, of_storm=bool(incident["is_storm"])
    )
    is_known = is_echo or uncounted > 0
    return Outcome(
        joining=Joining.REPEATED if is_known else Joining.JOINED,
        incident_id=incident_id,
        told_of=told.fingerprint,
        alerts=(0 if is_echo else 1) - uncounted,
        firing=(0 if is_echo or not told.fires else 1) - firing_less,
        why=why,
        reason="told on another road, too" if is_known else "",
        is_new_name=not roads,
        incident=incident,
    )


def _ended_lately(told: Telling, row: RowMapping) -> bool:
    ended = row["resolved_at"]
    return (
        row["state"] == IncidentState.RESOLVED
        and ended is not None
        and told.now - ended <= told.watch.reopen_within
    )
