"""What is kept of alerts and incidents, and the promises made about it.

Every method is one transaction; `admit` decides and stores at once, so that the same alert through
two roads, or at two replicas in the same moment, makes one incident. A database that cannot be
reached raises UpstreamError with system `database`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.alert import Alert, Origin
    from bot.domain.incident import Admission, Incident, Watch


class Incidents(Protocol):
    """Alerts and the incidents they make up."""

    def admit(self, alert: Alert, *, origin: Origin, watch: Watch, now: datetime) -> Admission:
        """Take one alert in and return what it did; the same delivery again changes nothing."""
        ...

    def incident(self, incident_id: str) -> Incident | None:
        """Return one incident, or None."""
        ...

    def incident_of_thread(self, channel: str, thread_ts: str) -> Incident | None:
        """Return the incident whose thread that is, or None."""
        ...

    def alerts_of(self, incident_id: str) -> list[Alert]:
        """Return its alerts, each as last told, the first to arrive first."""
        ...

    def bind_thread(self, incident_id: str, *, channel: str, thread_ts: str) -> Incident:
        """Give the incident its thread; the first binding stays, and is what comes back."""
        ...

    def due(self, *, limit: int) -> list[Incident]:
        """Return incidents to bring up, oldest first.

        Those that need a run nobody began yet, and those whose thread does not tell their state:
        of which `told_to` is less than `messages` and something a person would see has changed.
        """
        ...

    def told(self, incident_id: str, *, messages: int) -> None:
        """Note that the thread tells the state after so many messages; never goes backwards."""
        ...

    def run_begun(self, incident_id: str, *, at: datetime) -> int:
        """Note that a run was asked for; return its number, from 1. Not due from then on."""
        ...

    def run_concluded(self, incident_id: str, *, at: datetime, conclusive: bool) -> None:
        """Note how a run ended: recurrence is anchored on the last conclusive one."""
        ...

    def open_incidents(self, *, limit: int) -> list[Incident]:
        """Return what is open, the worst and newest first."""
        ...

    def recurrences(self, incident_id: str, *, limit: int) -> list[Incident]:
        """Return earlier incidents it recurs from, newest first."""
        ...
