"""The audit as JSON lines in a file, appended and written through to the disk.

Several processes may append to one file: each looks under a lock how far it is, so that a row
stands there once. They have to see the same file: a directory of one machine, or a shared volume.
"""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, BinaryIO, Final

from safe_ops.audit import line_of, read_line
from safe_ops.errors import AuditError
from safe_ops.model.trail import AuditRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from safe_ops.model.trail import Checkpoint
    from safe_ops.ports.audit import AuditSink

BLOCK_BYTES: Final = 65_536
"""How much of the file's end is read at a time."""
_START: Final = b'{"number":'
"""What every line begins with."""


class AuditFile:
    """A safe_ops.ports.audit.AuditSink."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """Return `file:` and the path: another file starts with the first row."""
        return f"file:{self._path}"

    def deliver(self, rows: tuple[AuditRow, ...], checkpoints: tuple[Checkpoint, ...]) -> None:
        """Append a line for each that is not there yet.

        Raises:
            AuditError: They could not be written through to the disk, or do not go on from what
                the file has.
        """
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a+b") as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                _cut_torn_line(file)
                lines = [line_of(row) for row in self._lacking(file, rows)]
                lines += [line_of(checkpoint) for checkpoint in checkpoints]
                _append(file, lines)
        except OSError as error:
            raise AuditError(
                f"the audit cannot be written ({error.strerror}): make room there, or name another"
                " file under `audit` in nightdesk.yaml"
            ) from error

    def _lacking(self, file: BinaryIO, rows: tuple[AuditRow, ...]) -> tuple[AuditRow, ...]:
        """Return the rows the file has not, after comparing those it has."""
        if not rows:
            return ()
        before = rows[0].number - 1
        there = _hashes_from(file, before)
        if before > 0 and before not in there:
            raise AuditError(
                f"the file does not have row {before}, after which it was to go on: put the file"
                " back, give every process the same one, or name another under `audit` in"
                " nightdesk.yaml, which gets all rows"
            )
        expected = {before: rows[0].previous_hash} | {row.number: row.hash for row in rows}
        differing = [
            number for number in expected if there.get(number, expected[number]) != expected[number]
        ]
        if differing:
            raise AuditError(
                f"the file has another row {differing[0]} than the database: one of the two was"
                " changed or restored; see which with `nightdesk audit verify`, and name another"
                " file under `audit` in nightdesk.yaml"
            )
        return tuple(row for row in rows if row.number not in there)


def _append(file: BinaryIO, lines: list[str]) -> None:
    file.write("".join(f"{line}\n" for line in lines).encode())
    file.flush()
    os.fsync(file.fileno())


def _cut_torn_line(file: BinaryIO) -> None:
    """Remove a last line that a crash left unfinished: it was never told delivered."""
    end = file.seek(0, os.SEEK_END)
    torn = next(_lines_backwards(file), b"")
    if not torn:
        return
    if not torn.startswith(_START[: len(torn)]):
        raise AuditError(
            "the file ends with a line that is none of the audit's: name another file under"
            " `audit` in nightdesk.yaml"
        )
    file.truncate(end - len(torn))


def _hashes_from(file: BinaryIO, number: int) -> dict[int, str]:
    """Return the hashes of the file's last rows by number, back to this number's."""
    found: dict[int, str] = {}
    for line in _lines_backwards(file):
        one = read_line(line.decode(errors="replace")) if line else None
        if isinstance(one, AuditRow):
            found.setdefault(one.number, one.hash)
            if one.number <= number:
                break
    return found


def _lines_backwards(file: BinaryIO) -> Iterator[bytes]:
    """Yield lines from the last; the first of them is what stands after the last line's end."""
    rest, place = b"", file.seek(0, os.SEEK_END)
    while place > 0:
        size = min(BLOCK_BYTES, place)
        place -= size
        file.seek(place)
        rest, *whole = (file.read(size) + rest).split(b"\n")
        yield from reversed(whole)
    yield rest


if TYPE_CHECKING:
    _keeps_its_promise: type[AuditSink] = AuditFile
