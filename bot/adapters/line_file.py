"""Files of JSON lines that several processes append to: each line whole, on the disk, there once.

Whoever appends has the file to itself meanwhile and sees what stands there, so that what is told
twice need not stand there twice. The processes have to see the same file: a directory of one
machine, or a shared volume. It must not know what a line means.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

BLOCK_BYTES: Final = 65_536
"""How much of the file's end is read at a time."""


class ForeignFileError(Exception):
    """The file ends with a line that is none of ours, which is left as it is."""


class LineFile:
    """One file while nobody else appends to it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def last_first(self) -> Iterator[bytes]:
        """Yield the lines from the last to the first, without their ends."""
        backwards = _pieces_backwards(self._file)
        next(backwards)
        return backwards

    def append(self, lines: Sequence[str]) -> None:
        """Add lines and have them written to the disk; none of them may contain a line's end.

        Raises:
            OSError: They may stand there in part; the next to come removes the torn one.
        """
        self._file.write("".join(f"{line}\n" for line in lines).encode())
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def appending(path: Path, *, begins: bytes) -> Iterator[LineFile]:
    """Give the file, made first if need be, with its last line whole.

    `begins` is what each of its lines begins with: a last line that a crash left unfinished is
    removed if it is one of ours. Nobody was told that it is kept.

    Raises:
        OSError: It cannot be made, read or written.
        ForeignFileError: It ends with something else.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        _cut_torn_line(file, begins)
        if is_new:
            _keep_name(path.parent)
        yield LineFile(file)


def _keep_name(directory: Path) -> None:
    """Have a new file's name written to the disk: its content alone would be lost with it."""
    opened = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _cut_torn_line(file: BinaryIO, begins: bytes) -> None:
    end = file.seek(0, os.SEEK_END)
    torn = next(_pieces_backwards(file))
    if not torn:
        return
    if not torn.startswith(begins[: len(torn)]):
        raise ForeignFileError
    file.truncate(end - len(torn))


def _pieces_backwards(file: BinaryIO) -> Iterator[bytes]:
    """Yield what stands after the last line's end, nothing in a whole file; then the lines."""
    rest, place = b"", file.seek(0, os.SEEK_END)
    while place > 0:
        size = min(BLOCK_BYTES, place)
        place -= size
        file.seek(place)
        rest, *whole = (file.read(size) + rest).split(b"\n")
        yield from reversed(whole)
    yield rest
