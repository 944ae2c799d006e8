"""Ends what nobody decided in time, and rings again for what waits for an operator.

It may run in several processes at once and at any time. Rings may be lost; this is what brings
them back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError
from safe_ops.lifecycle import CLOCK, advance
from safe_ops.model import events as on
from safe_ops.model.actions import HELD, PENDING, Action, State
from safe_ops.model.standing import (
    SILENT_FOR,
    is_to_be_looked_at,
    lease_is_over,
    lies_unplanned,
    may_begin,
    ran_out,
)
from safe_ops.service.windows import window_view

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.transition import Transition
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook
    from safe_ops.ports.outside import Bell
    from safe_ops.service.telling import Teller

_TIMED = PENDING | {State.DRAFT, State.APPROVED, State.SCHEDULED, State.CLAIMED}
"""States that time alone may end, or let go on."""
_BEGUN = HELD - {State.CLAIMED}


class Sweep:
    """Goes over everything that is due."""

    def __init__(self, *, book: ActionBook, policy: Policy, bell: Bell, teller: Teller) -> None:
        self._book = book
        self._policy = policy
        self._bell = bell
        self._teller = teller

    def run(self) -> None:
        """Return when each due action was ended, let go on, or rung for."""
        for action_id, state in self._book.due():
            found = self._moved_on(action_id) if state in _TIMED else self._book.find(action_id)
            if found is None:
                continue
            if found.state is State.DRAFT:
                self._bell.plan(action_id)
            elif self._waits_for_operator(found):
                self._bell.execute(action_id)
            if found.state in _BEGUN:
                self._call_to(found)

    def _waits_for_operator(self, action: Action) -> bool:
        if action.state is State.INDETERMINATE:
            return is_to_be_looked_at(action, self._book.now())
        return action.state is State.APPROVED or action.state in HELD

    def _moved_on(self, action_id: str) -> Action | None:
        """Return the action after what came about by time; None where somebody was quicker."""
        changed = False

        def judge(action: Action, now: datetime) -> Transition | None:
            nonlocal changed
            event = self._event(action, now)
            changed = event is not None
            return advance(action, event, now) if event is not None else None

        try:
            action = self._book.change(action_id, judge)
        except RefusedError:
            # Whatever it has become is told by whoever changed it.
            return None
        if changed:
            self._teller.tell(action)
        return action

    def _event(self, action: Action, now: datetime) -> on.Event | None:
        """Return what has come about by time alone, if anything has."""
        if lies_unplanned(action, now):
            return on.TimeRanOut(actor=CLOCK)
        if action.plan is None or action.state not in _TIMED:
            return None
        if ran_out(action, now):
            is_held = action.state is State.CLAIMED and not lease_is_over(action, now)
            return None if is_held else on.TimeRanOut(actor=CLOCK)
        if action.state is not State.SCHEDULED:
            return None
        window = window_view(self._policy, action.plan.environment, now)
        return on.WindowOpened(actor=CLOCK) if may_begin(action, window) else None

    def _call_to(self, action: Action) -> None:
        """Call somebody to a run that no operator goes on with."""
        since = action.lease_until
        if since is not None and self._book.now() - since > SILENT_FOR:
            self._teller.call(
                action,
                f"it was begun, and no operator has gone on with it since {since:%H:%M} UTC. See "
                "that one runs, and look at the target.",
            )
