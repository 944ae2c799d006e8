"""The audit as a sequence, and the places outside the database that keep it too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from safe_ops.model.trail import AuditRow, Checkpoint


class Trail(Protocol):
    """The audit as a sequence."""

    def rows(self, *, after: int = 0, limit: int = 1000) -> tuple[AuditRow, ...]:
        """Return rows with a number above `after`, in order."""
        ...

    def checkpoints(self, *, after: int = 0) -> tuple[Checkpoint, ...]:
        """Return checkpoints of rows with a number above `after`, oldest first."""
        ...

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep one."""
        ...

    def shipped(self, sink: str) -> int:
        """Return the number of the last row the sink has; 0 if none."""
        ...

    def mark_shipped(self, sink: str, number: int) -> None:
        """Note how far a sink is; never backwards."""
        ...


class AuditSink(Protocol):
    """A place outside the database that keeps the audit too."""

    @property
    def name(self) -> str:
        """Return its name, such as `file` or `s3`."""
        ...

    def deliver(self, rows: tuple[AuditRow, ...], checkpoints: tuple[Checkpoint, ...]) -> None:
        """Keep these rows; repeating it must do no harm.

        Raises:
            AuditError: They were not kept.
        """
        ...


class Delivery(Protocol):
    """Brings what the sinks lack to them."""

    def catch_up(self) -> None:
        """Deliver all rows to all sinks.

        Raises:
            AuditError: A sink did not take them.
        """
        ...
