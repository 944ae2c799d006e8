"""Grafana's webhook contact point: Alertmanager's body with Grafana's additions.

https://grafana.com/docs/grafana/latest/alerting/configure-notifications/manage-contact-points/integrations/webhook-notifier/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bot.adapters.alerts.alertmanager_posts import group_key, joined_values
from bot.adapters.alerts.alertmanager_webhook import annotated_links, described, left_off_of
from bot.adapters.alerts.grafana_rules import grafana_alert
from bot.adapters.alerts.values import (
    ANNOTATION_CHARS,
    host_of,
    line,
    link,
    moment,
    objects,
    pairs,
)
from bot.domain.alert import Alert, AlertLink, AlertSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_URLS: Final = (
    ("generatorURL", "Rule"),
    ("silenceURL", "Silence"),
    ("dashboardURL", "Dashboard"),
    ("panelURL", "Panel"),
)


def read_grafana_webhook(body: Mapping[str, Any]) -> tuple[Alert, ...] | None:
    """Return the group's alerts with all labels; None if the body is not Grafana's."""
    entries = objects(body.get("alerts"))
    if "orgId" not in body or line(body.get("version")) != "1" or not entries:
        return None
    groups = joined_values(pairs(body.get("groupLabels")))
    key = group_key(AlertSource.GRAFANA, host_of(body.get("externalURL")), groups)
    left_off, last = left_off_of(body), len(entries) - 1
    found = []
    for at, entry in enumerate(entries):
        annotations = pairs(entry.get("annotations"), ANNOTATION_CHARS)
        is_over = entry.get("status") == "resolved"
        found.append(
            grafana_alert(
                labels=pairs(entry.get("labels")),
                annotations=annotations,
                is_over=is_over,
                group_key=key,
                links=list(_links(entry, annotations)),
                text=described(annotations),
                values=line(entry.get("valueString")),
                starts_at=moment(entry.get("startsAt")),
                ends_at=moment(entry.get("endsAt")) if is_over else None,
                count=1 + left_off * (at == last),
            )
        )
    return tuple(found)


def _links(entry: Mapping[str, Any], annotations: Mapping[str, str]) -> Iterator[AlertLink]:
    yield from annotated_links(annotations)
    for name, title in _URLS:
        yield from link(title, entry.get(name))
