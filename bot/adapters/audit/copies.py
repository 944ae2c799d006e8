"""The audit as files hold it: an export, the file sink's, a bucket's objects. Read, never written.

A row may stand there again behind its place, because two processes delivered it; it has to be the
same row then. Knows lines and files, and not whether the chain holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.audit import Fault, misfit_after, read_line
from safe_ops.errors import AuditError
from safe_ops.model.trail import AuditRow, Checkpoint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


class AuditCopy:
    """Files that together hold an audit, or a part of one; in the order of their rows."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = paths
        self.fault: Fault | None = None
        """What ended `rows` before its end: a line nobody can read, or a row that is two."""

    def first(self) -> AuditRow | None:
        """Return the row the copy begins with; None if it has none.

        Raises:
            AuditError: A file cannot be read.
        """
        return next((one for _at, one in self._lines() if isinstance(one, AuditRow)), None)

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Return all checkpoints; raises as `first` does."""
        return tuple(one for _at, one in self._lines() if isinstance(one, Checkpoint))

    def rows(self) -> Iterator[AuditRow]:
        """Yield each row once, as far as it can be told; raises as `first` does."""
        hashes: dict[int, str] = {}
        furthest = 0
        for at, one in self._lines():
            if isinstance(one, Checkpoint):
                continue
            if one is None:
                self.fault = Fault(number=furthest + 1, says=f"{at} is no line of an audit")
                return
            if one.number not in hashes:
                hashes[one.number] = one.hash
                furthest = one.number
                yield one
            elif hashes[one.number] != one.hash or not _is_whole(one):
                says = f"row {one.number} stands there again, and differs ({at})"
                self.fault = Fault(number=one.number, says=says)
                return

    def _lines(self) -> Iterator[tuple[str, AuditRow | Checkpoint | None]]:
        """Yield each line's place and what it says; None for what is no line of an audit."""
        for path in self._paths:
            try:
                with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
                    for number, line in enumerate(file, start=1):
                        said = _read(line)
                        # A crash leaves a last line unfinished; the next delivery replaces it.
                        if said is not None or line.endswith("\n"):
                            yield f"line {number} of {path.name}", said
            except OSError as error:
                raise AuditError(f"{path} cannot be read: {error.strerror}") from error


def _read(line: str) -> AuditRow | Checkpoint | None:
    try:
        return read_line(line)
    except AuditError:
        return None


def _is_whole(row: AuditRow) -> bool:
    return misfit_after([row], number=row.number - 1, row_hash=row.previous_hash) is None
