"""What `nightdesk doctor` says of any endpoint: its TLS, its certificates, how far away it is.

The bands and limits stand here, so that every endpoint is judged alike.
"""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING

from bot.adapters.inspection import (
    NoHandshakeError,
    NotReachedError,
    certificate_end,
    open_connection,
    shake_hands,
)
from bot.adapters.tls import CertificateError
from bot.domain.address import is_plain_allowed, split_address
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from datetime import datetime

    from bot.adapters.inspection import Handshake
    from bot.adapters.tls import Endpoint
    from bot.ports.clock import Clock

SAMPLES = 3
"""The median of three passes over one that met a busy moment."""

IN_REGION_MS = 50.0
"""A round trip within a region takes 1 to 3 ms, so this is an API's own time, even a busy one's."""

CROSS_REGION_MS = 250.0
"""From Frankfurt a round trip is some 90 ms to Virginia, 160 to Oregon, 220 to Tokyo. Thirty reads
after one another, which a hard question takes, then wait 7 s for the way alone; beyond that people
ask whether the bot is still there."""

RENEW_WITHIN = timedelta(days=21)
"""Tools renew a 90-day certificate 30 days before its end: at 21 days one has failed for long, and
a person still has three weeks."""


def latency_checkup(part: str, ask: Callable[[], object], *, clock: Clock) -> Checkup:
    """Return how long an endpoint takes; what `ask` raises comes through."""
    took_ms = median(_timed_ms(ask, clock) for _ in range(SAMPLES))
    part, found = f"{part} latency", f"{took_ms:.0f} ms (median of {SAMPLES})"
    if took_ms <= IN_REGION_MS:
        return _ok(part, f"{found}, as within a region (up to {IN_REGION_MS:.0f} ms)")
    if took_ms <= CROSS_REGION_MS:
        return _ok(part, f"{found}, as between regions (up to {CROSS_REGION_MS:.0f} ms)")
    return Checkup(
        part=part,
        health=Health.WARNING,
        found=f"{found}, too far: more than {CROSS_REGION_MS:.0f} ms",
        next_step="run Nightdesk nearer to it, or look at the way to it and at its load",
    )


def connection_checkup(part: str, endpoint: Endpoint, *, clock: Clock) -> Checkup | None:
    """Return how long it takes to open a connection; None when none can be had."""
    try:
        return latency_checkup(part, lambda: open_connection(endpoint).close(), clock=clock)
    except NotReachedError:
        return None


def tls_checkups(
    part: str,
    endpoint: Endpoint,
    *,
    clock: Clock,
    off_by: str | None = None,
    opening: Callable[[socket.socket], None] | None = None,
) -> list[Checkup]:
    """Return what is to be said of an endpoint's TLS, and of our own certificate for it.

    Nothing is said of the server when it cannot be reached: its own probe says that. `off_by` is
    what turned the verification off where it is off, such as `insecure-skip-tls-verify`.
    """
    checks = _server_checkups(f"{part} TLS", endpoint, clock=clock, opening=opening)
    if checks and off_by is not None and not endpoint.trust.verified:
        checks.append(
            Checkup(
                part=f"{part} TLS verification",
                health=Health.WARNING,
                found=f"turned off by `{off_by}`, so anybody in between can pose as it",
                next_step=f"name the certificate authority to trust, and take `{off_by}` out",
            )
        )
    if endpoint.trust.client_cert is not None:
        checks.append(_client_checkup(part, endpoint.trust.client_cert, now=clock.now()))
    return checks


def _server_checkups(
    part: str,
    endpoint: Endpoint,
    *,
    clock: Clock,
    opening: Callable[[socket.socket], None] | None,
) -> list[Checkup]:
    address = split_address(endpoint.url)
    if address is not None and address.scheme == "http":
        return [_plain(part, address.hostname or "")]
    try:
        seen = shake_hands(endpoint, opening=opening)
    except NotReachedError:
        return []
    except NoHandshakeError as error:
        step = "serve TLS 1.2 or later there, or correct the address"
        return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
    except CertificateError as error:
        step = "correct the path, or write the file anew"
        return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
    return [_certificate(part, seen, now=clock.now())]


def _plain(part: str, host: str) -> Checkup:
    if is_plain_allowed(host):
        return _ok(part, "none: plain HTTP, which stays on this machine or inside the cluster")
    return Checkup(
        part=part,
        health=Health.WARNING,
        found=f"none: plain HTTP to {host}, which anybody in between can read and change",
        next_step="use https, and take `insecure: true` back",
    )


def _certificate(part: str, seen: Handshake, *, now: datetime) -> Checkup:
    if seen.ends_at is not None and seen.ends_at <= now:
        return _expired(part, seen.version, seen.ends_at, now=now)
    if seen.untrusted is not None:
        return Checkup(
            part=part,
            health=Health.FAILED,
            found=f"{seen.version}, its certificate is not accepted: {seen.untrusted}",
            next_step="name the authority that signed it, or have it issued for this address",
        )
    if seen.ends_at is None:
        return _ok(part, f"{seen.version}, a certificate without readable dates")
    return _dated(part, f"{seen.version}, certificate", seen.ends_at, now=now)


def _client_checkup(part: str, path: str, *, now: datetime) -> Checkup:
    part = f"{part} client certificate"
    try:
        ends_at = certificate_end(path)
    except CertificateError as error:
        step = "correct the path, or write the file anew"
        return Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)
    if ends_at <= now:
        return _expired(part, "ours", ends_at, now=now)
    return _dated(part, "ours", ends_at, now=now)


def _expired(part: str, what: str, ends_at: datetime, *, now: datetime) -> Checkup:
    return Checkup(
        part=part,
        health=Health.FAILED,
        found=f"{what}, expired on {ends_at:%Y-%m-%d}, {_days(now - ends_at)} ago",
        next_step="renew the certificate, and see why that did not happen by itself",
    )


def _dated(part: str, what: str, ends_at: datetime, *, now: datetime) -> Checkup:
    left = ends_at - now
    found = f"{what} until {ends_at:%Y-%m-%d}, {_days(left)} from now"
    if left >= RENEW_WITHIN:
        return _ok(part, found)
    step = f"renew the certificate: less than {RENEW_WITHIN.days} days are left"
    return Checkup(part=part, health=Health.WARNING, found=found, next_step=step)


def _days(length: timedelta) -> str:
    return "1 day" if length.days == 1 else f"{length.days} days"


def _timed_ms(ask: Callable[[], object], clock: Clock) -> float:
    began = clock.monotonic()
    ask()
    return (clock.monotonic() - began) * 1000


def _ok(part: str, found: str) -> Checkup:
    return Checkup(part=part, health=Health.OK, found=found)
