"""The doorbell: telling a worker that something waits in the store."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Queue(StrEnum):
    """The lanes; people never wait behind anything but people."""

    QUESTIONS = "questions"
    ALERTS = "alerts"
    OPERATIONS = "operations"
    PLANS = "plans"
    """Wishes to be planned: they wait for no operation that is being verified."""


class Doorbell(Protocol):
    """Rings may be lost and may come twice; the sweeper rings again for what still waits."""

    def ring(self, queue: Queue, job: str, *args: str) -> bool:
        """Enqueue a job of `bot.entrypoints.jobs` by name, with ids only.

        False, and nothing raised, when the queue cannot be reached: the store has the work.
        """
        ...
