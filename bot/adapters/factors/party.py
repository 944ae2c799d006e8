"""Whom a security key believes it speaks to: the address at which browsers reach us.

Browsers let a page use keys only over HTTPS, or on `localhost`, and never under a bare address of a
machine (WebAuthn Level 2, 5.1.2 and 13.4.9).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import Final

from bot.domain.address import split_address
from bot.domain.errors import SettingsError
from bot.ports.probe import Checkup, Health

_VARIABLE: Final = "NIGHTDESK_PUBLIC_URL"
_LOCAL: Final = "localhost"
_STANDARD_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class RelyingParty:
    """An address, in the three ways WebAuthn and we need it."""

    party_id: str
    """The host's name: what a credential is bound to."""
    origin: str
    """Scheme, host and port: what a browser says the page came from."""
    url: str
    """Where the web entry point's paths begin, without a slash at the end."""


def party_at(url: str) -> RelyingParty:
    """Return the party behind NIGHTDESK_PUBLIC_URL.

    Raises:
        SettingsError: Browsers would not let a page there use security keys.
    """
    found = split_address(url)
    if found is None or found.query or found.fragment or found.username is not None:
        raise SettingsError([f"{_VARIABLE} {url} is no address such as https://bot.example.com"])
    host = (found.hostname or "").rstrip(".")
    if found.scheme != "https" and host != _LOCAL:
        raise SettingsError(
            [f"{_VARIABLE} {url} is not https: browsers use security keys over https only"]
        )
    if _is_number(host):
        raise SettingsError(
            [f"{_VARIABLE} {url} has a number for a host: security keys are bound to a name"]
        )
    port = "" if found.port in {None, _STANDARD_PORTS[found.scheme]} else f":{found.port}"
    return RelyingParty(party_id=host, origin=f"{found.scheme}://{host}{port}", url=url.rstrip("/"))


def public_url_checkup(url: str | None) -> list[Checkup]:
    """Return what `doctor` says of the address; nothing where none is set."""
    if url is None:
        return []
    part = "public address"
    try:
        party = party_at(url)
    except SettingsError as error:
        (problem,) = error.problems
        step = f"set {_VARIABLE} to the https address of the web entry point, or unset it"
        return [Checkup(part=part, health=Health.FAILED, found=problem, next_step=step)]
    if party.party_id == _LOCAL:
        return [
            Checkup(
                part=part,
                health=Health.WARNING,
                found=f"{party.origin}: security keys work in a browser on this machine only",
                next_step=f"set {_VARIABLE} to an https address before others use it",
            )
        ]
    return [Checkup(part=part, health=Health.OK, found=f"{party.origin}, for security keys")]


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
