"""Which calls of a part are done, begun or open, as its journal tells; and the writing of rows.

It sends nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.actions import CallOutcome, JournalRow, Phase

if TYPE_CHECKING:
    from safe_ops.ports.book import ActionBook
    from safe_ops.service.holding import Hold


class Journal:
    """The journal of one part of an action, under the fence of whoever holds it."""

    def __init__(self, *, book: ActionBook, hold: Hold, part: str) -> None:
        self._book = book
        self._hold = hold
        self.part = part
        rows = book.journal(hold.action.action_id)
        self._last = {row.step: row for row in rows if row.part == part}

    def last(self, step: int) -> JournalRow | None:
        """Return the last row of a step as it was when this journal was opened."""
        return self._last.get(step)

    def begin(self, step: int, attempt: int) -> None:
        """Write that a call is about to be sent.

        Raises:
            FenceLostError: The action is not held any more.
            RefusedError: `stopped`, or `journal`: it may have been sent already.
        """
        self._write(step, attempt, Phase.BEFORE, None, "")

    def end(self, step: int, attempt: int, outcome: CallOutcome, says: str) -> JournalRow:
        """Write what became of a call; return the row.

        Raises:
            FenceLostError: The action is not held any more.
        """
        row = self._write(step, attempt, Phase.AFTER, outcome, says)
        self._hold.show()
        return row

    def _write(
        self, step: int, attempt: int, phase: Phase, outcome: CallOutcome | None, says: str
    ) -> JournalRow:
        row = JournalRow(
            action_id=self._hold.action.action_id,
            fence=self._hold.fence,
            part=self.part,
            step=step,
            attempt=attempt,
            phase=phase,
            outcome=outcome,
            says=says,
        )
        self._book.write_journal(row)
        return row
