"""Takes proofs of second factors, each once, whatever kind the person enrolled."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.factors.totp import step_of
from safe_ops.errors import RefusedError
from safe_ops.model.actions import Factor

if TYPE_CHECKING:
    from bot.adapters.factors.sealing import Sealer
    from bot.adapters.factors.security_keys import SecurityKeys
    from bot.ports.enrolments import Enrolments
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.people import Factors


class Proofs:
    """safe_ops.ports.people.Factors over the enrolments; times are the database's."""

    def __init__(
        self,
        *,
        enrolments: Enrolments,
        book: ActionBook,
        sealer: Sealer,
        keys: SecurityKeys | None = None,
    ) -> None:
        """Take what proofs are checked against; without `keys` only codes are taken."""
        self._enrolments = enrolments
        self._book = book
        self._sealer = sealer
        self._keys = keys

    def known(self, subject: str) -> tuple[Factor, ...]:
        """Return the kinds of proof the person has enrolled and can show here; none if none."""
        kinds = (one.kind for one in self._enrolments.factors_of(subject))
        return tuple(
            kind
            for kind in dict.fromkeys(kinds)
            if kind is not Factor.WEBAUTHN or self._keys is not None
        )

    def check(self, subject: str, answer: str, *, digest: str) -> Factor:
        """Return the kind of a proof that holds; it is used up by that.

        A security key signs for the digest. A code is bound by the row it is given for alone.

        Raises:
            RefusedError: `factor`: it does not hold, or was used before.
        """
        if self._keys is not None and answer.lstrip().startswith("{"):
            self._keys.check(subject, answer, digest=digest)
            return Factor.WEBAUTHN
        self._check_code(subject, answer)
        return Factor.TOTP

    def _check_code(self, subject: str, answer: str) -> None:
        """Use up the code's time step; each app of the person is compared, whichever holds."""
        now = self._book.now()
        steps: dict[str, int] = {}
        unread = 0
        for one in self._enrolments.factors_of(subject):
            if one.kind is not Factor.TOTP:
                continue
            secret = self._sealer.open(one.secret, whose=subject)
            unread += secret is None
            step = None if secret is None else step_of(secret, answer, at=now)
            if step is not None:
                steps[one.factor_id] = step
        for factor_id, step in steps.items():
            if self._book.take_factor_counter(f"totp:{factor_id}", step):
                return
        raise RefusedError(_why(used=bool(steps), unread=bool(unread)), code="factor")


def _why(*, used: bool, unread: bool) -> str:
    if used:
        return "This code was used already: wait for the next one."
    if unread:
        return (
            "This code cannot be checked: your authenticator app was enrolled under another"
            " NIGHTDESK_FACTOR_KEY; enrol it again with `nightdesk factor add --totp`."
        )
    return "This code does not hold: take the one your authenticator app shows now."


if TYPE_CHECKING:
    _keeps_its_promise: type[Factors] = Proofs
