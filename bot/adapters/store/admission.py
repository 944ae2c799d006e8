"""Taking one alert in, within one transaction: what it belongs to, and what that changes.

The rules are those of `bot.domain.correlation` and `bot.domain.incident_life`; here they are put in
order, over what is stored. Whoever calls holds the lock of all incidents.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.adapters.store import incident_finding as find
from bot.adapters.store import incident_writing as write
from bot.adapters.store.incident_ending import end_what_is_calm, ends
from bot.adapters.store.incident_firing import fires_again, is_new
from bot.adapters.store.incident_outcome import Outcome
from bot.domain.alert import AlertStatus, Severity
from bot.domain.incident import Admission, IncidentState, Joining
from bot.domain.incident_life import Standing, is_no_trouble, looks_into, widened

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from bot.adapters.store.incident_telling import Telling


def take_in(connection: Connection, told: Telling, *, ids: Callable[[], str]) -> Admission:
    """Return what the alert did, with everything of it written."""
    if find.was_told(connection, told):
        return Admission(
            joining=Joining.IGNORED, incident=None, alert=told.alert, reason="told before"
        )
    end_what_is_calm(connection, now=told.now)
    outcome = _outcome(connection, told, ids)
    write.remember(
        connection,
        told,
        joining=outcome.joining.value,
        incident_id=outcome.incident_id,
        told_of=outcome.told_of,
    )
    if outcome.incident_id is None:
        return Admission(
            joining=outcome.joining, incident=None, alert=told.alert, reason=outcome.reason
        )
    return _counted(connection, told, outcome)


def _outcome(connection: Connection, told: Telling, ids: Callable[[], str]) -> Outcome:
    if is_no_trouble(told.alert.name):
        return Outcome(
            joining=Joining.IGNORED, reason=f"{told.alert.name} fires by design, it is no trouble"
        )
    message = find.told_in_message(connection, told)
    known = find.known_alert(connection, told, message)
    if told.alert.status is AlertStatus.RESOLVED:
        return ends(connection, told, known)
    again = None if known is None else fires_again(connection, told, known)
    return again or is_new(connection, told, ids, message=message)


def _counted(connection: Connection, told: Telling, outcome: Outcome) -> Admission:
    """Return the admission, with counters, severity and what is due written."""
    stored = outcome.incident or find.existing(connection, str(outcome.incident_id))
    incident = dict(stored) | (outcome.columns or {})
    is_opened = outcome.joining is Joining.OPENED
    is_end = told.alert.status is AlertStatus.RESOLVED
    severity = incident["severity"] if is_end else max(incident["severity"], told.alert.severity)
    is_worse = severity > incident["severity"]
    firing = incident["firing"] + (0 if is_opened else outcome.firing)
    standing = Standing(
        joining=outcome.joining,
        severity=Severity(severity),
        is_worse=is_worse,
        is_new_name=outcome.is_new_name,
        is_storm=incident["is_storm"],
        became_storm=outcome.became_storm,
        is_due=incident["due_since"] is not None,
        runs=incident["runs"],
        last_run_at=incident["last_run_at"],
    )
    needs_run, because = (
        (False, "")
        if is_end or not told.fires or incident["state"] != IncidentState.OPEN
        else looks_into(told.alert, standing, watch=told.watch, now=told.now)
    )
    messages = incident["messages"] + 1
    is_seen = outcome.joining is not Joining.REPEATED or is_worse or outcome.became_storm
    columns = (outcome.columns or {}) | {
        "alerts": incident["alerts"] + (0 if is_opened else outcome.alerts),
        "firing": firing,
        "messages": messages,
        "severity": severity,
        "last_alert_at": max(incident["last_alert_at"], told.now),
        **({"changed_at": messages} if is_seen else {}),
        **({"due_since": told.now} if needs_run else {}),
        **({} if is_end else _seen_of(told, incident)),
        **({"calm_at": None} if firing > 0 else {}),
    }
    row = write.change(connection, incident["incident_id"], **columns)
    return Admission(
        joining=outcome.joining,
        incident=write.incident_from(row),
        alert=told.alert,
        investigate=needs_run,
        why=outcome.why,
        reason="; ".join(filter(None, (outcome.reason, because))),
        absorbed=tuple(map(write.incident_from, outcome.absorbed)),
    )


def _seen_of(told: Telling, incident: dict[str, Any]) -> dict[str, Any]:
    return {
        "scope": widened(incident["scope"], told.alert.scope),
        **write.begun_columns(told, incident),
    }
