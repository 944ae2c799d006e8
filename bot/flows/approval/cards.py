"""Keeps the card of each action as new as the action; implements safe_ops.ports.outside.Herald.

Any process may tell of an action at any time. Whoever draws claims the card first and looks again
when it is done, so that the newest view is always the last one drawn. Nothing here decides, and
nothing here raises: what could not be shown is found again by `catch_up`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import UpstreamError
from bot.ports.action_board import ActionView
from bot.ports.card_book import Edition

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports.action_board import ActionBoard
    from bot.ports.card_book import CardBook
    from bot.ports.clock import Clock
    from safe_ops.model.actions import Action
    from safe_ops.ports.book import ActionBook

log = structlog.get_logger()

DRAW_LEASE_S = 30.0
"""Longer than Slack takes to answer; after that another process may draw."""
MOST_DRAWINGS = 10
"""Views one call draws before it leaves the rest to the next call."""
PROGRESS_EVERY_S = 2.0
"""Steps of a running action are shown at this pace: Slack takes 50 edits a minute."""
BEHIND_WITHIN_S = 3_600.0
CARDS_AT_ONCE = 20


class Cards:
    """Draws cards where the action stands further than its card."""

    def __init__(
        self,
        *,
        book: ActionBook,
        card_book: CardBook,
        board: ActionBoard,
        clock: Clock,
        new_id: Callable[[], str],
    ) -> None:
        self._book = book
        self._card_book = card_book
        self._board = board
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.Lock()
        self._drawn: dict[str, tuple[int, float]] = {}

    def tell(self, action_id: str) -> None:
        """Post or renew the action's card; never raises."""
        try:
            self._bring_up(action_id)
        except UpstreamError as error:
            log.warning("action_card_behind", action_id=action_id, reason=str(error))

    def page(self, action_id: str, says: str) -> None:
        """Call a human to the action; never raises."""
        try:
            action = self._book.find(action_id)
            if action is None or not action.request.channel:
                log.error("action_page_unheard", action_id=action_id, says=says)
                return
            self._board.page(action, says)
        except UpstreamError as error:
            log.warning("action_page_lost", action_id=action_id, says=says, reason=str(error))

    def catch_up(self) -> int:
        """Draw the cards that are behind; return how many there were.

        Raises:
            UpstreamError: The database cannot be reached.
        """
        behind = self._card_book.cards_behind(within_s=BEHIND_WITHIN_S, limit=CARDS_AT_ONCE)
        for action_id in behind:
            self.tell(action_id)
        return len(behind)

    def _bring_up(self, action_id: str) -> None:
        holder = self._new_id()
        drawn: Edition | None = None
        for _ in range(MOST_DRAWINGS):
            view = self._view(action_id)
            if view is None:
                return
            edition = Edition(version=view.action.version, rows=len(view.journal))
            if edition == drawn or self._is_hurried(view.action):
                return
            if not self._card_book.claim_card(
                action_id, edition=edition, holder=holder, lease_s=DRAW_LEASE_S
            ):
                return
            self._draw(view, holder)
            self._card_book.card_shown(action_id, edition=edition, holder=holder)
            self._remember(view.action)
            drawn = edition

    def _draw(self, view: ActionView, holder: str) -> None:
        action = view.action
        if not action.request.channel:
            # Asked for at a terminal: there is no thread, and the terminal tells.
            return
        try:
            self._board.draw(view)
            if action.outcome is not None and action.outcome.pages:
                # Before the card counts as shown: whoever was to page may have died.
                self._board.page(action, f"{action.label}: {action.outcome.says}")
        except UpstreamError:
            self._card_book.card_left(action.action_id, holder=holder)
            raise

    def _view(self, action_id: str) -> ActionView | None:
        action = self._book.find(action_id)
        if action is None:
            return None
        return ActionView(
            action=action,
            journal=self._book.journal(action_id) if action.fence else (),
            rationale=self._book.rationale(action_id),
        )

    def _is_hurried(self, action: Action) -> bool:
        """Tell whether this version was drawn a moment ago, so that only a step can be new."""
        with self._lock:
            version, at = self._drawn.get(action.action_id, (0, 0.0))
        return version == action.version and self._clock.monotonic() - at < PROGRESS_EVERY_S

    def _remember(self, action: Action) -> None:
        now = self._clock.monotonic()
        with self._lock:
            fresh = {one: kept for one, kept in self._drawn.items() if now - kept[1] < DRAW_LEASE_S}
            self._drawn = {**fresh, action.action_id: (action.version, now)}
