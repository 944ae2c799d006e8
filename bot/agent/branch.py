"""A side run with a transcript of its own, on the ledger, the purse and the lease of the main run.

Its turns are kept in memory: a worker that dies in a branch leaves the ledger, and whoever goes on
makes the branch again and finds its reads there. Several branches may run at the same time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threading import RLock

    from bot.agent.session import Session
    from bot.domain.evidence import Evidence, Observation
    from bot.domain.investigation import Turn, Usage
    from bot.domain.progress import Task


class BranchSession:
    """Implements bot.agent.session.Session within another one."""

    def __init__(self, main: Session, *, name: str, lock: RLock) -> None:
        """Take the main run's session.

        Args:
            main: what the branch belongs to.
            name: unique among the branches of the run; tool calls are entered under it.
            lock: the same for all branches that run at the same time.
        """
        self._main = main
        self._name = name
        self._lock = lock
        self._turns: list[Turn] = []
        self._entered: dict[str, Evidence] = {}
        self.usages: list[Usage] = []
        """What its model calls cost, in order."""

    def turns(self) -> tuple[Turn, ...]:
        """Return the branch's own transcript."""
        return tuple(self._turns)

    def append(self, turn: Turn) -> None:
        """Keep the turn for this branch alone."""
        self._turns.append(turn)

    def recorded(self, tool_use_id: str) -> Evidence | None:
        """Return what the ledger holds for a tool call of this branch."""
        with self._lock:
            return self._main.recorded(self._id(tool_use_id))

    def find(self, label: str) -> Evidence | None:
        """Return any evidence of the thread."""
        with self._lock:
            return self._main.find(label)

    def ledger(self) -> tuple[Evidence, ...]:
        """Return what this branch saw, in the order recorded."""
        return tuple(self._entered.values())

    def enter(self, tool_use_id: str, observation: Observation) -> Evidence:
        """Put the observation in the main run's ledger."""
        with self._lock:
            kept = self._main.enter(self._id(tool_use_id), observation)
        self._entered[kept.label] = kept
        return kept

    def charge(self, model: str, usage: Usage) -> None:
        """Book one model call on the main run."""
        self.usages.append(usage)
        with self._lock:
            self._main.charge(model, usage)

    def spent_usd(self) -> float:
        """Return what this branch's model calls cost."""
        return sum(usage.cost_usd for usage in self.usages)

    def check(self) -> None:
        """Return if the main run may go on."""
        with self._lock:
            self._main.check()

    def steering(self) -> tuple[str, ...]:
        """Return nothing: people speak to the lead."""
        return ()

    def show(self, task: Task) -> None:
        """Show nothing: the plan has one line for the branch, which the lead writes."""

    def _id(self, tool_use_id: str) -> str:
        return f"{self._name}/{tool_use_id}"
