"""Senders that cannot sign: Alertmanager and Datadog prove themselves with a shared token.

Alertmanager's `http_config` has `authorization`, `basic_auth` and, since 0.28, `http_headers`;
Datadog's webhooks have custom headers. Neither can compute anything over the body, so their
deliveries must come over TLS, and a replay is known by its bytes alone.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING, Final

from bot.adapters.alerts.values import moment
from bot.adapters.alerts.webhooks.delivery import (
    Delivery,
    Proven,
    WebhookRefusedError,
    digest_id,
    fresh,
    opened,
    sized,
    usable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

TOKEN_HEADER: Final = "X-Nightdesk-Token"  # noqa: S105 - a header's name
"""For senders that can add headers but whose `Authorization` a proxy uses."""
_LONGEST_HEADER: Final = 4_096


def prove_alertmanager(delivery: Delivery, *, tokens: Sequence[str]) -> Proven:
    """Return Alertmanager's body; raises WebhookRefusedError without a right token."""
    sized(delivery)
    _known(delivery, tokens)
    # A group that goes on firing is told again in the same bytes, and is the same news.
    return Proven(body=opened(delivery), delivery_id=digest_id("alertmanager", delivery.body))


def prove_datadog(delivery: Delivery, *, tokens: Sequence[str], now: datetime) -> Proven:
    """Return Datadog's body; raises WebhookRefusedError without a right token, or when it is old.

    The age is checked where the payload tells `date`, as the default one and ours do.
    """
    sized(delivery)
    _known(delivery, tokens)
    body = opened(delivery)
    sent_at = moment(body.get("date"))
    if sent_at is not None:
        fresh(sent_at, now=now)
    return Proven(body=body, delivery_id=digest_id("datadog", delivery.body))


def _known(delivery: Delivery, tokens: Sequence[str]) -> None:
    keys = usable(tokens)
    offered = [one.encode() for one in _offered(delivery)]
    if not offered:
        raise WebhookRefusedError("it carries no token; add one to the sender's HTTP settings")
    if not sum(hmac.compare_digest(key, one) for key in keys for one in offered):
        raise WebhookRefusedError("its token is none of ours; compare it with the setting")


def _offered(delivery: Delivery) -> Iterator[str]:
    """Yield the tokens a delivery carries: bearer, basic auth's password, or our own header."""
    own = delivery.header(TOKEN_HEADER)
    if own:
        yield own[:_LONGEST_HEADER]
    scheme, _, rest = delivery.header("Authorization")[:_LONGEST_HEADER].partition(" ")
    if scheme.casefold() == "bearer" and rest.strip():
        yield rest.strip()
    if scheme.casefold() == "basic":
        try:
            pair = base64.b64decode(rest.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            return
        password = pair.partition(":")[2]
        if password:
            yield password
