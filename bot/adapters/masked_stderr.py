"""Standard error without secrets, for what does not come through the log.

An uncaught exception's trace, of whichever thread, and what libraries print arrive here in pieces
that mean nothing alone. Log lines are masked before and go round it. What native code writes to the
descriptor is out of its reach.
"""

from __future__ import annotations

import io
from threading import RLock
from typing import TYPE_CHECKING, TextIO

from bot.domain.redaction.stream import StreamRedactor

if TYPE_CHECKING:
    from bot.domain.redaction.engine import Redactor


class MaskedStderr(io.TextIOBase):
    """A text stream that redacts on the way to another; safe to share between threads.

    The last lines are held back until it is flushed, as Python does after a trace and at the end.
    """

    def __init__(self, under: TextIO, redactor: Redactor) -> None:
        self._under = under
        self._stream = StreamRedactor(redactor)
        # A signal may come while the same thread writes.
        self._lock = RLock()

    def write(self, text: str) -> int:
        """Take the next piece; return its length."""
        with self._lock:
            self._under.write(self._stream.feed(text))
        return len(text)

    def flush(self) -> None:
        """Write what was held back."""
        with self._lock:
            self._under.write(self._stream.finish())
            self._under.flush()

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Tell whether a terminal reads."""
        return self._under.isatty()

    def fileno(self) -> int:
        """Return the descriptor underneath."""
        return self._under.fileno()
