"""Where people see actions: the card in the thread, the reminder, the call for a human.

Whoever implements it knows Slack; it must not decide what becomes of an action.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from safe_ops.model.actions import Action, JournalRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionView:
    """All a card is made of, as it was read at one moment."""

    action: Action
    journal: tuple[JournalRow, ...] = ()
    rationale: str = ""
    """Free text that came with the request; shown apart, under the name of who wrote it."""


class ActionBoard(Protocol):
    """Shows actions; every call may be repeated and leaves one message for each purpose.

    Every method raises bot.domain.errors.UpstreamError when it could not be shown.
    """

    def draw(self, view: ActionView) -> None:
        """Make the action's card show this view, whatever it shows now."""
        ...

    def remind(self, action: Action, *, teams: tuple[str, ...]) -> None:
        """Say once, beside the card, that it still waits for one of these teams."""
        ...

    def escalate(self, action: Action, *, teams: tuple[str, ...], may_approve: bool) -> None:
        """Call these teams beside the card, once: nobody whose turn it is has answered.

        Where they may not give the approval themselves, they are told whose it is.
        """
        ...

    def page(self, action: Action, says: str) -> None:
        """Call a human beside the card, once for each state of the action."""
        ...

    def link(self, action: Action) -> str:
        """Return the card's address; empty if it has none."""
        ...
