"""The first row of an incident: its title, its thread, and what it recurs from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.store import incident_finding as find
from bot.adapters.store import incident_writing as write
from bot.adapters.store.incident_telling import plain
from bot.domain.correlation import begun_at
from bot.domain.incident import IncidentState
from bot.domain.incident_life import service_of, title_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from bot.adapters.store.incident_telling import Telling


def opened(connection: Connection, told: Telling, *, incident_id: str) -> str:
    """Store a new incident with the alert as its root; return its id.

    Counted are the alert and that it fires, not yet the message. Its thread begins with the Slack
    message, unless another incident's does, or only a review channel is to see it.
    """
    begun = begun_at(told.alert, now=told.now)
    shadow = told.watch.shadow_channel
    write.add_incident(
        connection,
        {
            "incident_id": incident_id,
            "title": plain(title_of(told.alert)),
            "state": IncidentState.OPEN.value,
            "severity": int(told.alert.severity),
            "service": plain(service_of(told.alert)),
            "scope": told.alert.scope,
            "home": told.watch.channel,
            "channel": shadow or told.watch.channel,
            "thread_ts": None if shadow else _thread(connection, told),
            "team_id": told.origin.team_id,
            "is_shadow": shadow is not None,
            "is_announced": False,
            "opened_at": told.now,
            "last_alert_at": told.now,
            "begun_first": begun,
            "begun_last": begun,
            "reopened": 0,
            "alerts": 1,
            "firing": 1,
            "messages": 0,
            "told_to": 0,
            "changed_at": 0,
            "is_storm": False,
            "root_fingerprint": told.fingerprint,
            "root_identity": told.identity,
            "recurrence_of": find.recurs_from(connection, told),
            "runs": 0,
        },
    )
    write.add_alert(connection, told, incident_id, is_echo=False, of_storm=False)
    return incident_id


def _thread(connection: Connection, told: Telling) -> str | None:
    origin = told.origin
    if origin.ts is None or origin.channel != told.watch.channel:
        return None
    return None if find.owns_thread(connection, origin.channel, origin.ts) else origin.ts
