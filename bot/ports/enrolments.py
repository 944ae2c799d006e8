"""Which second factors people have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.domain.enrolment import Enrolment


class Enrolments(Protocol):
    """The authenticators of all people; every method is one transaction."""

    def add_factor(self, enrolment: Enrolment) -> bool:
        """Keep it; False, and nothing changed, if its id is known already."""
        ...

    def factors_of(self, subject: str) -> tuple[Enrolment, ...]:
        """Return what the person enrolled, oldest first."""
        ...

    def remove_factor(self, factor_id: str, *, subject: str) -> bool:
        """Forget one of the person's; False if they have none of that id."""
        ...

    def everybodys_factors(self) -> tuple[Enrolment, ...]:
        """Return what all people enrolled, by person, oldest first."""
        ...

    def counted(self, name: str) -> int:
        """Return the highest counter that was used up under a name; 0 if none was."""
        ...
