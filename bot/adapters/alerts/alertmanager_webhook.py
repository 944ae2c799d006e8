"""Alertmanager's webhook, version 4 (shape 5): the lossless road.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.adapters.alerts import severities
from bot.adapters.alerts.alertmanager_posts import group_key, joined_values
from bot.adapters.alerts.shaping import shaped
from bot.adapters.alerts.values import (
    ANNOTATION_CHARS,
    MOST_ALERTS,
    URL_CHARS,
    host_of,
    line,
    link,
    moment,
    objects,
    pairs,
    query_of,
    told,
)
from bot.domain.alert import Alert, AlertLink, AlertSource, AlertStatus

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LINKS: Final = (
    ("runbook_url", "Runbook"),
    ("runbook", "Runbook"),
    ("dashboard_url", "Dashboard"),
    ("dashboard", "Dashboard"),
)
_TEXTS: Final = ("summary", "message", "description")


def read_alertmanager_webhook(body: Mapping[str, Any]) -> tuple[Alert, ...] | None:
    """Return the group's alerts, each with all of its labels; None if it is not version 4.

    The last one counts for those that were cut, by the sender or by our own bound.
    """
    told_alerts = objects(body.get("alerts"))
    if line(body.get("version")) != "4" or not told_alerts or "groupKey" not in body:
        return None
    left_off = left_off_of(body)
    host = host_of(body.get("externalURL"))
    key = group_key(AlertSource.ALERTMANAGER, host, joined_values(pairs(body.get("groupLabels"))))
    last = len(told_alerts) - 1
    return tuple(
        _alert(entry, key=key, external=body.get("externalURL"), count=1 + left_off * (at == last))
        for at, entry in enumerate(told_alerts)
    )


def left_off_of(body: Mapping[str, Any]) -> int:
    """Return how many alerts of the group are not read: cut by the sender, or beyond our bound."""
    cut, entries = body.get("truncatedAlerts"), body.get("alerts")
    by_sender = cut if isinstance(cut, int) and cut > 0 else 0
    return by_sender + (max(len(entries) - MOST_ALERTS, 0) if isinstance(entries, list) else 0)


def _alert(entry: Mapping[str, Any], *, key: str, external: object, count: int) -> Alert:
    labels = pairs(entry.get("labels"))
    annotations = pairs(entry.get("annotations"), ANNOTATION_CHARS)
    is_over = entry.get("status") == "resolved"
    return shaped(
        source=AlertSource.ALERTMANAGER,
        name=labels.get("alertname", ""),
        status=AlertStatus.RESOLVED if is_over else AlertStatus.FIRING,
        severity=severities.of_labels(labels),
        labels=labels,
        annotations=annotations,
        fingerprint=entry.get("fingerprint"),
        group_key=key,
        starts_at=moment(entry.get("startsAt")),
        ends_at=moment(entry.get("endsAt")) if is_over else None,
        links=[
            *annotated_links(annotations),
            *link("Prometheus", entry.get("generatorURL")),
            *link("Alertmanager", external),
        ],
        text=described(annotations),
        expression=expression_of(entry.get("generatorURL")),
        count=count,
    )


def described(annotations: Mapping[str, str]) -> str:
    """Return what a rule's author wrote for people, each sentence once."""
    said = dict.fromkeys(annotations[name] for name in _TEXTS if name in annotations)
    return "\n".join(said)


def annotated_links(annotations: Mapping[str, str]) -> Iterator[AlertLink]:
    """Yield the runbook and the dashboard that annotations name."""
    for name, title in _LINKS:
        yield from link(title, told(annotations.get(name), URL_CHARS))


def expression_of(generator_url: object) -> str:
    """Return the query in Prometheus's own address of a rule; empty when there is none."""
    return query_of(generator_url).get("g0.expr", "")
