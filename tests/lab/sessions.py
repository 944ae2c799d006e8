"""A run of work kept in memory: the session of tests that need no store, thread or Slack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.evidence import Evidence
from bot.domain.investigation import Turn, Usage
from bot.domain.progress import Task

if TYPE_CHECKING:
    from bot.domain.evidence import Observation


@dataclass
class MemorySession:
    """Implements bot.agent.session.Session; what happened can be read off its fields."""

    entries: dict[str, Evidence] = field(default_factory=dict)
    """The ledger by tool-use id, in the order entered."""
    transcript: list[Turn] = field(default_factory=list)
    charges: list[tuple[str, Usage]] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    """What people send while it runs; taken by the next look."""
    on_check: Callable[[], None] = lambda: None
    """Called at each check; raises what should end the run."""

    def turns(self) -> tuple[Turn, ...]:
        return tuple(self.transcript)

    def append(self, turn: Turn) -> None:
        self.transcript.append(turn)

    def recorded(self, tool_use_id: str) -> Evidence | None:
        return self.entries.get(tool_use_id)

    def find(self, label: str) -> Evidence | None:
        return next((one for one in self.entries.values() if one.label == label), None)

    def ledger(self) -> tuple[Evidence, ...]:
        return tuple(self.entries.values())

    def enter(self, tool_use_id: str, observation: Observation) -> Evidence:
        fresh = Evidence(
            label=f"E{len(self.entries) + 1}",
            investigation_id="run",
            tool_use_id=tool_use_id,
            observation=observation,
        )
        return self.entries.setdefault(tool_use_id, fresh)

    def charge(self, model: str, usage: Usage) -> None:
        self.charges.append((model, usage))

    def spent_usd(self) -> float:
        return sum(usage.cost_usd for _, usage in self.charges)

    def check(self) -> None:
        self.on_check()

    def steering(self) -> tuple[str, ...]:
        said, self.messages = tuple(self.messages), []
        return said

    def show(self, task: Task) -> None:
        self.tasks.append(task)
