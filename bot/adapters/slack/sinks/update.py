"""The live message as one that is posted and then edited; works for every thread we may write in.

It must not know streams, nor what an outcome looks like.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Final

import structlog

from bot.adapters.slack.blocks.outcome import final_cards
from bot.adapters.slack.blocks.plan import plan_card
from bot.adapters.slack.sinks.board import TaskBoard
from bot.adapters.slack.sinks.pace import Pace
from bot.domain.errors import UpstreamError

if TYPE_CHECKING:
    from collections.abc import Callable

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
        settled: Callable[[], None],
        clock: Clock,
        interval_s: float = UPDATE_INTERVAL_S,
    ) -> None:
        """Take the message's place.

        Args:
            slot: where the message stands.
            continuation: makes the place of the nth message that continues a long answer.
            settled: called once the final card is delivered; must not raise.
            clock: measures the interval.
            interval_s: least time between two updates of progress.
        """
        self.board = TaskBoard()
        self.lock = threading.Lock()
        self._slot = slot
        self._continuation = continuation
        self._settled = settled
        self._pace = Pace(send=self.flush, interval_s=interval_s, clock=clock)
        self._log = structlog.get_logger()

    def show(self, task: Task) -> None:
        """Add or replace a task; it is in Slack within about a second."""
        with self.lock:
            changed = self.board.put(task)
        if changed:
            self._pace.ask()

    def close(self, outcome: Outcome) -> None:
        """Replace the progress by the final card, and post what continues it.

        Raises:
            UpstreamError: Slack took it in no form, or cannot be reached.
        """
        self._pace.close()
        first, *rest = final_cards(outcome)
        self._slot.put(first)
        for number, card in enumerate(rest, start=1):
            self._continuation(number).put(card)
        self._settled()

    def flush(self) -> None:
        """Bring the message to the board's state; what fails is said again with the next one."""
        with self.lock:
            tasks = self.board.all()
            unseen = self.board.take_unseen()
        if not unseen:
            return
        try:
            self._slot.put(
                plan_card(tasks, investigation=self._slot.key), patience_s=PROGRESS_PATIENCE_S
            )
        except UpstreamError as error:
            with self.lock:
                self.board.put_back(unseen)
            self._log.info("slack_progress_delayed", key=self._slot.key, reason=str(error))
            raise
