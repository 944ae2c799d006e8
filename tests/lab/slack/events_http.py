"""Signed HTTP delivery: the other way Slack reaches an app.

Runs in the server's event loop. It must not know which deliveries are tried again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import aiohttp

from tests.lab.slack.delivery import Outcome
from tests.lab.slack.events import VERIFICATION_TOKEN

if TYPE_CHECKING:
    from tests.lab.slack.records import Json
    from tests.lab.slack.traffic import Delivery

_FORM = "application/x-www-form-urlencoded"
# To the app a lost acknowledgement is a timeout.
_REASONS = {"ack_lost": "http_timeout"}


class Endpoint:
    """One URL of the app that takes events, interactions and commands."""

    def __init__(
        self,
        url: str,
        *,
        signing_secret: str,
        session: aiohttp.ClientSession,
        ack_timeout_s: float,
    ) -> None:
        self.url = url
        self._secret = signing_secret
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=ack_timeout_s)

    def ready(self) -> bool:
        return True

    async def send(self, delivery: Delivery, *, attempt: int, reason: str) -> Outcome:
        """POST once, signed, and read the acknowledgement."""
        body, content_type = encode(delivery)
        headers = {"Content-Type": content_type}
        if attempt:
            headers |= {
                "X-Slack-Retry-Num": str(attempt),
                "X-Slack-Retry-Reason": _REASONS.get(reason, reason),
            }
        try:
            status, answer, may_retry = await self._post(body, headers)
        except TimeoutError:
            return Outcome(failure="http_timeout")
        except aiohttp.ClientError:
            return Outcome(failure="connection_failed")
        if not 200 <= status < 300:
            return Outcome(failure="http_error", may_retry=may_retry)
        return Outcome(answer=_parse(answer))

    async def verify(self) -> bool:
        """Ask the URL to repeat a challenge, as Slack does when the address is saved."""
        challenge = "lab-challenge"
        body = json.dumps(
            {"type": "url_verification", "token": VERIFICATION_TOKEN, "challenge": challenge}
        ).encode()
        status, answer, _ = await self._post(body, {"Content-Type": "application/json"})
        return status == 200 and challenge in answer

    async def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, str, bool]:
        signed = {**headers, **sign(self._secret, body)}
        async with self._session.post(
            self.url, data=body, headers=signed, timeout=self._timeout
        ) as response:
            may_retry = response.headers.get("X-Slack-No-Retry") != "1"
            return response.status, await response.text(), may_retry


def sign(secret: str, body: bytes, *, at: float | None = None) -> dict[str, str]:
    """Return the two signature headers; `at` is seconds since the epoch."""
    # The receiver judges freshness by its own, real clock, so the lab's clock must not leak in.
    timestamp = str(int(time.time() if at is None else at))
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:".encode() + body, hashlib.sha256)
    return {
        "X-Slack-Request-Timestamp": timestamp,
        "X-Slack-Signature": f"v0={digest.hexdigest()}",
    }


def encode(delivery: Delivery) -> tuple[bytes, str]:
    """Return the body and its content type for this kind of delivery."""
    match delivery.kind:
        case "events_api":
            return json.dumps(delivery.payload).encode(), "application/json"
        case "interactive":
            return urlencode({"payload": json.dumps(delivery.payload)}).encode(), _FORM
        case "slash_commands":
            return urlencode(delivery.payload).encode(), _FORM


def _parse(answer: str) -> Json:
    if not answer.strip():
        return {}
    try:
        parsed = json.loads(answer)
    except ValueError:
        return {"text": answer}
    return parsed if isinstance(parsed, dict) else {}
