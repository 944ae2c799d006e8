"""Who somebody is, and how they prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from safe_ops.model.actions import (
        Factor,
        Person,
    )


class People(Protocol):
    """Who somebody is, asked at the click and again at execution."""

    def person(self, slack_id: str, *, team_id: str = "") -> Person:
        """Return who it is now.

        Raises:
            UpstreamError: It cannot be known now; whoever it is may decide nothing.
        """
        ...


class Factors(Protocol):
    """Second factors: proof that somebody is who they are, bound to what they agree to."""

    def known(self, subject: str) -> tuple[Factor, ...]:
        """Return the kinds of proof the person has enrolled; none if none."""
        ...

    def check(self, subject: str, answer: str, *, digest: str) -> Factor:
        """Return the kind of a proof that holds; it is used up by that.

        `answer` is a TOTP code, or the JSON of a WebAuthn assertion whose challenge is bound to
        the digest.

        Raises:
            RefusedError: `factor`: it does not hold, or was used before.
        """
        ...
