"""Who somebody is, asked at the moment it matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.domain.conversation import PersonId


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """What the registry's teams and the workspace say of a person now."""

    person: str
    display_name: str
    language: str | None
    """Locale such as `de-DE`; None if unknown."""
    teams: frozenset[str]
    """Names of registry teams; every full member is in `everyone` too."""
    barred: str | None = None
    """Why this person may not ask at all (guest, bot, other workspace); None if they may."""


class Roster(Protocol):
    """Looks people up; a lookup that fails bars the person rather than guessing."""

    def membership(self, person: PersonId, *, team_id: str) -> Membership:
        """Return who they are; cached for at most a minute.

        Raises:
            UpstreamError: It cannot be known now; treat the person as barred.
        """
        ...
