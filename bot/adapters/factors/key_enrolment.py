"""A security key becomes somebody's, by a link that is used once.

Attestations are not asked for: which make of key somebody has is theirs to choose, and what counts
is that it verifies its owner. The library is loaded when a key is asked (see `ceremony`).
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.factors.ceremony import TIMEOUT_MS, read_answer, verifying
from bot.domain.enrolment import Enrolment
from safe_ops.errors import RefusedError
from safe_ops.model.actions import Factor
from safe_ops.model.trail import Actor, AuditEntry

if TYPE_CHECKING:
    from webauthn.registration.verify_registration_response import VerifiedRegistration

    from bot.adapters.factors.links import EnrolmentLink
    from bot.adapters.factors.party import RelyingParty
    from bot.adapters.factors.sealing import Sealer
    from bot.ports.enrolments import Enrolments
    from safe_ops.ports.book import ActionBook

_PURPOSE: Final = "registration"
_SERVICE: Final = "Nightdesk"
_NOT_HELD: Final = (
    "This security key cannot be enrolled: it has to ask for a PIN or a fingerprint. Load the page"
    " again, or take another key."
)
_USED: Final = "This link was used already: ask for a new one."


class KeyEnrolment:
    """Asks a key to register and keeps what it answers."""

    def __init__(
        self, *, party: RelyingParty, enrolments: Enrolments, book: ActionBook, sealer: Sealer
    ) -> None:
        self._party = party
        self._enrolments = enrolments
        self._book = book
        self._sealer = sealer

    def ask(self, link: EnrolmentLink) -> dict[str, Any]:
        """Return the question to a new key: `options` as JSON.

        Raises:
            RefusedError: `factor`: the link was used.
        """
        import webauthn  # noqa: PLC0415 -- module docstring
        from webauthn.helpers import structs  # noqa: PLC0415 -- module docstring

        if self._enrolments.counted(_name(link)):
            raise RefusedError(_USED, code="factor")
        options = webauthn.generate_registration_options(
            rp_id=self._party.party_id,
            rp_name=_SERVICE,
            user_name=link.subject,
            # Opaque and the same for each of a person's keys, as the standard wants it.
            user_id=sha256(link.subject.encode()).digest(),
            challenge=self._challenge(link),
            timeout=TIMEOUT_MS,
            authenticator_selection=structs.AuthenticatorSelectionCriteria(
                resident_key=structs.ResidentKeyRequirement.DISCOURAGED,
                user_verification=structs.UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[
                structs.PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(one.factor_id))
                for one in self._enrolments.factors_of(link.subject)
                if one.kind is Factor.WEBAUTHN
            ],
        )
        return {"options": webauthn.helpers.options_to_json_dict(options)}

    def enrol(self, link: EnrolmentLink, answer: str) -> Enrolment:
        """Return the key as it was kept; the link is used up by that.

        Raises:
            RefusedError: `factor`: the answer does not hold, or the link or the key was used.
        """
        import webauthn  # noqa: PLC0415 -- module docstring

        given = read_answer(answer)
        with verifying(_NOT_HELD):
            verified = webauthn.verify_registration_response(
                credential=given.credential,
                expected_challenge=self._challenge(link),
                expected_rp_id=self._party.party_id,
                expected_origin=self._party.origin,
                require_user_verification=True,
            )
            _check_usable(verified)
        if not self._book.take_factor_counter(_name(link), 1):
            raise RefusedError(_USED, code="factor")
        return self._kept(link, verified)

    def _kept(self, link: EnrolmentLink, verified: VerifiedRegistration) -> Enrolment:
        from webauthn.helpers import bytes_to_base64url  # noqa: PLC0415 -- module docstring

        factor_id = bytes_to_base64url(verified.credential_id)
        public_key = bytes_to_base64url(verified.credential_public_key)
        enrolment = Enrolment(
            factor_id=factor_id,
            subject=link.subject,
            kind=Factor.WEBAUTHN,
            secret=self._sealer.seal(public_key, whose=link.subject),
            label=link.label,
            created_at=self._book.now(),
        )
        if not self._enrolments.add_factor(enrolment):
            raise RefusedError("This security key is enrolled already.", code="factor")
        self._book.note(
            AuditEntry(
                event="factor.added",
                actor=Actor(subject=link.subject),
                says=f"{link.subject} enrolled a security key by a link",
                facts={"subject": link.subject, "kind": Factor.WEBAUTHN, "factor": factor_id},
            )
        )
        return enrolment

    def _challenge(self, link: EnrolmentLink) -> bytes:
        return self._sealer.code(_PURPOSE, self._party.origin, link.subject, link.link_id)


def _name(link: EnrolmentLink) -> str:
    return f"link:{link.link_id}"


def _check_usable(verified: VerifiedRegistration) -> None:
    """Refuse a public key that no signature could be checked with later."""
    from webauthn.helpers import (  # noqa: PLC0415 -- module docstring
        decode_credential_public_key,
        decoded_public_key_to_cryptography,
    )

    decoded_public_key_to_cryptography(decode_credential_public_key(verified.credential_public_key))
