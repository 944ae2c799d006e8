"""What Alertmanager posts to Slack and sends to webhooks, for any rule and any place."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

CLUSTER = "prod-eu"
HERE = {"cluster": CLUSTER, "namespace": "shop", "deployment": "cart"}
"""Where cart crash-loops."""
GENERATOR = "http://prometheus.example:9090/graph?g0.expr=up&g0.tab=1"


def post_of(
    rule: str,
    *,
    resolved: bool = False,
    severity: str = "warning",
    place: str = f"{CLUSTER} cart shop",
    count: int = 1,
) -> dict[str, Any]:
    """Return Alertmanager's own Slack message for a rule."""
    state = "RESOLVED" if resolved else f"FIRING:{count}"
    title = f"[{state}] {rule} ({place} {severity})"
    return {
        "username": "Alertmanager",
        "text": "",
        "attachments": [
            {
                "color": "2eb886" if resolved else "a30200",
                "fallback": title,
                "title": title,
                "title_link": "http://alertmanager.example:9093/#/alerts?receiver=slack",
            }
        ],
    }


def alert_of(
    rule: str,
    *,
    labels: dict[str, str] | None = None,
    annotations: dict[str, str] | None = None,
    severity: str = "warning",
    resolved: bool = False,
    since_s: float = 300,
) -> dict[str, Any]:
    """Return one alert as Alertmanager's webhook has it."""
    now = datetime.now(UTC)
    named = {"alertname": rule, "severity": severity, **(HERE if labels is None else labels)}
    return {
        "status": "resolved" if resolved else "firing",
        "labels": named,
        "annotations": {"summary": "It restarts again and again."} | (annotations or {}),
        "startsAt": _stamp(now - timedelta(seconds=since_s)),
        "endsAt": _stamp(now) if resolved else "0001-01-01T00:00:00Z",
        "generatorURL": GENERATOR,
        "fingerprint": f"{abs(hash(frozenset(named.items()))):016x}"[:16],
    }


def body_of(*alerts: dict[str, Any], group: dict[str, str] | None = None) -> dict[str, Any]:
    """Return Alertmanager's webhook body for alerts of one group."""
    first = alerts[0]["labels"]
    common = {
        name: value
        for name, value in first.items()
        if all(one["labels"].get(name) == value for one in alerts)
    }
    grouped = {"alertname": first["alertname"]} if group is None else group
    over = all(one["status"] == "resolved" for one in alerts)
    return {
        "version": "4",
        "groupKey": "{}:{" + ", ".join(f'{k}="{v}"' for k, v in sorted(grouped.items())) + "}",
        "truncatedAlerts": 0,
        "status": "resolved" if over else "firing",
        "receiver": "nightdesk",
        "groupLabels": grouped,
        "commonLabels": common,
        "commonAnnotations": {},
        "externalURL": "http://alertmanager.example:9093",
        "alerts": list(alerts),
    }


def _stamp(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
