"""Who is called while nobody decides: half-way whose turn it is, at two thirds who comes next.

Each is said once for an action, however many sweep and whenever they are started anew; the board
sees to that. Nothing here decides.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog

from bot.domain.errors import UpstreamError
from safe_ops.model.actions import State
from safe_ops.model.standing import current_need, ran_out

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports.action_board import ActionBoard
    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Need, Plan
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook

log = structlog.get_logger()

REMIND_AFTER: Final = 1 / 2
"""Part of the on-call stage's time that goes by before a reminder: 7 of 15 minutes."""
ESCALATE_AFTER: Final = 2 / 3
"""As above, before who comes next is called: 10 of 15 minutes."""


class Reminders:
    """Calls people to pending actions; may run at any time and in several processes."""

    def __init__(self, *, book: ActionBook, board: ActionBoard, policy: Policy) -> None:
        self._book = book
        self._board = board
        self._policy = policy

    def run(self) -> int:
        """Call people to what is due for it; return to how many actions.

        Raises:
            UpstreamError: The database cannot be reached.
        """
        now = self._book.now()
        return sum(self._is_called_for(action, now) for action in self._book.pending())

    def _is_called_for(self, action: Action, now: datetime) -> bool:
        """Call whoever is due for the action; tell whether anybody is."""
        need, plan = current_need(action), action.plan
        if need is None or plan is None:
            return False
        gone = _gone(action, need, now)
        if gone < REMIND_AFTER:
            return False
        try:
            self._call(action, need, plan, is_late=gone >= ESCALATE_AFTER)
        except UpstreamError as error:
            log.warning("action_reminder_lost", action_id=action.action_id, reason=str(error))
        return True

    def _call(self, action: Action, need: Need, plan: Plan, *, is_late: bool) -> None:
        if not is_late:
            self._board.remind(action, teams=self._policy.reminded(need, plan))
            return
        call = self._policy.escalation(need, plan)
        self._board.escalate(action, teams=call.teams, may_approve=call.may_approve)


def _gone(action: Action, need: Need, now: datetime) -> float:
    """Return which part of the on-call stage's time has gone by; 0 where nobody is called."""
    if action.state is not State.PENDING_ONCALL or action.stage_until is None:
        return 0.0
    if not action.request.channel or ran_out(action, now):
        return 0.0
    return 1 - (action.stage_until - now) / timedelta(seconds=need.within_s)
