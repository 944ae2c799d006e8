"""Senders that sign with a shared secret: Grafana with its time stamp, PagerDuty with many."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts.values import line, moment
from bot.adapters.alerts.webhooks.delivery import (
    Delivery,
    Proven,
    WebhookRefusedError,
    digest_id,
    fresh,
    id_of,
    opened,
    signed_by,
    sized,
    usable,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

GRAFANA_SIGNATURE: Final = "X-Grafana-Alerting-Signature"
GRAFANA_STAMP: Final = "X-Grafana-Alerting-Timestamp"
"""Grafana leaves this name to its contact point's settings, and sends none without one."""
PAGERDUTY_SIGNATURE: Final = "X-PagerDuty-Signature"
PAGERDUTY_FRESH_FOR: Final = timedelta(hours=1)
"""An event's own time; wider than for others, since PagerDuty sends again what was not taken."""
_MOST_SIGNATURES: Final = 10
_STAMP: Final = re.compile(r"\d{9,11}")


def prove_grafana(
    delivery: Delivery,
    *,
    secrets: Sequence[str],
    now: datetime,
    stamp_header: str = GRAFANA_STAMP,
) -> Proven:
    """Return Grafana's body; raises WebhookRefusedError for a wrong, missing or old signature.

    Signed is the time stamp in seconds, a colon, and the body (Grafana 12).
    """
    sized(delivery)
    keys = usable(secrets)
    stamp, signature = delivery.header(stamp_header), delivery.header(GRAFANA_SIGNATURE)
    if not signature or not _STAMP.fullmatch(stamp):
        raise WebhookRefusedError(
            f"it lacks {GRAFANA_SIGNATURE} or {stamp_header}; set the contact point's HMAC secret "
            "and its timestamp header"
        )
    if not signed_by(keys, stamp.encode() + b":" + delivery.body, [signature]):
        raise WebhookRefusedError("its signature is not by a secret of ours")
    fresh(moment(stamp), now=now)
    return Proven(body=opened(delivery), delivery_id=digest_id("grafana", delivery.body))


def prove_pagerduty(delivery: Delivery, *, secrets: Sequence[str], now: datetime) -> Proven:
    """Return PagerDuty's v3 body; raises WebhookRefusedError for wrong, missing or old ones.

    The header has one `v1=` for every secret in use while a secret is replaced; one right one
    is enough. https://developer.pagerduty.com/docs/verifying-webhook-signatures
    """
    sized(delivery)
    keys = usable(secrets)
    entries = delivery.header(PAGERDUTY_SIGNATURE).split(",")[:_MOST_SIGNATURES]
    signatures = [one.strip()[3:] for one in entries if one.strip().startswith("v1=")]
    if not signatures:
        raise WebhookRefusedError(f"it has no v1 signature in {PAGERDUTY_SIGNATURE}")
    if not signed_by(keys, delivery.body, signatures):
        raise WebhookRefusedError("none of its signatures is by a secret of ours")
    body = opened(delivery)
    event = body.get("event")
    event_id = line(event.get("id")) if isinstance(event, dict) else ""
    if not isinstance(event, dict) or not event_id:
        raise WebhookRefusedError("it is signed, but has no event with an id; use webhooks v3")
    fresh(moment(event.get("occurred_at")), now=now, within=PAGERDUTY_FRESH_FOR)
    return Proven(body=body, delivery_id=id_of("pagerduty", event_id))
