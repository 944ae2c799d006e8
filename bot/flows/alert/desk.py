"""Where alerts come in: freed of secrets, admitted to an incident, a worker called."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from bot.domain.incident import Joining
from bot.flows.sweep import LOOK_JOB
from bot.ports.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.alert import Alert, Origin
    from bot.domain.registry import Registry
    from bot.ports.clock import Clock
    from bot.ports.incidents import Incidents
    from bot.ports.queue import Doorbell

log = structlog.get_logger()

_TOLD_ELSEWHERE = frozenset({Joining.REPEATED})
"""What changes nothing a person would see."""


class AlertIntake:
    """Implements bot.ports.alert_desk.AlertDesk over the incidents and the doorbell."""

    def __init__(
        self,
        *,
        incidents: Incidents,
        doorbell: Doorbell,
        registry: Registry,
        clock: Clock,
        mask: Callable[[str], str],
    ) -> None:
        self._incidents = incidents
        self._doorbell = doorbell
        self._registry = registry
        self._clock = clock
        self._mask = mask

    def receive(self, alerts: Sequence[Alert], *, origin: Origin, channel: str) -> int:
        """Admit each alert; call one worker for each incident that changed."""
        watch = self._registry.watch(channel)
        if watch is None:
            log.info("alerts_unwatched", channel=channel, alerts=len(alerts))
            return 0
        changed: dict[str, None] = {}
        kept = 0
        for alert in alerts:
            admission = self._incidents.admit(
                without_secrets(alert, self._mask),
                origin=origin,
                watch=watch,
                now=self._clock.now(),
            )
            incident = admission.incident
            log.info(
                "alert_admitted",
                source=alert.source,
                road=origin.road,
                joining=admission.joining,
                incident_id=None if incident is None else incident.incident_id,
                investigate=admission.investigate,
                reason=admission.reason,
            )
            if incident is None:
                continue
            kept += 1
            if admission.investigate or admission.joining not in _TOLD_ELSEWHERE:
                changed[incident.incident_id] = None
            changed |= dict.fromkeys(one.incident_id for one in admission.absorbed)
        for incident_id in changed:
            self._doorbell.ring(Queue.ALERTS, LOOK_JOB, incident_id)
        return kept


def without_secrets(alert: Alert, mask: Callable[[str], str]) -> Alert:
    """Return the alert with every text masked; its identity stays."""
    return replace(
        alert,
        name=mask(alert.name),
        labels={name: mask(value) for name, value in alert.labels.items()},
        annotations={name: mask(value) for name, value in alert.annotations.items()},
        links=tuple(
            replace(link, title=mask(link.title), url=mask(link.url)) for link in alert.links
        ),
        text=mask(alert.text),
        expression=mask(alert.expression),
    )
