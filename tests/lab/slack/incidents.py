"""Alerts and incidents as the alert journey would hand them to Slack."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.domain.alert import (
    Alert,
    AlertLink,
    AlertObject,
    AlertScope,
    AlertSource,
    AlertStatus,
    Severity,
)
from bot.domain.incident import Incident, IncidentState
from tests.lab.slack.seed import ALERTS
from tests.lab.slack.values import NOON

RUNBOOK = "https://runbooks.example/KubePodCrashLooping"


def alert(text: str = "Pod shop/cart-1 restarts again and again.", **changes: Any) -> Alert:
    """Return one firing alert, every text of it `text` where a sender writes freely."""
    fields: dict[str, Any] = {
        "source": AlertSource.ALERTMANAGER,
        "name": "KubePodCrashLooping",
        "status": AlertStatus.FIRING,
        "severity": Severity.CRITICAL,
        "fingerprint": "f1",
        "group_key": "g1",
        "annotations": {"summary": text},
        "starts_at": NOON - timedelta(minutes=4),
        "scope": _scope(),
        "links": (AlertLink(title="Runbook", url=RUNBOOK),),
        "text": text,
    }
    return Alert(**(fields | changes))


def incident(**changes: Any) -> Incident:
    """Return an open incident of one alert that came by webhook."""
    fields: dict[str, Any] = {
        "incident_id": "inc-0001",
        "title": "KubePodCrashLooping in shop/cart",
        "state": IncidentState.OPEN,
        "severity": Severity.CRITICAL,
        "service": "cart",
        "scope": _scope(),
        "channel": ALERTS,
        "thread_ts": None,
        "team_id": "T0LABTEAM",
        "is_shadow": False,
        "opened_at": NOON,
        "last_alert_at": NOON,
        "resolved_at": None,
        "alerts": 1,
        "firing": 1,
        "messages": 1,
        "is_due": True,
        "is_announced": True,
    }
    return Incident(**(fields | changes))


def _scope() -> AlertScope:
    return AlertScope(
        cluster="prod-eu",
        namespace="shop",
        objects=(AlertObject(kind="deployment", name="cart"),),
    )
