"""Who draws the card of an action, and what it shows: so that nobody's older view ends up on top.

Several processes tell of one action (a listener after a click, the operator after each call, cron
after an expiry). Whoever wants to draw claims the card for what it wants to show; whoever finds it
claimed leaves, because the one who draws looks again once it is done. It knows no Slack.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Edition:
    """How new a view of an action is; compared field by field, first the version."""

    version: int
    """The action's version."""
    rows: int
    """Rows of its journal."""


class CardBook(Protocol):
    """Kept beside the actions; times are the database's own."""

    def claim_card(self, action_id: str, *, edition: Edition, holder: str, lease_s: float) -> bool:
        """Take the right to draw the card; False, and nothing changed, if that must not be.

        That is: the card shows this edition or a newer one, or another holder's claim has not run
        out. A holder may claim again while it holds. An unknown action cannot be claimed.
        """
        ...

    def card_shown(self, action_id: str, *, edition: Edition, holder: str) -> None:
        """Note what the card shows now, never backwards, and give the holder's claim back."""
        ...

    def card_left(self, action_id: str, *, holder: str) -> None:
        """Give the holder's claim back without having drawn; another's stays."""
        ...

    def cards_behind(self, *, within_s: float, limit: int) -> tuple[str, ...]:
        """Return actions whose version is above what their card shows, oldest change first.

        Only those changed in the last `within_s` seconds, and none that somebody draws now.
        """
        ...
