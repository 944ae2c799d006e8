"""Progress as people see it: a plan of tasks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class TaskState(StrEnum):
    """Slack's own words for a task's state."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    COMPLETE = "complete"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One line of the plan."""

    task_id: str
    title: str
    state: TaskState
    outcome: str | None = None
    """One line of what it found, such as `14 rows · prod-eu · E3`; None while it runs."""
