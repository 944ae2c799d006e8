"""Alerts by webhook: POST `/alerts/<name>`, believed by signature or token, then admitted.

The sender hears 200 only when what it sent is stored; otherwise it brings it again. What a refused
sender is told is one word; why stands in the log.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import structlog

from bot.adapters.alerts.webhook_bodies import Road, read_webhook
from bot.adapters.alerts.webhooks.delivery import (
    MOST_BYTES,
    Delivery,
    Proven,
    WebhookRefusedError,
)
from bot.adapters.alerts.webhooks.signatures import prove_grafana, prove_pagerduty
from bot.adapters.alerts.webhooks.sns import SnsKind, prove_sns
from bot.adapters.alerts.webhooks.sns_certificates import SigningCertificates
from bot.adapters.alerts.webhooks.tokens import prove_alertmanager, prove_datadog
from bot.domain.alert import Origin
from bot.domain.errors import UpstreamError
from bot.domain.registry import Registry
from bot.ports.alert_desk import AlertDesk
from bot.ports.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.registry import Webhook

log = structlog.get_logger()

PREFIX: Final = "/alerts/"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAnswer:
    """What the sender hears."""

    status: HTTPStatus
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDoor:
    """Lets deliveries of the registry's webhooks in."""

    registry: Registry
    alerts: AlertDesk
    clock: Clock
    secret_of: Callable[[str], str | None]
    """Returns the value of an environment variable that the registry names."""
    fetch: Callable[[str], bytes]
    """Reads an address of AWS; called for certificates and confirmations of SNS only."""
    team_id: str
    """The workspace that incidents of webhooks belong to."""
    _certificates: list[SigningCertificates] = field(default_factory=list, repr=False)

    def take(self, path: str, headers: Mapping[str, str], body: bytes) -> WebhookAnswer:
        """Return the answer to one POST under PREFIX."""
        hook = self.registry.webhook(path.removeprefix(PREFIX))
        if hook is None:
            return WebhookAnswer(status=HTTPStatus.NOT_FOUND, text="not found")
        try:
            proven = self._proven(hook, Delivery(headers=headers, body=body))
            kept = 0 if proven is None else self._admit(hook, proven)
        except WebhookRefusedError as refusal:
            log.warning(
                "webhook_refused",
                webhook=hook.name,
                status=refusal.status.value,
                reason=refusal.reason,
                bytes=len(body),
            )
            return WebhookAnswer(status=refusal.status, text=refusal.public.lower())
        except UpstreamError as error:
            log.warning("webhook_not_stored", webhook=hook.name, reason=str(error))
            return WebhookAnswer(
                status=HTTPStatus.SERVICE_UNAVAILABLE, text="not stored: send it again"
            )
        log.info("webhook_taken", webhook=hook.name, alerts=kept)
        return WebhookAnswer(status=HTTPStatus.OK, text="ok")

    def _proven(self, hook: Webhook, delivery: Delivery) -> Proven | None:
        """Return the delivery once it is proven; None when it told no alert but was right."""
        now = self.clock.now()
        road = Road(hook.sender)
        if road is Road.SNS:
            return self._proven_by_sns(hook, delivery)
        # Two, while one replaces the other.
        names = (hook.secret_env, hook.next_secret_env)
        secrets = [secret for name in names if name and (secret := self.secret_of(name))]
        match road:
            case Road.ALERTMANAGER:
                return prove_alertmanager(delivery, tokens=secrets)
            case Road.GRAFANA:
                return prove_grafana(delivery, secrets=secrets, now=now)
            case Road.PAGERDUTY:
                return prove_pagerduty(delivery, secrets=secrets, now=now)
            case Road.DATADOG:
                return prove_datadog(delivery, tokens=secrets, now=now)

    def _proven_by_sns(self, hook: Webhook, delivery: Delivery) -> Proven | None:
        if not self._certificates:
            self._certificates.append(SigningCertificates(self.fetch))
        message = prove_sns(
            delivery,
            topics=(hook.topic_arn,) if hook.topic_arn else (),
            certificates=self._certificates[0],
            now=self.clock.now(),
        )
        if message.subscribe_url is not None:
            self.fetch(message.subscribe_url)
            log.info("sns_subscription_confirmed", webhook=hook.name, topic=message.topic)
        if message.kind is SnsKind.UNSUBSCRIPTION:
            log.warning("sns_subscription_ended", webhook=hook.name, topic=message.topic)
        return message.proven if message.kind is SnsKind.NOTIFICATION else None

    def _admit(self, hook: Webhook, proven: Proven) -> int:
        found = read_webhook(Road(hook.sender), proven.body)
        if found is None:
            raise WebhookRefusedError(
                "it is proven, but has not the form of this sender's alerts",
                status=HTTPStatus.BAD_REQUEST,
            )
        if found.dropped:
            log.info("alerts_dropped", webhook=hook.name, names=found.dropped)
        origin = Origin(road=hook.name, delivery_id=proven.delivery_id, team_id=self.team_id)
        return self.alerts.receive(found.alerts, origin=origin, channel=hook.channel)


__all__ = ["MOST_BYTES", "PREFIX", "WebhookAnswer", "WebhookDoor"]
