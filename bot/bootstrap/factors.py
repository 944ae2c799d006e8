"""The wiring of second factors: codes always, security keys where a public address is set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.adapters.factors.key_enrolment import KeyEnrolment
from bot.adapters.factors.links import SealedLinks
from bot.adapters.factors.party import party_at
from bot.adapters.factors.proofs import Proofs
from bot.adapters.factors.sealing import Sealer
from bot.adapters.factors.security_keys import SecurityKeys
from bot.adapters.kept_keys import FACTOR_KEY_FILE, kept_key
from bot.ports.enrolments import Enrolments

if TYPE_CHECKING:
    from bot.settings import Settings
    from safe_ops.ports.book import ActionBook


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyParts:
    """What security keys need besides the enrolments."""

    keys: SecurityKeys
    enrolment: KeyEnrolment
    links: SealedLinks


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondFactors:
    """Everything that enrols and checks second factors."""

    enrolments: Enrolments
    sealer: Sealer
    proofs: Proofs
    key_parts: KeyParts | None
    """None where no public address is set."""


def build_factors(settings: Settings, *, enrolments: Enrolments, book: ActionBook) -> SecondFactors:
    """Return the parts of second factors.

    Raises:
        SettingsError: Security keys cannot work at the public address.
    """
    sealer = Sealer(factor_key(settings))
    url = settings.service.public_url
    parts = None if url is None else key_parts(url, enrolments=enrolments, book=book, sealer=sealer)
    return SecondFactors(
        enrolments=enrolments,
        sealer=sealer,
        proofs=Proofs(
            enrolments=enrolments,
            book=book,
            sealer=sealer,
            keys=None if parts is None else parts.keys,
        ),
        key_parts=parts,
    )


def key_parts(url: str, *, enrolments: Enrolments, book: ActionBook, sealer: Sealer) -> KeyParts:
    """Return what security keys need at a public address.

    Raises:
        SettingsError: Browsers would not let a page there use them.
    """
    party = party_at(url)
    return KeyParts(
        keys=SecurityKeys(party=party, enrolments=enrolments, book=book, sealer=sealer),
        enrolment=KeyEnrolment(party=party, enrolments=enrolments, book=book, sealer=sealer),
        links=SealedLinks(sealer=sealer, party=party),
    )


def factor_key(settings: Settings) -> bytes:
    """Return the key that second factors' secrets are sealed with."""
    chosen = settings.service.factor_key
    if chosen is not None:
        return chosen.get_secret_value().encode()
    return kept_key(settings.service.home, name=FACTOR_KEY_FILE)
