"""Brings the audit from the database to every sink, in order and without gaps, and signs it.

It may run in several processes at once: a sink may be given a row twice, and never lacks one. What
does not follow from the rows before it is neither signed nor delivered.
"""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from safe_ops.audit import GENESIS, holds, key_id_of, misfit_after, signed
from safe_ops.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from bot.adapters.store.audit_trail import SqlTrail
    from bot.ports.clock import Clock
    from safe_ops.model.trail import AuditRow, Checkpoint
    from safe_ops.ports.audit import AuditSink, Delivery

ROWS_AT_ONCE: Final = 500
CHECKPOINT_ROWS: Final = 1000
"""A checkpoint covers at most so many rows that none covered before …"""
CHECKPOINT_EVERY: Final = timedelta(minutes=5)
"""… and rows are not left uncovered for longer than this."""

_LOOK: Final = "run `nightdesk audit verify`, and find out who writes to the database"


class AuditDelivery:
    """safe_ops.ports.audit.Delivery over the trail; shared between threads."""

    def __init__(
        self,
        *,
        trail: SqlTrail,
        sinks: Sequence[AuditSink],
        key: Ed25519PrivateKey,
        clock: Clock,
    ) -> None:
        self._trail = trail
        self._sinks = sinks
        self._key = key
        self._clock = clock
        self._lock = threading.Lock()

    def catch_up(self) -> None:
        """Deliver all rows to all sinks; sign a checkpoint first, if one is due.

        Raises:
            AuditError: The database's rows are not as they were written, or a sink did not take
                them; the others got theirs.
            UpstreamError: The database is away; what was delivered may be delivered again.
        """
        with self._lock:
            self.sign_if_due()
            failures = []
            for sink in self._sinks:
                try:
                    self._fill(sink)
                except AuditError as error:
                    failures.append(f"{sink.name}: {error}")
            if failures:
                raise AuditError("; ".join(failures))

    def sign_if_due(self) -> None:
        """Cover what no checkpoint covers, if it is many rows or has waited long enough.

        Raises:
            AuditError: Something since the last checkpoint is not as it was written, or that
                checkpoint is gone; nothing was signed.
            UpstreamError: The database is away.
        """
        last = self._trail.last()
        if last is None:
            return
        newest = self._newest_of_ours()
        number = 0 if newest is None else newest.number
        if number >= last.number:
            return
        now = self._clock.now()
        if (
            newest is None
            or last.number - number >= CHECKPOINT_ROWS
            or now - newest.at >= CHECKPOINT_EVERY
        ):
            for page in self._pages(number, GENESIS if newest is None else newest.hash):
                last = page[-1]
            self._trail.add_checkpoint(signed(last, at=now, key=self._key))

    def _newest_of_ours(self) -> Checkpoint | None:
        """Return the checkpoint to go on from: signed with our key; anybody may write another's."""
        newest = self._trail.newest_checkpoint()
        furthest = 0 if newest is None else newest.number
        for sink in self._sinks:
            told = self._trail.shipped(_signatures(sink))
            if told > furthest:
                raise AuditError(
                    f"{sink.name} has the checkpoint at row {told}, and the database lost it:"
                    f" {_LOOK}"
                )
        public_key = self._key.public_key()
        ours = self._trail.newest_checkpoint(key_id=key_id_of(public_key))
        if ours is not None and not holds(ours, public_key):
            raise AuditError(
                f"the signature of the checkpoint at row {ours.number} does not hold: {_LOOK}"
            )
        return ours

    def _fill(self, sink: AuditSink) -> None:
        number = self._trail.shipped(sink.name)
        for page in self._pages(number, self._hash_of(number)):
            sink.deliver(page, ())
            self._trail.mark_shipped(sink.name, page[-1].number)
        # A checkpoint may be signed long after the rows it covers have gone out.
        fresh = self._trail.checkpoints(after=self._trail.shipped(_signatures(sink)))
        if fresh:
            sink.deliver((), fresh)
            self._trail.mark_shipped(_signatures(sink), fresh[-1].number)

    def _pages(self, number: int, row_hash: str) -> Iterator[tuple[AuditRow, ...]]:
        """Yield what comes after a row, as far as it follows from it."""
        while page := self._trail.rows(after=number, limit=ROWS_AT_ONCE):
            wrong = misfit_after(page, number=number, row_hash=row_hash)
            if wrong is not None:
                raise AuditError(f"{wrong.says}: {_LOOK}")
            yield page
            number, row_hash = page[-1].number, page[-1].hash

    def _hash_of(self, number: int) -> str:
        if number == 0:
            return GENESIS
        found = self._trail.rows(after=number - 1, limit=1)
        if not found or found[0].number != number:
            raise AuditError(f"row {number} was delivered, and the database lost it: {_LOOK}")
        return found[0].hash


def _signatures(sink: AuditSink) -> str:
    """Return the name under which it is kept which checkpoints a sink has."""
    return f"{sink.name}/signed"


if TYPE_CHECKING:
    _keeps_its_promise: type[Delivery] = AuditDelivery
