"""A webhook's body in, the alerts it tells out, by the name of the road it came on.

Total over any JSON. Who sent it was proved before (bot.adapters.alerts.webhooks).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.alerts.alertmanager_webhook import read_alertmanager_webhook
from bot.adapters.alerts.aws_messages import read_sns_webhook
from bot.adapters.alerts.datadog import read_datadog_webhook
from bot.adapters.alerts.grafana_webhook import read_grafana_webhook
from bot.adapters.alerts.pagerduty import read_pagerduty_webhook
from bot.adapters.alerts.screening import screened
from bot.domain.alert import Alert

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Road(StrEnum):
    """The webhooks there are; each has its own address and its own proof."""

    ALERTMANAGER = "alertmanager"
    GRAFANA = "grafana"
    PAGERDUTY = "pagerduty"
    DATADOG = "datadog"
    SNS = "sns"


_READERS: Final[Mapping[Road, Callable[[Mapping[str, Any]], tuple[Alert, ...] | None]]] = {
    Road.ALERTMANAGER: read_alertmanager_webhook,
    Road.GRAFANA: read_grafana_webhook,
    Road.PAGERDUTY: read_pagerduty_webhook,
    Road.DATADOG: read_datadog_webhook,
    Road.SNS: read_sns_webhook,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAlerts:
    """What one body tells."""

    alerts: tuple[Alert, ...]
    """Empty when all of them were dropped, and for a sender's test of the line."""
    dropped: tuple[str, ...]
    """Names of alerts that are by design no trouble."""


def read_webhook(road: Road, body: Mapping[str, Any]) -> WebhookAlerts | None:
    """Return the alerts a body tells, or None if it has not the road's shape."""
    alerts = _READERS[road](body)
    if alerts is None:
        return None
    kept, dropped = screened(alerts)
    return WebhookAlerts(alerts=kept, dropped=dropped)
