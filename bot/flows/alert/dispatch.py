"""The worker's first step for an incident: a thread, what changed told in it, a run asked for.

It may run any number of times at once for one incident: everything it posts and stores has a key
made of what it is about.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import structlog

from bot.domain.conversation import (
    ChannelId,
    MessageTs,
    PersonId,
    Question,
    Surface,
    ThreadId,
)
from bot.domain.incident import IncidentState
from bot.domain.spans import span, stamp
from bot.flows.alert.scoping import access_of_channel, place_of

if TYPE_CHECKING:
    from bot.domain.conversation import Thread
    from bot.domain.incident import Incident
    from bot.domain.registry import Registry
    from bot.ports.clock import Clock
    from bot.ports.incidents import Incidents
    from bot.ports.messenger import Messenger
    from bot.ports.store import Store

log = structlog.get_logger()

# Slack's thread roots are ordered by ts; a run's message is younger than the alert it is about.
NOBODY = PersonId("")
"""Who asks when an alert does."""


class Dispatch:
    """Brings an incident's thread up to date and has a run begun where one is due."""

    def __init__(
        self,
        *,
        incidents: Incidents,
        store: Store,
        messenger: Messenger,
        registry: Registry,
        clock: Clock,
    ) -> None:
        self._incidents = incidents
        self._store = store
        self._messenger = messenger
        self._registry = registry
        self._clock = clock

    def bring_up(self, incident_id: str) -> ThreadId | None:
        """Tell what is new of the incident; return the thread that has a run to be made, or None.

        Raises:
            UpstreamError: Slack or the database failed; the incident stays due.
        """
        incident = self._incidents.incident(incident_id)
        if incident is None:
            log.warning("incident_unknown", incident_id=incident_id)
            return None
        if not incident.is_due and incident.told_to >= incident.messages:
            # Rung for once more than was needed: another call of Slack would tell nothing.
            return None
        if incident.state is IncidentState.MERGED:
            self._tell_merged(incident)
            return None
        is_new = incident.thread_ts is None
        rooted = self._rooted(incident) if is_new else incident
        if rooted.state is IncidentState.MERGED:
            # It became part of a storm while its first message was on its way.
            self._tell_merged(rooted)
            return None
        # What is to be looked into waits for nothing that is only told.
        thread_id = self._ask(incident, rooted) if incident.is_due else None
        if incident.is_announced and not is_new:
            rooted = self._rooted(incident)
        self._tell_changes(incident, rooted)
        self._incidents.told(incident_id, messages=incident.messages)
        return thread_id

    def _rooted(self, incident: Incident) -> Incident:
        """Return the incident once its first message, which is ours, says how it stands.

        Another worker may have told a later state meanwhile, and ours lies over it: whoever
        finds the state changed after its own message says it again.
        """
        while True:
            alerts = self._incidents.alerts_of(incident.incident_id)
            ts = self._messenger.announce(incident, alerts)
            bound = self._incidents.bind_thread(
                incident.incident_id, channel=incident.channel, thread_ts=ts
            )
            if bound.state is incident.state:
                return bound
            incident = bound

    def _tell_changes(self, incident: Incident, rooted: Incident) -> None:
        """Say in the thread that the incident is over, is back, or became a storm; once each."""
        thread = self._thread(rooted)
        if thread is None:
            return
        key = f"incident/{incident.incident_id}"
        if incident.is_storm:
            self._messenger.note(
                thread,
                f"{incident.alerts} alerts came within a minute: I treat them as one incident and"
                " stay in this thread.",
                key=f"{key}/storm",
            )
        if incident.state is IncidentState.RESOLVED and incident.resolved_at is not None:
            lasted = span((incident.resolved_at - incident.opened_at).total_seconds())
            self._messenger.note(
                thread,
                f"Resolved at {incident.resolved_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC, {lasted}"
                " after it began; every alert of it is over.",
                key=f"{key}/resolved/{stamp(incident.resolved_at)}",
            )
        if incident.state is IncidentState.OPEN and incident.reopened:
            self._messenger.note(
                thread,
                "It fires again. I go on in this thread.",
                key=f"{key}/reopened/{incident.reopened}",
            )

    def _tell_merged(self, incident: Incident) -> None:
        """Say in the thread of an incident that became part of a storm where it goes on."""
        if incident.is_announced:
            alerts = self._incidents.alerts_of(incident.incident_id)
            self._messenger.announce(incident, alerts)
        thread = self._thread(incident)
        into = self._incidents.incident(incident.merged_into or "")
        if thread is not None and into is not None:
            self._messenger.note(
                thread,
                f"This is part of a storm of alerts: I go on in the thread of {into.title}.",
                key=f"incident/{incident.incident_id}/merged",
            )
        self._incidents.told(incident.incident_id, messages=incident.messages)

    def _ask(self, incident: Incident, rooted: Incident) -> ThreadId:
        """Store the question nobody asked, so that a worker answers it like any other."""
        number = incident.runs + 1
        alerts = self._incidents.alerts_of(incident.incident_id)
        thread = self._store.add_question(self._question(rooted, number))
        if thread.scope is None:
            place = place_of(
                alerts,
                channel=incident.channel,
                registry=self._registry,
                access=access_of_channel(self._registry, incident.channel),
            )
            if place.scope.clusters:
                self._store.set_scope(thread.thread_id, place.scope)
        begun = self._incidents.run_begun(incident.incident_id, at=self._clock.now())
        if begun > number:
            # Another worker began ours, and it fell due once more since it was read here.
            self._store.add_question(self._question(rooted, begun))
        log.info(
            "incident_run_asked",
            incident_id=incident.incident_id,
            run=begun,
            alerts=incident.alerts,
        )
        return thread.thread_id

    def _question(self, rooted: Incident, number: int) -> Question:
        ts = MessageTs(rooted.thread_ts or "0")
        return Question(
            question_id=f"incident/{rooted.incident_id}/{number}",
            team_id=rooted.team_id,
            channel=ChannelId(rooted.channel),
            thread_ts=ts,
            ts=ts,
            person=NOBODY,
            text=rooted.title,
            surface=Surface.CHANNEL,
            asked_at=self._clock.now(),
            incident_id=rooted.incident_id,
        )

    def _thread(self, incident: Incident) -> Thread | None:
        if incident.thread_ts is None:
            return None
        return self._store.find_thread(ChannelId(incident.channel), MessageTs(incident.thread_ts))
