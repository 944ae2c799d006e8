"""The audit as JSON lines in a file: a row stands there once, however many processes deliver it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.adapters.line_file import ForeignFileError, appending
from safe_ops.audit import line_of, read_line
from safe_ops.errors import AuditError
from safe_ops.model.trail import AuditRow

if TYPE_CHECKING:
    from pathlib import Path

    from bot.adapters.line_file import LineFile
    from safe_ops.model.trail import Checkpoint
    from safe_ops.ports.audit import AuditSink

_BEGINS: Final = b'{"number":'
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
            with appending(self._path, begins=_BEGINS) as file:
                lines = [line_of(row) for row in _lacking(file, rows)]
                lines += [line_of(checkpoint) for checkpoint in checkpoints]
                file.append(lines)
        except ForeignFileError as error:
            raise AuditError(
                "the file ends with a line that is none of the audit's: name another file under"
                " `audit` in nightdesk.yaml"
            ) from error
        except OSError as error:
            raise AuditError(
                f"the audit cannot be written ({error.strerror}): make room there, or name another"
                " file under `audit` in nightdesk.yaml"
            ) from error


def _lacking(file: LineFile, rows: tuple[AuditRow, ...]) -> tuple[AuditRow, ...]:
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


def _hashes_from(file: LineFile, number: int) -> dict[int, str]:
    """Return the hashes of the file's last rows by number, back to this number's."""
    found: dict[int, str] = {}
    for line in file.last_first():
        one = read_line(line.decode(errors="replace"))
        if isinstance(one, AuditRow):
            found.setdefault(one.number, one.hash)
            if one.number <= number:
                break
    return found


if TYPE_CHECKING:
    _keeps_its_promise: type[AuditSink] = AuditFile
