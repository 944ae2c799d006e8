"""The signal an incident came by, looked at again: verification goes through the same door.

The server that routes or evaluates the alert is asked first; what its sender told us since comes
second. What neither can say is not visible, and never guessed. How strong a firing alert is only
the server that evaluates it knows; without its word a signal fires, and is not measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bot.adapters.operations.strength import figures_of, still_firing, worst
from bot.domain.alert import AlertStatus
from bot.domain.errors import BotError
from bot.domain.incident import IncidentState
from safe_ops.model.plans import System
from safe_ops.model.signal import Signal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.alert import Alert
    from bot.ports.alert_state import AlertStates
    from bot.ports.incidents import Incidents
    from bot.ports.metrics import ActiveAlert, MetricsSources, Rule
    from safe_ops.model.plans import Place
    from safe_ops.ports.outside import Signals

log = structlog.get_logger()

NOT_VISIBLE = Signal(firing=None, says="no signal of the incident can be looked at")


class IncidentSignals:
    """safe_ops.ports.outside.Signals over Alertmanager, Prometheus and an incident's own alerts."""

    def __init__(
        self, *, incidents: Incidents, states: AlertStates, metrics: MetricsSources
    ) -> None:
        self._incidents = incidents
        self._states = states
        self._metrics = metrics

    def look(self, incident_id: str, place: Place) -> Signal:
        """Return the signal as it is now; never raises."""
        if not incident_id:
            return NOT_VISIBLE
        try:
            incident = self._incidents.incident(incident_id)
            if incident is None:
                return NOT_VISIBLE
            alerts = self._incidents.alerts_of(incident_id)
            if incident.state is IncidentState.RESOLVED:
                return Signal(firing=False, says="every alert of the incident is over")
            return self._of_cluster(alerts, place) or _as_told(alerts)
        except BotError as error:
            log.info("signal_not_visible", incident_id=incident_id, reason=str(error))
            return NOT_VISIBLE

    def _of_cluster(self, alerts: Sequence[Alert], place: Place) -> Signal | None:
        """Return what the cluster's own servers say of the alerts; None where there is none."""
        if place.system is not System.KUBERNETES or not alerts:
            return None
        firing = self._routed(alerts, place.name)
        if firing is None:
            active = self._evaluated(alerts, place.name)
            if active is None:
                return None
            firing = {dict(one.labels)["alertname"] for one in active}
        else:
            active = self._beside(alerts, place.name) if firing else ()
        if not firing:
            names = sorted({alert.name for alert in alerts})
            return Signal(firing=False, says=f"{', '.join(names)} no longer fires")
        return self._measured(firing, active, place.name)

    def _measured(self, firing: set[str], active: Sequence[ActiveAlert], cluster: str) -> Signal:
        """Return that these fire, and how strong, as far as what evaluates them tells."""
        told = [one for one in active if dict(one.labels)["alertname"] in firing]
        rules = self._rules(cluster) if told else ()
        figures = figures_of(told, rules)
        return Signal(
            firing=True,
            value=worst(figures),
            says=still_firing(firing, figures),
        )

    def _routed(self, alerts: Sequence[Alert], cluster: str) -> set[str] | None:
        try:
            reader = self._states.reader(cluster)
        except KeyError:
            return None
        known = {alert.name: reader.alerts(alert.name) for alert in alerts}
        return {
            alert.name
            for alert in alerts
            if any(_covers(one.labels, alert) for one in known[alert.name])
        }

    def _evaluated(self, alerts: Sequence[Alert], cluster: str) -> tuple[ActiveAlert, ...] | None:
        try:
            reader = self._metrics.reader(cluster)
        except KeyError:
            return None
        firing = [one for one in reader.alerts() if one.state == "firing"]
        return tuple(one for one in firing if any(_covers(one.labels, alert) for alert in alerts))

    def _beside(self, alerts: Sequence[Alert], cluster: str) -> tuple[ActiveAlert, ...]:
        """Return what `_evaluated` does, beside a server that told already what fires."""
        try:
            return self._evaluated(alerts, cluster) or ()
        except BotError as error:
            log.info("signal_not_measured", cluster=cluster, reason=str(error))
            return ()

    def _rules(self, cluster: str) -> tuple[Rule, ...]:
        """Return the rules its alerts come from; none where they cannot be read."""
        try:
            return self._metrics.reader(cluster).rules()
        except BotError as error:
            log.info("signal_not_measured", cluster=cluster, reason=str(error))
            return ()


def _covers(labels: Sequence[tuple[str, str]], alert: Alert) -> bool:
    """Tell whether a server's alert is this one: same name, and nothing told of it differs."""
    held = dict(labels)
    if held.get("alertname") != alert.name:
        return False
    return all(held.get(key, told) == told for key, told in alert.labels.items())


def _as_told(alerts: Sequence[Alert]) -> Signal:
    over = [alert for alert in alerts if alert.status is AlertStatus.RESOLVED]
    if alerts and len(over) == len(alerts):
        return Signal(firing=False, says="its sender says that it is over")
    return NOT_VISIBLE


if TYPE_CHECKING:
    _keeps_its_promise: type[Signals] = IncidentSignals
