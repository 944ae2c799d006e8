"""Actions as they are looked for: by the name people say, by the wish, and all that are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from safe_ops.model.actions import Action


class ActionIndex(Protocol):
    """Reads of the book of actions that no decision rests on."""

    def numbered(self, number: int) -> Action | None:
        """Return the action people call by that number, or None."""
        ...

    def asked_with(self, key: str) -> Action | None:
        """Return the action the request of that key has become, or None."""
        ...

    def open_actions(self, *, limit: int) -> tuple[Action, ...]:
        """Return actions that have not ended, oldest first."""
        ...
