"""Amazon SNS: messages signed by AWS, versions 1 and 2, and the confirmation of a subscription.

The signature proves that AWS sent it, for anybody's topic: the list of our own topics is what
keeps other accounts out.
https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

from bot.adapters.alerts.values import moment
from bot.adapters.alerts.webhooks.delivery import (
    Delivery,
    Proven,
    WebhookRefusedError,
    fresh,
    id_of,
    opened,
)
from bot.adapters.alerts.webhooks.sns_certificates import SigningCertificates, is_sns_host

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

FRESH_FOR: Final = timedelta(hours=1)
"""As long as SNS tries again by the longest delivery policy (3,600 s)."""
_SIGNED: Final = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_SIGNED_CONFIRMATION: Final = (
    "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type",
)  # fmt: skip
_OPTIONAL: Final = frozenset({"Subject"})


class SnsKind(StrEnum):
    """What a message is for."""

    NOTIFICATION = "Notification"
    SUBSCRIPTION = "SubscriptionConfirmation"
    UNSUBSCRIPTION = "UnsubscribeConfirmation"
    """Somebody ended the subscription: for the log; its address would subscribe again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SnsMessage:
    """A message that AWS signed, of a topic of ours."""

    kind: SnsKind
    proven: Proven
    topic: str
    subscribe_url: str | None
    """To be fetched once to confirm a subscription; None for the other kinds."""


def prove_sns(
    delivery: Delivery,
    *,
    topics: Collection[str],
    certificates: SigningCertificates,
    now: datetime,
) -> SnsMessage:
    """Return a message of SNS.

    Args:
        delivery: as it came.
        topics: ARNs of the topics we listen to; none means that nothing is believed.
        certificates: what the signatures are checked against.
        now: the clock's.

    Raises:
        WebhookRefusedError: it is not signed by AWS, not of our topics, or too old.
        UpstreamError: the certificate could not be fetched; SNS tries again after a 5xx.
    """
    body = opened(delivery)
    kind = _kind(body)
    topic = _text(body, "TopicArn")
    if topic not in topics:
        raise WebhookRefusedError("its topic is none of those set for this webhook")
    fresh(moment(_text(body, "Timestamp")), now=now, within=FRESH_FOR)
    subscribe_url = None
    if kind is SnsKind.SUBSCRIPTION:
        subscribe_url = _subscribe_url(body, topic)
    _verify(body, kind, certificates, now=now)
    return SnsMessage(
        kind=kind,
        proven=Proven(body=body, delivery_id=id_of("sns", topic, _text(body, "MessageId"))),
        topic=topic,
        subscribe_url=subscribe_url,
    )


def _kind(body: Mapping[str, Any]) -> SnsKind:
    try:
        return SnsKind(_text(body, "Type"))
    except ValueError as error:
        raise WebhookRefusedError(
            "it is no message of SNS; raw message delivery must be off, since it is not signed"
        ) from error


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise WebhookRefusedError(f"its {name} is missing")
    return value


def _verify(
    body: Mapping[str, Any], kind: SnsKind, certificates: SigningCertificates, *, now: datetime
) -> None:
    algorithm = _algorithm(body)
    try:
        signature = base64.b64decode(_text(body, "Signature"), validate=True)
        content = _signed(body, kind).encode()
    except (binascii.Error, ValueError) as error:
        raise WebhookRefusedError("its signature is no base64, or its text no Unicode") from error
    key = certificates.key(_text(body, "SigningCertURL"), now=now)
    try:
        key.verify(signature, content, PKCS1v15(), algorithm)
    except InvalidSignature as error:
        raise WebhookRefusedError("its signature is not AWS's for this content") from error


def _algorithm(body: Mapping[str, Any]) -> hashes.HashAlgorithm:
    match body.get("SignatureVersion"):
        case "1":
            # The default of every topic until its SignatureVersion is set to 2.
            return hashes.SHA1()  # noqa: S303
        case "2":
            return hashes.SHA256()
        case _:
            raise WebhookRefusedError("its SignatureVersion is neither 1 nor 2")


def _signed(body: Mapping[str, Any], kind: SnsKind) -> str:
    """Return the text that was signed: names and values, each on a line, in this order."""
    names = _SIGNED if kind is SnsKind.NOTIFICATION else _SIGNED_CONFIRMATION
    present = [name for name in names if name not in _OPTIONAL or body.get(name) is not None]
    return "".join(f"{name}\n{_text(body, name)}\n" for name in present)


def _subscribe_url(body: Mapping[str, Any], topic: str) -> str:
    """Return the address that confirms; refused unless it is AWS's, and for this topic."""
    url = _text(body, "SubscribeURL")
    if not is_sns_host(url):
        raise WebhookRefusedError("its SubscribeURL is not on a host of SNS")
    parts = urlsplit(url)
    try:
        query = parse_qs(parts.query, max_num_fields=10)
    except ValueError as error:
        raise WebhookRefusedError("its SubscribeURL has too many parameters") from error
    is_confirmation = query.get("Action") == ["ConfirmSubscription"]
    if parts.path not in {"", "/"} or not is_confirmation or query.get("TopicArn") != [topic]:
        raise WebhookRefusedError("its SubscribeURL does something else than confirm this topic")
    return url
