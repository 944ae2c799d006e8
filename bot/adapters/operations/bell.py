"""safe_ops' bell over the queue: the operator is told by id that something waits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.ports.queue import Queue

if TYPE_CHECKING:
    from bot.ports.queue import Doorbell
    from safe_ops.ports.outside import Bell

PLAN_JOB: Final = "plan_action"
"""Name of the job that plans a draft; its one argument is the action's id."""
EXECUTE_JOB: Final = "execute_action"
"""Name of the job that executes an approved action; as above."""


class QueueBell:
    """safe_ops.ports.outside.Bell over a doorbell; what is not heard the sweep rings again."""

    def __init__(self, doorbell: Doorbell) -> None:
        self._doorbell = doorbell

    def plan(self, action_id: str) -> None:
        """Tell that a draft waits for the operator."""
        self._doorbell.ring(Queue.PLANS, PLAN_JOB, action_id)

    def execute(self, action_id: str) -> None:
        """Tell that an approved action waits for the operator."""
        self._doorbell.ring(Queue.OPERATIONS, EXECUTE_JOB, action_id)


if TYPE_CHECKING:
    _keeps_its_promise: type[Bell] = QueueBell
