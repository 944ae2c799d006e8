"""Alerts with everything filled in that a test does not care about, and a desk that admits them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

from bot.domain.alert import (
    Alert,
    AlertObject,
    AlertScope,
    AlertSource,
    AlertStatus,
    Origin,
    Severity,
)
from bot.domain.alert_identity import fingerprint_of
from bot.domain.incident import Watch
from bot.ports.incidents import Incidents
from tests.contract.store.builders import DAY

if TYPE_CHECKING:
    from bot.domain.incident import Admission

WATCHED = "C0ALERTS"
WATCH = Watch(channel=WATCHED)
WEBHOOK = "alertmanager"
SLACK = "slack"


def alert(
    name: str = "KubePodCrashLooping",
    *,
    status: AlertStatus = AlertStatus.FIRING,
    severity: Severity = Severity.HIGH,
    namespace: str = "payments",
    workload: str = "checkout",
    cluster: str | None = "prod-eu",
    objects: tuple[tuple[str, str], ...] | None = None,
    **known: Any,
) -> Alert:
    """An alert with labels, of one workload in one namespace."""
    things = objects if objects is not None else (("deployment", workload),)
    labels = {"alertname": name, "namespace": namespace, "cluster": cluster or ""}
    labels |= dict(things)
    labels = {label: value for label, value in labels.items() if value}
    told = Alert(
        source=AlertSource.ALERTMANAGER,
        name=name,
        status=status,
        severity=severity,
        fingerprint=fingerprint_of(AlertSource.ALERTMANAGER, name, labels),
        group_key="",
        labels=labels,
        scope=AlertScope(
            cluster=cluster,
            namespace=namespace or None,
            objects=tuple(AlertObject(kind=kind, name=name) for kind, name in things),
        ),
        text=f"{name} {namespace} {workload}",
    )
    return replace(told, **known)


def bare(subject: str, *, name: str, status: AlertStatus = AlertStatus.FIRING) -> Alert:
    """An alert as Alertmanager's plain Slack message tells it: a subject, no labels."""
    return Alert(
        source=AlertSource.ALERTMANAGER,
        name=name,
        status=status,
        severity=Severity.HIGH,
        fingerprint=f"slack:{subject}",
        group_key=f"slack:{subject}",
        text=f"[{status.value.upper()}] {subject}",
        is_partial=True,
    )


@dataclass
class Post:
    """Admits alerts as if they were delivered, each under an id of its own unless one is given."""

    incidents: Incidents
    now: datetime = DAY
    watch: Watch = WATCH
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def later(self, **by: float) -> Post:
        """Let time pass."""
        self.now += timedelta(**by)
        return self

    def webhook(
        self, told: Alert, *, delivery: str | None = None, road: str = WEBHOOK
    ) -> Admission:
        """Admit what a webhook brought."""
        origin = Origin(road=road, delivery_id=delivery or f"hook-{next(self._numbers)}")
        return self.incidents.admit(told, origin=origin, watch=self.watch, now=self.now)

    def slack(
        self,
        told: Alert,
        *,
        ts: str | None = None,
        delivery: str | None = None,
        is_edit: bool = False,
    ) -> Admission:
        """Admit what a message in the watched channel said."""
        number = next(self._numbers)
        origin = Origin(
            road=SLACK,
            delivery_id=delivery or f"Ev{number}",
            team_id="T0LAB",
            channel=self.watch.channel,
            ts=ts or f"{number}.000001",
            is_edit=is_edit,
        )
        return self.incidents.admit(told, origin=origin, watch=self.watch, now=self.now)
