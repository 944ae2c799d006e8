"""The audit in SQL: one row after another under one lock, its checkpoints, and who has it.

Whoever changes something writes its row in the same transaction, last of all, so that the lock is
held for two statements; when the row cannot be written, nothing is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Text, func, insert, select, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.adapters.store.book_part import BookPart
from bot.adapters.store.operation_tables import (
    audit_checkpoints,
    audit_head,
    audit_rows,
    audit_shipments,
)
from bot.adapters.store.part import insert_once
from safe_ops.audit import GENESIS, chained
from safe_ops.model.trail import Actor, AuditEntry, AuditRow, Checkpoint

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, RowMapping

    from safe_ops.ports.audit import Trail

_HEAD: Final = 1
_NO_ROW: Final = 2**31 - 1
"""Above every row's number; the column's own limit."""
_PAGE_ROWS: Final = 200
_ENTRY: Final = TypeAdapter(AuditEntry)
_ROW: Final = select(
    audit_rows.c.number,
    audit_rows.c.at,
    type_coerce(audit_rows.c.entry, Text).label("entry_text"),
    audit_rows.c.previous_hash,
    audit_rows.c.hash,
)


def lock_audit(connection: Connection) -> RowMapping:
    """Return the chain's head, held until the transaction ends: nothing is chained meanwhile."""
    head = select(audit_head).where(audit_head.c.head_id == _HEAD).with_for_update()
    row = connection.execute(head).mappings().first()
    if row is None:
        insert_once(connection, audit_head, {"head_id": _HEAD, "number": 0, "hash": GENESIS})
        row = connection.execute(head).mappings().one()
    return row


def write_audit(connection: Connection, entry: AuditEntry, *, at: datetime) -> None:
    """Chain one more row to the audit, in the caller's transaction."""
    head = lock_audit(connection)
    row = chained(head["hash"], head["number"] + 1, at, entry)
    connection.execute(
        insert(audit_rows).values(
            number=row.number,
            at=row.at,
            action_id=row.entry.action_id,
            entry=row.entry,
            previous_hash=row.previous_hash,
            hash=row.hash,
        )
    )
    connection.execute(
        update(audit_head)
        .where(audit_head.c.head_id == _HEAD)
        .values(number=row.number, hash=row.hash)
    )


def noted_since(connection: Connection, since: datetime, *, event: str) -> tuple[AuditRow, ...]:
    """Return rows of an event of no action since a time, oldest first.

    Read from the newest back, so that it costs what was noted since, however long the audit is.
    """
    found: list[AuditRow] = []
    below, is_over = _NO_ROW, False
    while not is_over:
        page = (
            connection.execute(
                _ROW.where(audit_rows.c.action_id == "", audit_rows.c.number < below)
                .order_by(audit_rows.c.number.desc())
                .limit(_PAGE_ROWS)
            )
            .mappings()
            .all()
        )
        recent = [row for row in page if row["at"] >= since]
        # Cheaper than reading every entry: most rows here are of other events.
        found += [_row(row) for row in recent if f'"{event}"' in row["entry_text"]]
        is_over = len(recent) < _PAGE_ROWS
        below = page[-1]["number"] if page else below
    return tuple(row for row in reversed(found) if row.entry.event == event)


class SqlTrail(BookPart):
    """safe_ops.ports.audit.Trail in SQL."""

    def rows(self, *, after: int = 0, limit: int = 1000) -> tuple[AuditRow, ...]:
        """Return rows with a number above `after`, in order."""
        with self._reading() as connection:
            found = connection.execute(
                _ROW.where(audit_rows.c.number > after).order_by(audit_rows.c.number).limit(limit)
            ).mappings()
            return tuple(_row(row) for row in found)

    def rows_of(self, action_id: str) -> tuple[AuditRow, ...]:
        """Return the rows of one action, in order."""
        with self._reading() as connection:
            found = connection.execute(
                _ROW.where(audit_rows.c.action_id == action_id).order_by(audit_rows.c.number)
            ).mappings()
            return tuple(_row(row) for row in found)

    def last(self) -> AuditRow | None:
        """Return the newest row; None while there is none."""
        newest = _ROW.order_by(audit_rows.c.number.desc()).limit(1)
        with self._reading() as connection:
            row = connection.execute(newest).mappings().first()
        return None if row is None else _row(row)

    def checkpoints(self, *, after: int = 0) -> tuple[Checkpoint, ...]:
        """Return checkpoints of rows with a number above `after`, oldest first."""
        with self._reading() as connection:
            found = connection.execute(
                select(audit_checkpoints)
                .where(audit_checkpoints.c.number > after)
                .order_by(audit_checkpoints.c.number, audit_checkpoints.c.at)
            ).mappings()
            return tuple(Checkpoint(**row) for row in found)

    def newest_checkpoint(self, *, key_id: str | None = None) -> Checkpoint | None:
        """Return the checkpoint that goes furthest, of one key if given; None without any."""
        newest = select(audit_checkpoints).order_by(audit_checkpoints.c.number.desc()).limit(1)
        if key_id is not None:
            newest = newest.where(audit_checkpoints.c.key_id == key_id)
        with self._reading() as connection:
            row = connection.execute(newest).mappings().first()
        return None if row is None else Checkpoint(**row)

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep one; a second of the same row and key changes nothing."""
        with self._writing() as connection:
            insert_once(
                connection,
                audit_checkpoints,
                {
                    "number": checkpoint.number,
                    "key_id": checkpoint.key_id,
                    "hash": checkpoint.hash,
                    "at": checkpoint.at,
                    "signature": checkpoint.signature,
                },
            )

    def remembered(self) -> int:
        """Return the number of the furthest row the database knows to have been written.

        It is kept apart from the rows, so that cutting them off does not hide it.
        """
        with self._reading() as connection:
            written = connection.execute(select(func.max(audit_head.c.number))).scalar()
            told = connection.execute(select(func.max(audit_shipments.c.number))).scalar()
        return max(written or 0, told or 0)

    def shipped(self, sink: str) -> int:
        """Return the number of the last row the sink has; 0 if none."""
        with self._reading() as connection:
            number = connection.execute(
                select(audit_shipments.c.number).where(audit_shipments.c.sink == sink)
            ).scalar()
        return number or 0

    def mark_shipped(self, sink: str, number: int) -> None:
        """Note how far a sink is; never backwards."""
        with self._writing() as connection:
            dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
            statement = dialect.insert(audit_shipments).values(sink=sink, number=number)
            connection.execute(
                statement.on_conflict_do_update(
                    index_elements=[audit_shipments.c.sink],
                    set_={"number": statement.excluded.number},
                    where=audit_shipments.c.number < statement.excluded.number,
                )
            )


def _row(row: RowMapping) -> AuditRow:
    return AuditRow(
        number=row["number"],
        at=row["at"],
        entry=_entry(row["entry_text"]),
        previous_hash=row["previous_hash"],
        hash=row["hash"],
    )


def _entry(stored: str) -> AuditEntry:
    """Return the entry; of one that was made unreadable an empty one, whose hash will not hold."""
    try:
        return _ENTRY.validate_json(stored)
    except ValidationError:
        return AuditEntry(event="", actor=Actor(subject=""))


if TYPE_CHECKING:
    _keeps_its_promise: type[Trail] = SqlTrail
