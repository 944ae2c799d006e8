"""Keeps the card of each action as new as the action; implements safe_ops.ports.outside.Herald.

Any process may tell of an action at any time. Whoever draws claims the card first and looks again
when it is done, so that the newest view is always the last one drawn. Nothing here decides, and
nothing here raises: what could not be shown is found again by `catch_up`.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import UpstreamError
from bot.ports.action_board import ActionView
from bot.ports.card_book import Edition

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

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
PROGRESS_EVERY_S = 5.0
"""Steps of a running action are shown at this pace: Slack takes 50 edits a minute of all cards."""
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
        progress_every_s: float = PROGRESS_EVERY_S,
    ) -> None:
        self._progress_every_s = progress_every_s
        self._book = book
        self._card_book = card_book
        self._board = board
        self._clock = clock
        self._new_id = new_id
        self._lock = threading.Lock()
        self._drawn: dict[str, tuple[Edition, float]] = {}
        self._soon: set[str] = set()
        self._paging = threading.Lock()
        # Of one thread, which ends with the process: what it left is drawn by `catch_up`.
        self._drawer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="cards")

    def tell(self, action_id: str) -> None:
        """Post or renew the action's card; never raises."""
        self._tell(action_id, waits=False)

    def tell_soon(self, action_id: str) -> None:
        """Have the action's card renewed by a thread of its own; returns at once.

        An action that waits for that thread already is drawn once, as it stands by then.
        """
        with self._lock:
            if action_id in self._soon:
                return
            self._soon.add(action_id)
        self._drawer.submit(self._tell_now, action_id).add_done_callback(_note_failure)

    def page(self, action_id: str, says: str) -> None:
        """Call a human to the action; never raises."""
        try:
            action = self._book.find(action_id)
            if action is None or not action.request.channel:
                log.error("action_page_unheard", action_id=action_id, says=says)
                return
            self._page(action, says)
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

    def _tell(self, action_id: str, *, waits: bool) -> None:
        try:
            self._bring_up(action_id, waits=waits)
        except UpstreamError as error:
            log.warning("action_card_behind", action_id=action_id, reason=str(error))

    def _tell_now(self, action_id: str) -> None:
        with self._lock:
            self._soon.discard(action_id)
        self._tell(action_id, waits=True)

    def _bring_up(self, action_id: str, *, waits: bool) -> None:
        """Draw until the card shows what there is; steps at their pace, or not if nobody waits."""
        holder = self._new_id()
        drawn: Edition | None = None
        for _ in range(MOST_DRAWINGS):
            view = self._view(action_id)
            if view is None:
                return
            edition = Edition(version=view.action.version, rows=len(view.journal))
            rest_s = self._rest_s(action_id, edition)
            if edition == drawn or (rest_s > 0 and not waits):
                return
            if rest_s > 0:
                self._clock.sleep(rest_s)
                continue
            if not self._card_book.claim_card(
                action_id, edition=edition, holder=holder, lease_s=DRAW_LEASE_S
            ):
                return
            self._draw(view, holder)
            self._card_book.card_shown(action_id, edition=edition, holder=holder)
            self._remember(action_id, edition)
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
                self._page(action, f"{action.label}: {action.outcome.says}")
        except UpstreamError:
            self._card_book.card_left(action.action_id, holder=holder)
            raise

    def _page(self, action: Action, says: str) -> None:
        # One thread after the other: the second finds the message of the first.
        with self._paging:
            self._board.page(action, says)

    def _view(self, action_id: str) -> ActionView | None:
        action = self._book.find(action_id)
        if action is None:
            return None
        return ActionView(
            action=action,
            journal=self._book.journal(action_id) if action.fence else (),
            rationale=self._book.rationale(action_id),
        )

    def _rest_s(self, action_id: str, edition: Edition) -> float:
        """Return how long a step may wait to be shown; 0 where more than a step is new."""
        with self._lock:
            drawn, at = self._drawn.get(action_id, (edition, 0.0))
        if drawn == edition or drawn.version != edition.version:
            return 0.0
        return max(0.0, at + self._progress_every_s - self._clock.monotonic())

    def _remember(self, action_id: str, edition: Edition) -> None:
        now = self._clock.monotonic()
        with self._lock:
            fresh = {one: kept for one, kept in self._drawn.items() if now - kept[1] < DRAW_LEASE_S}
            self._drawn = {**fresh, action_id: (edition, now)}


def _note_failure(drawn: Future[None]) -> None:
    """Log what nobody foresaw; nobody waits for the result who could."""
    error = drawn.exception()
    if error is not None:
        log.error("action_card_failed", exc_info=error)
