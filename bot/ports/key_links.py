"""Where somebody shows a security key; implemented where the links are sealed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.ports.operations_desk import Voice
    from safe_ops.model.actions import Action


class KeyLinks(Protocol):
    """Makes the addresses of the page for security keys."""

    def to_proof(self, action: Action, *, voice: Voice) -> str:
        """Return where this person shows a key for this action; valid as long as its stage."""
        ...
