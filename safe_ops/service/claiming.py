"""Takes actions for one operator: approved ones, and those whose operator fell silent.

Two operators that come at once find one of them with the action; the other leaves it alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError
from safe_ops.lifecycle import advance
from safe_ops.model import events as on
from safe_ops.model.actions import HELD, Action, State
from safe_ops.model.trail import AuditEntry
from safe_ops.service.windows import window_view

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.trail import Actor
    from safe_ops.model.transition import Transition
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook
    from safe_ops.service.telling import Teller

MOST_CLAIMS = 6
"""So often an action is taken: what operators fell over as often, the next one would fall over."""
_UNBEGUN = frozenset({State.APPROVED, State.CLAIMED})


class Claims:
    """Claims of one operator, whose name stands in the row of what it holds."""

    def __init__(
        self, *, name: str, actor: Actor, book: ActionBook, policy: Policy, teller: Teller
    ) -> None:
        self._name = name
        self._actor = actor
        self._book = book
        self._policy = policy
        self._teller = teller

    def take(self, action: Action) -> tuple[Action, bool]:
        """Return the action as it is now, and whether it was taken.

        What a stop keeps from beginning is revoked: it shall not begin by itself afterwards.
        """
        try:
            found = self._book.change(action.action_id, self._claim)
        except RefusedError as error:
            return self._refused(action, error), False
        return self._teller.tell(found), found.state in HELD

    def _claim(self, action: Action, now: datetime) -> Transition:
        environment = action.plan.environment if action.plan is not None else ""
        window = window_view(self._policy, environment, now)
        event = on.Claimed(actor=self._actor, operator=self._name, window=window)
        return advance(action, event, now)

    def _refused(self, action: Action, error: RefusedError) -> Action:
        if error.code == "stopped":
            return self._teller.tell(self._book.change(action.action_id, self._take_back))
        if error.code not in {"held", "state"}:
            self._book.note(
                AuditEntry(
                    event="claim.refused",
                    actor=self._actor,
                    action_id=action.action_id,
                    digest=action.digest,
                    says=str(error),
                    facts={"code": error.code},
                )
            )
        return self._book.find(action.action_id) or action

    def _take_back(self, action: Action, now: datetime) -> Transition | None:
        if action.state not in _UNBEGUN:
            return None
        reason = "everything was stopped before it began"
        return advance(
            action, on.TakenBack(actor=self._actor, name="the kill switch", reason=reason), now
        )
