"""One HTTP delivery before it is believed, and what is left of it afterwards.

Pure: the clock's now and the secrets are handed in. It must not know any sender.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.alerts.json_text import LONGEST, parsed
from bot.adapters.alerts.values import line
from bot.domain.errors import BotError

if TYPE_CHECKING:
    from datetime import datetime

MOST_BYTES: Final = LONGEST
"""A group of 500 alerts with long annotations has about 700 kB; SNS itself stops at 256 kB."""
FRESH_FOR: Final = timedelta(minutes=15)
"""How far a delivery's own time stamp may be from ours, in either direction."""
_KEPT_ID: Final = 200


class WebhookRefusedError(BotError):
    """A delivery is not believed; the sender learns `public` only, the log gets `reason`.

    All that fails in a proof has the same public text, so that nobody can feel their way.
    """

    def __init__(self, reason: str, *, status: HTTPStatus = HTTPStatus.UNAUTHORIZED) -> None:
        super().__init__(reason)
        self.reason = reason
        """One sentence for our own log, without any byte of the delivery."""
        self.status = status
        self.public = status.phrase
        """What the answer may say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What arrived: headers with names in any case, and the body as the bytes it came in."""

    headers: Mapping[str, str]
    body: bytes

    def header(self, name: str) -> str:
        """Return a header; empty when it is missing or there is more than one of that name."""
        wanted = name.casefold()
        found = [value for key, value in self.headers.items() if key.casefold() == wanted]
        return found[0].strip() if len(found) == 1 else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """A delivery that came from who it says."""

    body: Mapping[str, Any]
    delivery_id: str
    """The same for the same message sent, or replayed, again: the caller keeps these."""


def opened(delivery: Delivery) -> dict[str, Any]:
    """Return the body's object; raises WebhookRefusedError for a body too long or no object."""
    sized(delivery)
    found = parsed(delivery.body)
    if found is None:
        raise WebhookRefusedError(
            "the body is no JSON object; check that the address is this sender's",
            status=HTTPStatus.BAD_REQUEST,
        )
    return found


def sized(delivery: Delivery) -> None:
    """Raise WebhookRefusedError for a body that is too long to be looked at."""
    if len(delivery.body) > MOST_BYTES:
        raise WebhookRefusedError(
            f"the body has {len(delivery.body)} bytes, more than {MOST_BYTES}",
            status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        )


def fresh(sent_at: datetime | None, *, now: datetime, within: timedelta = FRESH_FOR) -> None:
    """Raise WebhookRefusedError if a delivery was sent too long ago, or in the future."""
    if sent_at is None:
        raise WebhookRefusedError("it has no time stamp that can be read")
    if abs(now - sent_at) > within:
        raise WebhookRefusedError(
            f"its time stamp is {int((now - sent_at).total_seconds())} s from now, more than "
            f"{int(within.total_seconds())} s: it is old or replayed, or a clock is wrong"
        )


def usable(secrets: Sequence[str]) -> list[bytes]:
    """Return the secrets as keys; raises WebhookRefusedError if there is none.

    Several are valid at once while one is replaced. An empty one would let anybody sign.
    """
    keys = [secret.encode() for secret in secrets if secret.strip()]
    if not keys:
        raise WebhookRefusedError("no secret is set for this webhook; set one to accept it")
    return keys


def signed_by(keys: Sequence[bytes], content: bytes, signatures: Sequence[str]) -> bool:
    """Tell whether one of the signatures is a key's HMAC-SHA256 of the content, in hexadecimal.

    Every pair is compared, each in constant time, so that the time tells nothing.
    """
    offered = [signature.strip().lower().encode() for signature in signatures]
    matches = 0
    for key in keys:
        right = hmac.new(key, content, hashlib.sha256).hexdigest().encode()
        matches += sum(hmac.compare_digest(right, one) for one in offered)
    return matches > 0


def id_of(*parts: object) -> str:
    """Return a delivery's id from the sender's own."""
    return ":".join(line(part, _KEPT_ID) for part in parts)


def digest_id(road: str, body: bytes) -> str:
    """Return a delivery's id from its bytes, for senders that give none."""
    return f"{road}:{hashlib.sha256(body).hexdigest()[:32]}"
