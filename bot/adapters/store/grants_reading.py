"""Rights on the tables of questions and alerts: what was asked, read, answered, and who was told.

A process that is not listed at a table may do nothing there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.store.grants_rights import ALL, ANY_ROW, READ, Client, Right

if TYPE_CHECKING:
    from collections.abc import Mapping

_ADMITS: Final = Right(reads=ALL, adds=ANY_ROW, changes=ALL)
_KEEPS: Final = Right(reads=ALL, adds=ANY_ROW)
_ASKS: Final = Right(reads=ALL, adds=ANY_ROW, changes=("waiting_since",))
_RATES: Final = Right(reads=ALL, adds=ANY_ROW, changes=("rating", "rated_at"))
_CHOOSES: Final = Right(reads=ALL, adds=ANY_ROW, changes=("scope", "chosen_at"))

READING: Final[Mapping[str, Mapping[Client, Right]]] = {
    "inbox_events": {
        Client.LISTENER: Right(reads=ALL, adds=ANY_ROW, changes=("routed_at",)),
        # What the inbox holds was said by people: nobody but who hears them adds to it.
        Client.CRON: Right(reads=ALL, changes=("routed_at",), deletes=True),
    },
    "threads": {
        Client.LISTENER: Right(reads=ALL, adds=ANY_ROW, changes=("scope",)),
        Client.INVESTIGATOR: Right(
            reads=ALL, adds=ANY_ROW, changes=("scope", "investigations", "evidence")
        ),
        Client.CRON: Right(reads=ALL, adds=ANY_ROW, changes=("scope",)),
    },
    "investigations": {
        Client.LISTENER: Right(reads=ALL, changes=("cancelled_by",)),
        Client.INVESTIGATOR: Right(
            reads=ALL,
            adds=ANY_ROW,
            changes=(
                "state",
                "fence",
                "attempt",
                "worker",
                "lease_until",
                "finished_at",
                "verdict",
            ),
        ),
        Client.CRON: Right(reads=ALL, changes=("cancelled_by",)),
    },
    "questions": {
        Client.LISTENER: _ASKS,
        # It asks in nobody's name: the question an incident is looked into by.
        Client.INVESTIGATOR: Right(
            reads=ALL, adds="person = '' AND incident_id IS NOT NULL", changes=("waiting_since",)
        ),
        Client.CRON: _ASKS,
    },
    "taken_questions": {
        Client.LISTENER: READ,
        Client.INVESTIGATOR: _KEEPS,
        Client.CRON: READ,
    },
    "chosen_scopes": {
        Client.LISTENER: _CHOOSES,
        Client.INVESTIGATOR: READ,
        Client.CRON: _CHOOSES,
    },
    "turns": {Client.INVESTIGATOR: _KEEPS},
    "evidence": {
        Client.LISTENER: READ,
        Client.INVESTIGATOR: _KEEPS,
        Client.CRON: READ,
    },
    "feedback": {
        Client.LISTENER: _RATES,
        Client.INVESTIGATOR: READ,
        Client.CRON: _RATES,
    },
    "spend": {Client.INVESTIGATOR: _KEEPS},
    "incidents": {
        Client.LISTENER: _ADMITS,
        Client.INVESTIGATOR: Right(
            reads=ALL,
            changes=(
                "channel",
                "thread_ts",
                "is_announced",
                "told_to",
                "runs",
                "last_run_at",
                "due_since",
                "conclusive_at",
            ),
        ),
        Client.OPERATOR: READ,
        Client.CRON: _ADMITS,
    },
    "incident_alerts": {
        Client.LISTENER: _ADMITS,
        Client.INVESTIGATOR: READ,
        Client.OPERATOR: READ,
        Client.CRON: _ADMITS,
    },
    "incident_keys": {
        Client.LISTENER: Right(reads=ALL, adds=ANY_ROW, deletes=True),
        Client.CRON: Right(reads=ALL, adds=ANY_ROW, deletes=True),
    },
    "alert_tellings": {
        Client.LISTENER: _KEEPS,
        Client.INVESTIGATOR: READ,
        Client.CRON: _KEEPS,
    },
}
