"""The journal of calls: a row before and a row after each, written under the action's lock.

The audit gets a row of each in the same transaction, last of all, so that the chain proves the
journal as well.

What it refuses is what must never be sent: a call by an operator that lost the action or its
lease, a call again whose last attempt may have taken effect, a further call after a stop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import insert, select

from bot.adapters.store.action_rows import lock_action
from bot.adapters.store.audit_trail import write_audit
from bot.adapters.store.book_part import BookPart
from bot.adapters.store.moment import moment
from bot.adapters.store.operation_tables import action_journal
from bot.adapters.store.switches import hold_switches
from safe_ops.errors import FenceLostError, RefusedError
from safe_ops.model.actions import AT_WORK, Action, CallOutcome, JournalRow, Phase, State
from safe_ops.model.call_trail import STEPS, UNDO, call_entry

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

_BEGINS_IN: Final = {STEPS: State.EXECUTING, UNDO: State.ROLLING_BACK}
"""The one state in which calls of a part are sent."""


class SqlActionJournal(BookPart):
    """The journal's part of safe_ops.ports.book.ActionBook in SQL."""

    def write_journal(self, row: JournalRow) -> None:
        """Write one journal row, if the action is still held under the row's fence.

        A row BEFORE a call needs the lease, too, and the state calls of its part are sent in.

        Raises:
            FenceLostError: Another operator has the action, its lease ran out, or it is not at
                work.
            RefusedError: `journal` where the row does not follow from those there are; `stopped`
                for a further step after the kill switch.
        """
        with self._writing() as connection:
            found = lock_action(connection, row.action_id)
            now = moment(connection, self._clock)
            action = _held(found, row, now)
            written = _rows(connection, row.action_id)
            _check_order(row, written)
            if row.phase is Phase.BEFORE and row.part == STEPS:
                _check_stop(connection, row)
            number = len(written) + 1
            connection.execute(
                insert(action_journal).values(
                    action_id=row.action_id,
                    number=number,
                    fence=row.fence,
                    part=row.part,
                    step=row.step,
                    attempt=row.attempt,
                    phase=row.phase.value,
                    outcome=None if row.outcome is None else row.outcome.value,
                    says=row.says,
                    at=now,
                )
            )
            write_audit(connection, call_entry(action, row, number=number), at=now)

    def journal(self, action_id: str) -> tuple[JournalRow, ...]:
        """Return the action's journal in the order it was written."""
        with self._reading() as connection:
            return _rows(connection, action_id)


def _held(action: Action | None, row: JournalRow, now: datetime) -> Action:
    if action is None:
        raise FenceLostError(f"action {row.action_id} does not exist; stop")
    if action.fence != row.fence:
        raise FenceLostError(
            f"{action.label} was taken over by {action.operator} (fence {action.fence}, ours is"
            f" {row.fence}); stop"
        )
    if action.state not in AT_WORK:
        raise FenceLostError(f"{action.label} is {action.state} and not at work; stop")
    if row.phase is Phase.AFTER:
        return action
    if action.state is not _BEGINS_IN.get(row.part):
        raise FenceLostError(f"{action.label} is {action.state}: no call of its {row.part} begins")
    if action.lease_until is None or action.lease_until <= now:
        raise FenceLostError(
            f"the lease on {action.label} ran out at {action.lease_until}; stop, and claim it anew"
        )
    return action


def _check_order(row: JournalRow, written: tuple[JournalRow, ...]) -> None:
    same = [past for past in written if (past.part, past.step) == (row.part, row.step)]
    last = same[-1] if same else None
    call = f"call {row.step} of {row.part}"
    if row.phase is Phase.AFTER:
        fits = last is not None and last.phase is Phase.BEFORE and last.attempt == row.attempt
        if not fits or row.outcome is None:
            raise RefusedError(
                f"{call}, attempt {row.attempt}: nothing was begun that this could end.",
                code="journal",
            )
        return
    begun = 0 if last is None else last.attempt
    if last is not None and last.outcome is not CallOutcome.NOT_APPLIED:
        raise RefusedError(
            f"{call} was begun before and may have taken effect; read back what became of it.",
            code="journal",
        )
    if row.outcome is not None or row.attempt != begun + 1:
        raise RefusedError(
            f"{call}: the next attempt is {begun + 1}, without an outcome yet.", code="journal"
        )


def _check_stop(connection: Connection, row: JournalRow) -> None:
    """Refuse the step if the kill switch is set; nobody sets it until the row is written."""
    switches = hold_switches(connection)
    if switches.stopped_by:
        raise RefusedError(
            f"Everything is stopped by {switches.stopped_by}: step {row.step} is not sent.",
            code="stopped",
        )


def _rows(connection: Connection, action_id: str) -> tuple[JournalRow, ...]:
    found = connection.execute(
        select(action_journal)
        .where(action_journal.c.action_id == action_id)
        .order_by(action_journal.c.number)
    ).mappings()
    return tuple(journal_row(row, says=row["says"]) for row in found)


def journal_row(row: RowMapping, *, says: str) -> JournalRow:
    """Return a row of the table as the journal's; `says` is given, as readers decode it apart.

    Raises:
        ValueError: It holds a phase or an outcome there is none of.
    """
    return JournalRow(
        action_id=row["action_id"],
        fence=row["fence"],
        part=row["part"],
        step=row["step"],
        attempt=row["attempt"],
        phase=Phase(row["phase"]),
        outcome=None if row["outcome"] is None else CallOutcome(row["outcome"]),
        says=says,
        at=row["at"],
    )
