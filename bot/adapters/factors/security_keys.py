"""Assertions of security keys (WebAuthn): each for one plan of one person, each taken once.

The challenge is computed from the plan's digest, the person and the moment it was asked, with our
key: nothing is stored for it, and what was signed for one plan cannot be shown for another. Of each
key's challenges for a plan the one used last counts, and none asked before it; a key that counts
has to count upwards besides.

The library is loaded when a key is asked (see `ceremony`).
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from bot.adapters.factors.ceremony import TIMEOUT_MS, read_answer, verifying
from safe_ops.errors import RefusedError
from safe_ops.model.actions import Factor

if TYPE_CHECKING:
    from datetime import datetime

    from bot.adapters.factors.party import RelyingParty
    from bot.adapters.factors.sealing import Sealer
    from bot.domain.enrolment import Enrolment
    from bot.ports.enrolments import Enrolments
    from safe_ops.ports.book import ActionBook

_PURPOSE: Final = "assertion"
_MICROSECOND: Final = timedelta(microseconds=1)
_NOT_HELD: Final = (
    "This security key's answer does not hold for this plan: load the page again, and confirm with"
    " your own key and its PIN or fingerprint."
)
_USED: Final = "This answer of your security key was used already: load the page again."


class SecurityKeys:
    """Asks keys for assertions and checks what they answer."""

    def __init__(
        self, *, party: RelyingParty, enrolments: Enrolments, book: ActionBook, sealer: Sealer
    ) -> None:
        self._party = party
        self._enrolments = enrolments
        self._book = book
        self._sealer = sealer

    def ask(self, subject: str, *, digest: str) -> dict[str, Any]:
        """Return the question to a person's keys: `issued`, and `options` as JSON.

        Raises:
            RefusedError: `no-factor`: they have none.
        """
        import webauthn  # noqa: PLC0415 -- module docstring
        from webauthn.helpers import structs  # noqa: PLC0415 -- module docstring

        keys = self._keys_of(subject)
        if not keys:
            raise RefusedError("You have no security key enrolled any more.", code="no-factor")
        issued = _microseconds(self._book.now())
        options = webauthn.generate_authentication_options(
            rp_id=self._party.party_id,
            challenge=self._challenge(subject, digest=digest, issued=issued),
            timeout=TIMEOUT_MS,
            allow_credentials=[
                structs.PublicKeyCredentialDescriptor(id=webauthn.base64url_to_bytes(one.factor_id))
                for one in keys
            ],
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        )
        return {"issued": issued, "options": webauthn.helpers.options_to_json_dict(options)}

    def check(self, subject: str, answer: str, *, digest: str) -> None:
        """Take an assertion; it is used up by that.

        Raises:
            RefusedError: `factor`: it does not hold for this person and plan, or was used before.
        """
        import webauthn  # noqa: PLC0415 -- module docstring

        given = read_answer(answer)
        key = self._named(subject, given.credential.get("id"))
        public_key = self._sealer.open(key.secret, whose=subject)
        if public_key is None:
            raise RefusedError(
                "Your security key was enrolled under another NIGHTDESK_FACTOR_KEY: enrol it again"
                " with `nightdesk factor add --key`.",
                code="factor",
            )
        counter = f"webauthn:{key.factor_id}"
        with verifying(_NOT_HELD):
            verified = webauthn.verify_authentication_response(
                credential=given.credential,
                expected_challenge=self._challenge(subject, digest=digest, issued=given.issued),
                expected_rp_id=self._party.party_id,
                expected_origin=self._party.origin,
                credential_public_key=webauthn.base64url_to_bytes(public_key),
                credential_current_sign_count=self._enrolments.counted(counter),
                require_user_verification=True,
            )
        if not self._book.take_factor_counter(f"{counter}:{digest}", given.issued):
            raise RefusedError(_USED, code="factor")
        # Keys without a counter say 0 for ever; those with one may not fall behind (the check
        # above), nor show the same count twice at once.
        if verified.new_sign_count and not self._book.take_factor_counter(
            counter, verified.new_sign_count
        ):
            raise RefusedError(_USED, code="factor")

    def _keys_of(self, subject: str) -> list[Enrolment]:
        found = self._enrolments.factors_of(subject)
        return [one for one in found if one.kind is Factor.WEBAUTHN]

    def _named(self, subject: str, factor_id: object) -> Enrolment:
        for one in self._keys_of(subject):
            if one.factor_id == factor_id:
                return one
        raise RefusedError("This security key is not one you enrolled.", code="factor")

    def _challenge(self, subject: str, *, digest: str, issued: int) -> bytes:
        return self._sealer.code(_PURPOSE, self._party.origin, subject, digest, str(issued))


def _microseconds(at: datetime) -> int:
    return (at - at.fromtimestamp(0, at.tzinfo)) // _MICROSECOND
