"""Ends what nobody decided in time, and rings again for what waits for an operator.

It may run in several processes at once and at any time. Rings may be lost; this is what brings
them back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError
from safe_ops.lifecycle import CLOCK, advance
from safe_ops.model import events as on
from safe_ops.model.actions import PENDING, Action, State
from safe_ops.model.standing import may_begin, ran_out
from safe_ops.service.windows import window_view

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.transition import Transition
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.outside import Bell
    from safe_ops.service.telling import Teller

_WAITING = PENDING | {State.APPROVED, State.SCHEDULED}


class Sweep:
    """Goes over everything that is due."""

    def __init__(self, *, book: ActionBook, policy: Policy, bell: Bell, teller: Teller) -> None:
        self._book = book
        self._policy = policy
        self._bell = bell
        self._teller = teller

    def run(self) -> None:
        """Return when each due action was expired, let go on, or rung for."""
        for action_id, state in self._book.due():
            if state is State.DRAFT:
                self._bell.plan(action_id)
            elif state in _WAITING:
                self._look(action_id)
            else:
                self._bell.execute(action_id)

    def _look(self, action_id: str) -> None:
        changed = False

        def judge(action: Action, now: datetime) -> Transition | None:
            nonlocal changed
            event = self._event(action, now)
            changed = event is not None
            return advance(action, event, now) if event is not None else None

        try:
            action = self._book.change(action_id, judge)
        except RefusedError:
            # Somebody was quicker; whatever it has become is told by them.
            return
        if changed:
            self._teller.tell(action)
        if action.state is State.APPROVED:
            self._bell.execute(action_id)

    def _event(self, action: Action, now: datetime) -> on.Event | None:
        """Return what has come about by time alone, if anything has."""
        if action.plan is None or action.state not in _WAITING:
            return None
        if ran_out(action, now):
            return on.TimeRanOut(actor=CLOCK)
        if action.state is not State.SCHEDULED:
            return None
        window = window_view(self._policy, action.plan.environment, now)
        return on.WindowOpened(actor=CLOCK) if may_begin(action, window) else None
