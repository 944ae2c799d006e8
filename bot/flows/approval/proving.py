"""How somebody can show the second factor an action waits for.

What is shown is judged by `safe_ops.service`; here people are only told their ways.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import NotAllowedError
from bot.ports.operations_desk import ProofWays
from safe_ops.model.actions import Factor, State
from safe_ops.model.standing import standing

if TYPE_CHECKING:
    from bot.ports.key_links import KeyLinks
    from bot.ports.operations_desk import Voice
    from safe_ops.model.actions import Action, Person
    from safe_ops.ports.people import Factors


class Proving:
    """Knows what people enrolled, and where they show it."""

    def __init__(self, *, factors: Factors, links: KeyLinks | None) -> None:
        """Take the factors; `links` is None where no public address is set."""
        self._factors = factors
        self._links = links

    def ways(self, action: Action, person: Person, *, voice: Voice) -> ProofWays:
        """Return the ways this person has.

        Raises:
            NotAllowedError: No second factor is awaited of them.
        """
        if action.state is not State.PENDING_FACTOR or action.proof is None:
            raise NotAllowedError(f"{standing(action)}; no second factor is awaited.")
        giver = action.proof.approval
        if giver.subject != person.subject:
            raise NotAllowedError(
                f"{action.label} waits for the second factor of {giver.name}, who agreed."
            )
        known = self._factors.known(person.subject)
        link = ""
        if self._links is not None and Factor.WEBAUTHN in known:
            link = self._links.to_proof(action, voice=voice)
        return ProofWays(subject=person.subject, code=Factor.TOTP in known, link=link)
