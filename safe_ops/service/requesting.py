"""Stores what somebody wishes for and rings the operator. Nothing is judged here.

No text that comes along reaches planning: the rationale is kept apart, redacted by the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.actions import State

if TYPE_CHECKING:
    from safe_ops.model.actions import Action, Request
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.outside import Bell


class Requests:
    """Takes wishes."""

    def __init__(self, *, book: ActionBook, bell: Bell) -> None:
        self._book = book
        self._bell = bell

    def request(self, request: Request, *, rationale: str = "") -> Action:
        """Return the action the wish has become; the same key gives the same action again."""
        action, _ = self._book.open(request, rationale=rationale)
        if action.state is State.DRAFT:
            self._bell.plan(action.action_id)
        return action
