"""Redaction of text that arrives in pieces, without a leak where two pieces meet.

What comes out, joined, is what redacting the joined input would have given. A few lines are held
back, and a key or a block until its end is seen; never more than `LONGEST_HELD_CHARS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.redaction.engine import UNREAD
from bot.domain.redaction.span import LONGEST_SECRET_CHARS, Span, line_end

if TYPE_CHECKING:
    from bot.domain.redaction.engine import Redactor

_HELD_LINES = 3
"""A name and its value stand at most this far apart."""
_HELD_CHARS = 49_152
"""Of a line that does not end: more than the longest run that is decoded."""
_CONTEXT_CHARS = 4096
"""Kept of what was let go, for rules that look to the left."""
LONGEST_HELD_CHARS = 524_288
"""What cannot be judged within so much text is withheld to the end of its line."""
_GROWTH = 8
"""Text is searched again once it has grown by this part, so that many small pieces cost no more
than a few times one large one."""


class StreamRedactor:
    """One stream of text on its way out; not to be shared."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._text = ""
        self._done = 0
        self._search_at = 0
        self._swallowing = False

    def feed(self, chunk: str) -> str:
        """Take the next piece, and return what may travel by now, perhaps nothing."""
        if self._swallowing:
            stop = line_end(chunk, 0)
            if stop == len(chunk):
                return ""
            self._swallowing = False
            chunk = chunk[stop:]
        self._text += chunk
        waiting = len(self._text) - self._done
        if waiting < self._search_at or ("\n" not in chunk and waiting < 2 * _HELD_CHARS):
            return ""
        released = self._release()
        waiting = len(self._text) - self._done
        self._search_at = waiting + waiting // _GROWTH
        return released

    def finish(self) -> str:
        """Return the rest; the stream begins anew."""
        spans = self._redactor.find(self._text, self._done)
        rest = self._covered(len(self._text), spans)
        self._text, self._done, self._search_at, self._swallowing = "", 0, 0, False
        return rest

    def _release(self) -> str:
        spans, wholes = self._redactor.search(self._text, self._done)
        endless = next((span for span in spans if self._is_endless(span)), None)
        if endless is not None:
            released = self._covered(endless.end, spans)
            self._text, self._done, self._swallowing = "", 0, True
            return released
        cut = self._cut(spans, wholes)
        if cut <= self._done and len(self._text) - self._done > LONGEST_HELD_CHARS:
            released = self._redactor.placeholder(UNREAD, self._text[self._done :])
            self._text, self._done, self._swallowing = "", 0, True
            return released
        released = self._covered(cut, spans)
        low = max(cut - _CONTEXT_CHARS, 0)
        self._text, self._done = self._text[low:], cut - low
        return released

    def _is_endless(self, span: Span) -> bool:
        """Tell whether a secret has run on for so long that its line is hidden with it."""
        return span.end == len(self._text) and span.end - span.start > LONGEST_SECRET_CHARS

    def _cut(self, spans: list[Span], wholes: list[tuple[int, int]]) -> int:
        """Return up to where nothing that may follow can change what was found."""
        text, cut = self._text, len(self._text)
        for _ in range(_HELD_LINES + 1):
            cut = max(text.rfind("\n", self._done, cut), self._done)
        cut = max(cut + 1 if cut > self._done else cut, len(text) - _HELD_CHARS, self._done)
        joined = [(span.since, span.end) for span in spans] + wholes
        for since, end in sorted(joined, key=lambda one: -one[0]):
            if since < cut and (end > cut or end >= len(text)):
                cut = max(since, self._done)
        return cut

    def _covered(self, cut: int, spans: list[Span]) -> str:
        """Return the text from what was let go up to the cut, with its secrets replaced."""
        return self._redactor.cover(self._text[:cut], [span for span in spans if span.end <= cut])[
            self._done :
        ]
