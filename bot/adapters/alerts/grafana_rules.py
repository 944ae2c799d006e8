"""What a Grafana-managed rule's labels mean, whichever road they came by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.alerts import severities
from bot.adapters.alerts.shaping import shaped
from bot.domain.alert import Alert, AlertLink, AlertSource, AlertStatus

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

BLIND_NAMES: Final = frozenset({"DatasourceNoData", "DatasourceError"})
"""Alerts of Grafana's own: the *rule* got no data, which says nothing about the service."""


def grafana_alert(
    *,
    labels: Mapping[str, str],
    annotations: Mapping[str, str],
    is_over: bool,
    group_key: str,
    links: Sequence[AlertLink],
    text: str,
    values: str = "",
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    count: int = 1,
) -> Alert:
    """Return the alert; it has the same fingerprint from the Slack message and the webhook.

    Both roads tell all labels, and Grafana's own fingerprint counts hidden ones, so ours is used.
    """
    own = labels.get("alertname", "")
    is_blind = own in BLIND_NAMES
    status = AlertStatus.BLIND if is_blind else AlertStatus.FIRING
    return shaped(
        source=AlertSource.GRAFANA,
        name=labels.get("rulename", own) if is_blind else own,
        status=AlertStatus.RESOLVED if is_over else status,
        severity=severities.of_labels(labels),
        labels=labels,
        annotations={**annotations, **({"values": values} if values else {})},
        group_key=group_key,
        starts_at=starts_at,
        ends_at=ends_at,
        links=links,
        text=text,
        count=count,
    )
