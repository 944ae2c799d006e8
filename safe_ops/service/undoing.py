"""Changes back what an action changed: once, by the steps that were approved with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model import events as on
from safe_ops.model.actions import Action, Outcome
from safe_ops.model.call_trail import UNDO

if TYPE_CHECKING:
    from safe_ops.model.surveys import Survey
    from safe_ops.operations.operation import Operation
    from safe_ops.service.holding import Hold
    from safe_ops.service.running import Runner


class Undoer:
    """Undoes held actions."""

    def __init__(self, *, runner: Runner) -> None:
        self._runner = runner

    def undo(
        self, hold: Hold, operation: Operation[Survey], *, reason: str, details: tuple[str, ...]
    ) -> Action:
        """Return the action after it was undone, or after it turned out that it cannot be.

        `details` tell what was changed.

        Raises:
            FenceLostError: The action is not held any more.
        """
        drawing = hold.plan.drawing
        if not drawing.undo:
            why = drawing.cannot_be_undone or "its plan has no undo"
            outcome = Outcome(
                says=f"{reason}. It cannot be undone: {why}. Look at it now.",
                details=details,
                pages=True,
            )
            return hold.move(on.Ended(actor=hold.actor, fence=hold.fence, outcome=outcome))
        hold.move(on.UndoBegun(actor=hold.actor, fence=hold.fence, reason=reason))
        return self.go_on(hold, operation)

    def go_on(self, hold: Hold, operation: Operation[Survey]) -> Action:
        """Return the action after its undo was sent, be it begun by another operator.

        Nothing is in the way of an undo: no window and no switch.

        Raises:
            FenceLostError: The action is not held any more.
        """
        run = self._runner.run(
            hold, operation, part=UNDO, steps=hold.plan.drawing.undo, in_the_way=lambda: ""
        )
        reason = hold.action.reason
        if run.is_complete:
            outcome = Outcome(says=f"{reason}. It was changed back.", details=run.details())
            return hold.move(on.Undone(actor=hold.actor, fence=hold.fence, outcome=outcome))
        outcome = Outcome(
            says=f"{reason}. Changing it back failed: {run.worst.why}. Look at it now.",
            details=run.details(),
            pages=True,
        )
        return hold.move(on.UndoFailed(actor=hold.actor, fence=hold.fence, outcome=outcome))
