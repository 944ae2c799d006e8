"""The live message as one that is posted and then edited; works for every thread we may write in.

It must not know streams, nor what an outcome looks like.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import structlog

from bot.adapters.slack.blocks.first_card import first_card
from bot.adapters.slack.blocks.outcome import final_cards
from bot.adapters.slack.blocks.plan import plan_card
from bot.adapters.slack.enclosures import enclosures_of
from bot.adapters.slack.sinks.board import TaskBoard
from bot.adapters.slack.sinks.pace import Pace
from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.adapters.slack.blocks.card import Card
    from bot.adapters.slack.sinks.files import FileSlot
    from bot.adapters.slack.sinks.slot import Slot
    from bot.domain.outcome import Outcome
    from bot.domain.progress import Task
    from bot.ports.clock import Clock

UPDATE_INTERVAL_S: Final = 1.0
"""chat.update has 50 calls a minute; one message a second is a burst of that, not a rate."""
PROGRESS_PATIENCE_S: Final = 0.0
"""Progress never waits for budget: the next update says more anyway."""


class UpdateSink:
    """LiveMessage by chat.postMessage and chat.update."""

    def __init__(
        self,
        *,
        slot: Slot,
        continuation: Callable[[int], Slot],
        files: FileSlot,
        settled: Callable[[], None],
        clock: Clock,
        interval_s: float = UPDATE_INTERVAL_S,
    ) -> None:
        """Take the message's place.

        Args:
            slot: where the message stands.
            continuation: makes the place of the nth message that continues a long answer.
            files: where pictures and long output go.
            settled: called once the final card is delivered; must not raise.
            clock: measures the interval.
            interval_s: least time between two updates of progress.
        """
        self.board = TaskBoard()
        self.lock = threading.Lock()
        self._slot = slot
        self._continuation = continuation
        self._files = files
        self._settled = settled
        self._pace = Pace(send=self.flush, interval_s=interval_s, clock=clock)
        self._preview: Outcome | None = None
        self._preview_unseen = False
        self._log = structlog.get_logger()

    @property
    def has_preview(self) -> bool:
        """Tell whether something is to be shown above the plan."""
        return self._preview is not None

    def show(self, task: Task) -> None:
        """Add or replace a task; it is in Slack within about a second."""
        with self.lock:
            changed = self.board.put(task)
        if changed:
            self._pace.ask()

    def preview(self, outcome: Outcome) -> None:
        """Show what is known already above the plan, from now until the final card."""
        self.hold(outcome)
        self._pace.hurry()

    def hold(self, outcome: Outcome) -> None:
        """Have the next flush show this above the plan."""
        with self.lock:
            self._preview, self._preview_unseen = outcome, True

    def close(self, outcome: Outcome) -> None:
        """Replace the progress by the final card, and post what continues it.

        Files come after the card, which never waits for them; it says so where they do not arrive.

        Raises:
            UpstreamError: Slack took it in no form, or cannot be reached.
        """
        self._pace.close()
        self._put(final_cards(outcome))
        self._settled()
        enclosures = enclosures_of(outcome)
        if enclosures is not None and not self._files.deliver(enclosures):
            self._put(final_cards(outcome, files_lost=True))

    def _put(self, cards: tuple[Card, ...]) -> None:
        first, *rest = cards
        self._slot.put(first)
        for number, card in enumerate(rest, start=1):
            self._continuation(number).put(card)

    def flush(self) -> None:
        """Bring the message to the board's state; what fails is said again with the next one."""
        with self.lock:
            tasks = self.board.all()
            unseen = self.board.take_unseen()
            preview, preview_unseen = self._preview, self._preview_unseen
            self._preview_unseen = False
        if not unseen and not preview_unseen:
            return
        key = self._slot.key
        card = (
            plan_card(tasks, investigation=key)
            if preview is None
            else first_card(preview, tasks, investigation=key)
        )
        try:
            self._slot.put(card, patience_s=PROGRESS_PATIENCE_S)
        except UpstreamError as error:
            with self.lock:
                self.board.put_back(unseen)
                self._preview_unseen = self._preview_unseen or preview_unseen
            self._log.info("slack_progress_delayed", key=self._slot.key, reason=str(error))
            raise
