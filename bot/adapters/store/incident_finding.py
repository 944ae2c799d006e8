"""What is looked up to find an alert's incident; nothing here writes.

Every look-up is bounded, so that it costs the same in a storm and in a database of years.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, exists, func, or_, select

from bot.adapters.store.incident_telling import alert_columns, key_from, key_text
from bot.adapters.store.tables import alert_tellings, incident_alerts, incident_keys, incidents
from bot.domain.alert import AlertStatus
from bot.domain.correlation import SAME_ALERT, SAME_GROUP, SAME_MESSAGE, Candidate
from bot.domain.incident import IncidentState
from bot.domain.incident_life import RECURS_WITHIN, STORM_ALERTS, STORM_WITHIN, outranks

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, RowMapping

    from bot.adapters.store.incident_telling import Telling
    from bot.domain.alert_keys import Key
    from bot.domain.incident import Weight

MAX_MATCHES = 400
"""Keys of open incidents compared with one alert; so many are open only while a storm begins."""
MAX_IN_MESSAGE = 50

_OPEN = incidents.c.state == IncidentState.OPEN.value
_OF_INCIDENT = incidents.c.incident_id == incident_alerts.c.incident_id


def _latest_by(column: ColumnElement[Any]) -> Any:
    return (
        select(incident_alerts, incidents.c.state, incidents.c.resolved_at)
        .join(incidents, _OF_INCIDENT)
        .where(column == bindparam("value"))
        .order_by(incident_alerts.c.first_at.desc(), incident_alerts.c.incident_id.desc())
        .limit(1)
    )


_BY_FINGERPRINT = _latest_by(incident_alerts.c.fingerprint)
_BY_IDENTITY = _latest_by(incident_alerts.c.identity)
_BY_GROUP = _latest_by(incident_alerts.c.grouped_by)
_INCIDENT = select(incidents).where(incidents.c.incident_id == bindparam("value"))
_TOLD = select(exists().where(
    alert_tellings.c.delivery_id == bindparam("delivery"),
    alert_tellings.c.fingerprint == bindparam("fingerprint"),
))  # fmt: skip
_IN_MESSAGE = (
    select(alert_tellings.c.told_of)
    .where(
        alert_tellings.c.channel == bindparam("channel"),
        alert_tellings.c.ts == bindparam("ts"),
        alert_tellings.c.told_of.is_not(None),
    )
    .distinct()
    .limit(MAX_IN_MESSAGE)
)
_BY_KEYS = (
    select(incident_keys)
    .where(incident_keys.c.key.in_(bindparam("keys", expanding=True)))
    .limit(MAX_MATCHES)
)
_OPEN_OF = select(
    incidents.c.incident_id,
    incidents.c.home,
    incidents.c.is_storm,
    incidents.c.begun_first,
    incidents.c.begun_last,
).where(incidents.c.incident_id.in_(bindparam("ids", expanding=True)), _OPEN)
_TROUBLES = (
    select(incident_alerts.c.trouble)
    .where(
        incident_alerts.c.home == bindparam("home"),
        incident_alerts.c.fired_at > bindparam("since"),
        incident_alerts.c.is_echo.is_(False),
    )
    .distinct()
    .limit(STORM_ALERTS)
)
_STORM = (
    select(incidents.c.incident_id, incidents.c.is_storm, incidents.c.storm_until)
    .where(
        _OPEN,
        incidents.c.home == bindparam("home"),
        or_(
            incidents.c.opened_at > bindparam("since"),
            incidents.c.storm_until > bindparam("now"),
        ),
    )
    # A storm that lasts comes before what may become one, the first of each before later ones.
    .order_by(incidents.c.is_storm.desc(), incidents.c.opened_at, incidents.c.incident_id)
    .limit(1)
)
_ROADS = (
    select(incident_alerts.c.road)
    .where(
        incident_alerts.c.incident_id == bindparam("incident"),
        incident_alerts.c.name == bindparam("name"),
    )
    .distinct()
)
_RECURS_FROM = (
    select(incidents.c.incident_id)
    .where(
        or_(
            incidents.c.root_fingerprint == bindparam("fingerprint"),
            incidents.c.root_identity == bindparam("identity"),
        ),
        ~_OPEN,
        incidents.c.conclusive_at.is_not(None),
        incidents.c.opened_at > bindparam("since"),
    )
    .order_by(incidents.c.opened_at.desc(), incidents.c.incident_id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """What an alert that belongs nowhere else belongs to."""

    incident_id: str | None
    """None when there is nothing yet that could become the storm."""
    rages: bool
    """True when alerts come at the rate of one, this alert included."""
    lasts: bool
    """True when the incident is a storm already."""


def was_told(connection: Connection, told: Telling) -> bool:
    """Tell whether this very delivery was taken in before."""
    found = {"delivery": told.delivery_id, "fingerprint": told.fingerprint}
    return bool(connection.execute(_TOLD, found).scalar())


def incident_row(connection: Connection, incident_id: str) -> RowMapping | None:
    """Return the incident's row, or None."""
    return connection.execute(_INCIDENT, {"value": incident_id}).mappings().first()


def existing(connection: Connection, incident_id: str) -> RowMapping:
    """Return the incident's row; KeyError if there is none of that id."""
    row = incident_row(connection, incident_id)
    if row is None:
        raise KeyError(incident_id)
    return row


def told_in_message(connection: Connection, told: Telling) -> list[str]:
    """Return fingerprints of stored alerts that the same Slack message told of."""
    if told.origin.channel is None or told.origin.ts is None:
        return []
    message = {"channel": told.origin.channel, "ts": told.origin.ts}
    return list(connection.execute(_IN_MESSAGE, message).scalars())


def known_alert(connection: Connection, told: Telling, message: list[str]) -> RowMapping | None:
    """Return the alert as it is stored, in its newest incident, with that incident's state.

    An edited message tells of what its first version told of, even under other labels.
    """
    found = _latest(connection, _BY_FINGERPRINT, told.fingerprint)
    if found is not None or not told.origin.is_edit:
        return found
    rows = [
        row
        for fingerprint in message
        if (row := _latest(connection, _BY_FINGERPRINT, fingerprint)) is not None
    ]
    named = [row for row in rows if row["name"] == told.name]
    return next(iter(named or (rows if len(rows) == 1 else ())), None)


def alike(connection: Connection, told: Telling) -> tuple[RowMapping | None, RowMapping | None]:
    """Return the newest alert of the same identity, and the newest of the same group."""
    grouped = told.grouped_by
    return (
        _latest(connection, _BY_IDENTITY, told.identity),
        None if grouped is None else _latest(connection, _BY_GROUP, grouped),
    )


def candidates(
    connection: Connection,
    told: Telling,
    *,
    alike_rows: tuple[RowMapping | None, RowMapping | None],
    message: list[str],
) -> list[Candidate]:
    """Return open incidents the alert may belong to, with what they have in common."""
    certain: defaultdict[str, list[Weight]] = defaultdict(list)
    reasons = list(zip((SAME_ALERT, SAME_GROUP), alike_rows, strict=True))
    if message:
        reasons.append((SAME_MESSAGE, _latest(connection, _BY_FINGERPRINT, message[0])))
    for weight, row in reasons:
        if row is not None and row["state"] == IncidentState.OPEN:
            certain[row["incident_id"]].append(weight)
    shared: defaultdict[str, list[Key]] = defaultdict(list)
    wanted = list({key_text(key) for key in told.keys})
    for row in connection.execute(_BY_KEYS, {"keys": wanted}).mappings():
        shared[row["incident_id"]].append(key_from(row))
    ids = sorted({*certain, *shared})
    if not ids:
        return []
    return [
        Candidate(
            incident_id=row["incident_id"],
            home=row["home"],
            is_storm=row["is_storm"],
            begun_first=row["begun_first"],
            begun_last=row["begun_last"],
            keys=tuple(shared[row["incident_id"]]),
            certain=tuple(certain[row["incident_id"]][:1]),
        )
        for row in connection.execute(_OPEN_OF, {"ids": ids}).mappings()
    ]


def storm_of(connection: Connection, told: Telling) -> Storm:
    """Return the storm in the alert's channel that lasts, or that it makes."""
    since = told.now - STORM_WITHIN
    found = {"home": told.watch.channel, "since": since}
    troubles = {*connection.execute(_TROUBLES, found).scalars(), told.trouble}
    rages = len(troubles) >= STORM_ALERTS
    row = connection.execute(_STORM, found | {"now": told.now}).mappings().first()
    if row is None:
        return Storm(incident_id=None, rages=rages, lasts=False)
    until = row["storm_until"]
    lasts = bool(row["is_storm"]) and until is not None and until > told.now
    return Storm(
        incident_id=row["incident_id"] if lasts or rages else None, rages=rages, lasts=lasts
    )


def roads_of(connection: Connection, incident_id: str, name: str) -> set[str]:
    """Return how the incident's alerts of that name came in; nothing when it has none."""
    found = {"incident": incident_id, "name": name}
    return set(connection.execute(_ROADS, found).scalars())


def owns_thread(connection: Connection, channel: str, ts: str) -> bool:
    """Tell whether some incident has that thread already."""
    mine = and_(incidents.c.channel == channel, incidents.c.thread_ts == ts)
    return bool(connection.execute(select(exists().where(mine))).scalar())


def recurs_from(connection: Connection, told: Telling) -> str | None:
    """Return the newest earlier incident of the same root alert that had a conclusive run."""
    found = {
        "fingerprint": told.fingerprint,
        "identity": told.identity,
        "since": told.now - RECURS_WITHIN,
    }
    return connection.execute(_RECURS_FROM, found).scalar()


def same_root(fingerprint: str, identity: str) -> ColumnElement[bool]:
    """Return what is true of incidents that began with that alert."""
    return or_(incidents.c.root_fingerprint == fingerprint, incidents.c.root_identity == identity)


def twins(told: Telling, incident_id: str) -> ColumnElement[bool]:
    """Return what is true of the incident's alerts that may be this one, told on another road."""
    own = alert_columns(told)
    agrees = [
        incident_alerts.c[column].in_(("", own[column]))
        for column in ("cluster", "namespace", "workload")
        if own[column]
    ]
    return and_(
        incident_alerts.c.incident_id == incident_id,
        incident_alerts.c.name == told.name,
        incident_alerts.c.road != told.origin.road,
        incident_alerts.c.status != AlertStatus.NOTICE.value,
        incident_alerts.c.is_echo.is_(False),
        *agrees,
    )


def standing_of_twins(
    connection: Connection, told: Telling, incident_id: str
) -> tuple[bool, list[tuple[bool, str]]]:
    """Return whether a fuller telling is counted already, and which lesser ones are."""
    counted = connection.execute(
        select(incident_alerts.c.is_partial, incident_alerts.c.road, func.count())
        .where(twins(told, incident_id))
        .group_by(incident_alerts.c.is_partial, incident_alerts.c.road)
    )
    ranks = [(bool(is_partial), str(road)) for is_partial, road, _ in counted]
    lesser = [rank for rank in ranks if outranks(told.rank, rank)]
    return len(lesser) < len(ranks), lesser


def _latest(connection: Connection, statement: Any, value: str) -> RowMapping | None:
    return connection.execute(statement, {"value": value}).mappings().first()
