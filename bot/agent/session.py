"""What the loop needs from whoever keeps the run: its transcript, its ledger, its people.

The flow implements this over the store and the live message. It must not know how turns, leases
or messages are kept, only when each is due.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from bot.domain.evidence import Evidence, Observation
    from bot.domain.investigation import Turn, Usage
    from bot.domain.progress import Task


class Session(Protocol):
    """One run of work; used by one thread at a time, the one that called the loop."""

    def turns(self) -> tuple[Turn, ...]:
        """Return the stored transcript, oldest first; empty for a run that just began."""
        ...

    def append(self, turn: Turn) -> None:
        """Store the turn; once this returns, another worker can go on after it.

        Raises:
            LeaseLostError: Another worker has the run.
        """
        ...

    def recorded(self, tool_use_id: str) -> Evidence | None:
        """Return what this run's ledger holds for a tool call, or None if it was not finished."""
        ...

    def find(self, label: str) -> Evidence | None:
        """Return the evidence of that label from this run or an earlier one of the thread."""
        ...

    def ledger(self) -> tuple[Evidence, ...]:
        """Return this run's evidence in the order recorded."""
        ...

    def enter(self, tool_use_id: str, observation: Observation) -> Evidence:
        """Put the observation in the ledger; the same id again returns the first entry.

        Raises:
            LeaseLostError: Another worker has the run.
        """
        ...

    def charge(self, model: str, usage: Usage) -> None:
        """Book one model call; `model` is `provider:id`."""
        ...

    def spent_usd(self) -> float:
        """Return what the run's model calls cost so far, those of its branches included."""
        ...

    def check(self) -> None:
        """Return if the run may go on; called between steps and about four times a second.

        An implementation that asks a database paces itself.

        Raises:
            CancelledByPersonError: Somebody stopped the run.
            LeaseLostError: Another worker has the run.
        """
        ...

    def steering(self) -> tuple[str, ...]:
        """Return what people sent since the last call, ready to be put before the model."""
        ...

    def show(self, task: Task) -> None:
        """Let people see that a step began or ended."""
        ...
