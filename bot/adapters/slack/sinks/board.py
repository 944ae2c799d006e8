"""The tasks of a run in the order they began, and which of them Slack has not seen yet.

Plain bookkeeping, not thread-safe by itself: the sink that owns it holds the lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.progress import Task


class TaskBoard:
    """Tasks by id; a task shown again keeps its place."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._unseen: dict[str, Task] = {}

    def put(self, task: Task) -> bool:
        """Add or replace a task; False if nothing changed."""
        if self._tasks.get(task.task_id) == task:
            return False
        self._tasks[task.task_id] = task
        self._unseen[task.task_id] = task
        return True

    def all(self) -> tuple[Task, ...]:
        """Return every task in order."""
        return tuple(self._tasks.values())

    def take_unseen(self) -> tuple[Task, ...]:
        """Return what changed since the last call, in order, and count it as seen."""
        unseen = tuple(task for name, task in self._tasks.items() if name in self._unseen)
        self._unseen.clear()
        return unseen

    def put_back(self, tasks: Iterable[Task]) -> None:
        """Count tasks as unseen again, because Slack did not take them."""
        for task in tasks:
            self._unseen.setdefault(task.task_id, self._tasks[task.task_id])
