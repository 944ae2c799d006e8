"""Links to the page for security keys: what each is for stands sealed in its address.

Nothing is stored for a link; whoever changes one character of it has none. A link alone proves
nothing: what it leads to asks for the key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError

if TYPE_CHECKING:
    from bot.adapters.factors.party import RelyingParty
    from bot.adapters.factors.sealing import Sealer
    from bot.ports.key_links import KeyLinks
    from bot.ports.operations_desk import Voice
    from safe_ops.model.actions import Action

PREFIX: Final = "/factor/"
_WHOSE: Final = "link"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_=-]{1,2000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofLink:
    """Leads one person to the proof of one yes, for one plan."""

    kind: Literal["proof"] = "proof"
    action_id: str
    digest: str
    person: str
    """Slack id of who agreed."""
    team_id: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentLink:
    """Lets somebody's security key be enrolled, once."""

    kind: Literal["enrolment"] = "enrolment"
    link_id: str
    subject: str
    label: str
    until: datetime


_READ: Final[TypeAdapter[ProofLink | EnrolmentLink]] = TypeAdapter(
    Annotated[ProofLink | EnrolmentLink, Field(discriminator="kind")]
)


class SealedLinks:
    """Makes addresses, and reads what they are for."""

    def __init__(self, *, sealer: Sealer, party: RelyingParty) -> None:
        self._sealer = sealer
        self._party = party

    def to_proof(self, action: Action, *, voice: Voice) -> str:
        """Return where this person shows a key for this action; valid as long as its stage."""
        until = action.stage_until if action.stage_until is not None else action.changed_at
        return self._address(
            ProofLink(
                action_id=action.action_id,
                digest=action.digest,
                person=voice.person,
                team_id=voice.team_id,
                until=until,
            )
        )

    def to_enrolment(self, link: EnrolmentLink) -> str:
        """Return where that key is enrolled."""
        return self._address(link)

    def read(self, token: str) -> ProofLink | EnrolmentLink | None:
        """Return what the last part of an address is for, ended or not; None if it is not ours."""
        if _TOKEN.fullmatch(token) is None:
            return None
        opened = self._sealer.open(token, whose=_WHOSE)
        if opened is None:
            return None
        try:
            return _READ.validate_json(opened)
        except ValidationError:
            # An earlier version made it.
            return None

    def _address(self, link: ProofLink | EnrolmentLink) -> str:
        token = self._sealer.seal(_READ.dump_json(link).decode(), whose=_WHOSE)
        return f"{self._party.url}{PREFIX}{token}"


if TYPE_CHECKING:
    _keeps_its_promise: type[KeyLinks] = SealedLinks
