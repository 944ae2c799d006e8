"""The run that may propose something: who asks, in which words, and what may be read for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.agent.session import Session
from bot.domain.conversation import Scope, Thread
from bot.domain.errors import ToolError
from bot.domain.incident import Incident
from bot.domain.investigation import Investigation
from bot.domain.registry import Access
from safe_ops.model.actions import Person

if TYPE_CHECKING:
    from bot.domain.conversation import Question
    from bot.ports.incidents import Incidents
    from bot.ports.store import Store

_EARLIER_RUNS: Final = 10
"""Runs of the thread whose questions count as the asker's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """One run, as far as a proposal has to know of it."""

    thread: Thread
    run: Investigation
    session: Session
    scope: Scope
    access: Access
    """What may be read for it; nothing is proposed beyond."""
    incident: Incident | None
    asker: Person | None
    """None when an alert asks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks for an operation, as a request names them."""

    subject: str
    name: str
    slack_id: str = ""


def last_of_person(run: Investigation) -> Question | None:
    """Return the newest question of a person in the run; None when an alert alone asks."""
    return next((one for one in reversed(run.questions) if one.incident_id is None), None)


def own_words(occasion: Occasion, store: Store) -> tuple[str, ...]:
    """Return what the asker wrote in the thread; quoted material is not among it."""
    if occasion.asker is None:
        return ()
    runs = (occasion.run, *store.latest(occasion.thread.thread_id, limit=_EARLIER_RUNS))
    said = {
        one.question_id: one.text
        for run in runs
        for one in run.questions
        if one.incident_id is None and one.person == occasion.asker.slack_id
    }
    return tuple(said.values())


def asked_by(occasion: Occasion, incidents: Incidents) -> Asker:
    """Return the person, or the incident's first alert where no person asks.

    Raises:
        ToolError: Nobody asked.
    """
    person, incident = occasion.asker, occasion.incident
    if person is not None:
        return Asker(subject=person.subject, name=person.name, slack_id=person.slack_id)
    alerts = incidents.alerts_of(incident.incident_id) if incident is not None else []
    if incident is None or not alerts:
        raise ToolError("Nobody asked for this run and it has no alert: it proposes nothing.")
    return Asker(subject=f"alert:{alerts[0].fingerprint}", name=alerts[0].name or incident.title)
