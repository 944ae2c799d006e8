"""The journal read back for whoever compares it with the audit; somebody may have changed it.

Nothing here is sure of what it reads: a row that is none of ours any more is None.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import Text, func, select, type_coerce

from bot.adapters.store.action_journal import journal_row
from bot.adapters.store.book_part import BookPart
from bot.adapters.store.operation_tables import action_journal

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import RowMapping

    from safe_ops.model.actions import JournalRow
    from safe_ops.service.call_proof import Journals, KeptCalls

_SAYS = "says_text"


class SqlKeptCalls(BookPart):
    """safe_ops.service.call_proof.KeptCalls in SQL."""

    def calls_of(self, action_ids: Collection[str]) -> Journals:
        """Return the journals of these actions; one without any is left out."""
        with self._reading() as connection:
            found = connection.execute(
                select(
                    *(column for column in action_journal.c if column.name != "says"),
                    type_coerce(action_journal.c.says, Text).label(_SAYS),
                ).where(action_journal.c.action_id.in_(action_ids))
            ).mappings()
            journals: Journals = {}
            for row in found:
                journals.setdefault(row["action_id"], {})[row["number"]] = _row(row)
            return journals

    def highest(self) -> Mapping[str, int]:
        """Return the highest number in each journal there is."""
        highest = func.max(action_journal.c.number).label("highest")
        with self._reading() as connection:
            found = connection.execute(
                select(action_journal.c.action_id, highest).group_by(action_journal.c.action_id)
            )
            return {row.action_id: row.highest for row in found}


def _row(row: RowMapping) -> JournalRow | None:
    try:
        says = json.loads(row[_SAYS])
        return journal_row(row, says=says if isinstance(says, str) else "")
    except ValueError:
        return None


if TYPE_CHECKING:
    _keeps_its_promise: type[KeptCalls] = SqlKeptCalls
