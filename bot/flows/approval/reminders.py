"""One reminder for what still waits for the on-call tier, half-way through its time."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import UpstreamError
from safe_ops.model.actions import State
from safe_ops.model.standing import current_need, ran_out

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports.action_board import ActionBoard
    from safe_ops.model.actions import Action
    from safe_ops.ports.book import ActionBook

log = structlog.get_logger()


class Reminders:
    """Reminds of pending actions; may run at any time and in several processes."""

    def __init__(self, *, book: ActionBook, board: ActionBoard) -> None:
        self._book = book
        self._board = board

    def run(self) -> int:
        """Remind of what is due for it; return of how many.

        Raises:
            UpstreamError: The database cannot be reached.
        """
        now = self._book.now()
        due = [action for action in self._book.pending() if is_due(action, now)]
        for action in due:
            need = current_need(action)
            teams = need.teams if need is not None else ()
            try:
                self._board.remind(action, teams=teams)
            except UpstreamError as error:
                log.warning("action_reminder_lost", action_id=action.action_id, reason=str(error))
        return len(due)


def is_due(action: Action, now: datetime) -> bool:
    """Tell whether half of the on-call stage's time has gone by without a yes."""
    need = current_need(action)
    if action.state is not State.PENDING_ONCALL or need is None or action.stage_until is None:
        return False
    if not action.request.channel or ran_out(action, now):
        return False
    return now >= action.stage_until - timedelta(seconds=need.within_s / 2)
