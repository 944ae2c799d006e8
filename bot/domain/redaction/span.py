"""Where in a text a secret stands, and how the findings of many rules become one."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot.domain.redaction.placeholder import PLACEHOLDER, PLACEHOLDER_BEGINS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

LONGEST_SECRET_CHARS = 32_768
"""What runs on for longer is hidden to the end of its line: nobody reads it, and a stream must
not have to wait for its end. Larger than any key, token or session cookie in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A part of a text that is a secret."""

    start: int
    end: int
    """Index after the last character."""
    kind: str
    since: int
    """Where begins what made it one, such as the key before the value; at most `start`."""
    identity: str = ""
    """What is hashed; empty for the covered text itself."""
    open: bool = False
    """The text ended before it did: with more text it might be longer."""


@dataclass(slots=True)
class Subject:
    """A text under search, with the forms of it that rules share."""

    text: str
    folded: str
    """The same in lower case; every character keeps its place."""
    classes: bytes | bytearray
    """One byte for each character: `a` where it may be part of base64, a blank elsewhere."""
    placeholders: tuple[tuple[int, int], ...]
    wholes: list[tuple[int, int]] = field(default_factory=list)
    """What was judged as one, from where to where, though it may hold no secret; a stream must
    not be cut within. One that reaches the text's end is undecided."""

    def blank(self, spans: list[Span]) -> None:
        """Take what these spans cover out of the runs of base64."""
        if not spans:
            return
        classes = bytearray(self.classes)
        for span in spans:
            classes[span.start : span.end] = b" " * (span.end - span.start)
        self.classes = classes


# All bytes that base64 and its form for addresses are written with, except the padding.
_RUN_BYTES = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_CLASSES = bytes(ord("a") if code in _RUN_BYTES else ord(" ") for code in range(256))


def subject_of(text: str) -> Subject:
    """Return the text with its shared forms; placeholders in it are made unreadable to rules."""
    placeholders: tuple[tuple[int, int], ...] = ()
    if PLACEHOLDER_BEGINS in text:
        placeholders = tuple(found.span() for found in PLACEHOLDER.finditer(text))
        text = PLACEHOLDER.sub(_unreadable, text)
    # U+0130 is the one character whose lower case is two.
    folded = (text if text.isascii() else text.replace("\u0130", "i")).lower()
    return Subject(
        text=text,
        folded=folded,
        classes=text.encode("latin-1", "replace").translate(_CLASSES),
        placeholders=placeholders,
    )


def _unreadable(found: re.Match[str]) -> str:
    return PLACEHOLDER_BEGINS[0] * len(found.group())


def merged(spans: Iterable[Span], subject: Subject) -> list[Span]:
    """Return the spans in order, none overlapping, with existing placeholders left out."""
    result: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.start, -one.end)):
        found = _bounded(span, subject.text)
        if result and found.start < result[-1].end:
            result[-1] = _union(result[-1], found)
        else:
            result.append(found)
    if not subject.placeholders:
        return result
    return [piece for span in result for piece in _around(span, subject.placeholders)]


def _bounded(span: Span, text: str) -> Span:
    if span.end - span.start <= LONGEST_SECRET_CHARS:
        return span
    stop = text.find("\n", span.end)
    end = len(text) if stop < 0 else stop
    return Span(start=span.start, end=end, kind=span.kind, since=span.since, open=stop < 0)


def _union(first: Span, second: Span) -> Span:
    """Return one span over both; the longer of the two gives its name."""
    same = (first.start, first.end) == (second.start, second.end)
    longer = second if same or second.end - second.start > first.end - first.start else first
    end = max(first.end, second.end)
    covers = (longer.start, longer.end) == (first.start, end)
    return Span(
        start=first.start,
        end=end,
        kind=longer.kind,
        since=min(first.since, second.since),
        identity=longer.identity if covers else "",
        open=first.open or second.open,
    )


def _around(span: Span, placeholders: tuple[tuple[int, int], ...]) -> Iterator[Span]:
    start = span.start
    for at in range(bisect_left(placeholders, (span.start,)), len(placeholders)):
        low, high = placeholders[at]
        if low >= span.end:
            break
        if low > start:
            yield _part(span, start, low)
        start = high
    if start < span.end:
        yield span if start == span.start else _part(span, start, span.end)


def _part(span: Span, start: int, end: int) -> Span:
    return Span(
        start=start, end=end, kind=span.kind, since=span.since, open=span.open and end == span.end
    )


def replaced(text: str, spans: list[Span], marks: Iterable[str]) -> str:
    """Return the text with each span replaced by its mark."""
    pieces: list[str] = []
    at = 0
    for span, mark in zip(spans, marks, strict=True):
        pieces += (text[at : span.start], mark)
        at = span.end
    pieces.append(text[at:])
    return "".join(pieces)


_LINE_END = re.compile(r"[\r\n]")


def line_end(text: str, at: int) -> int:
    """Return the index of the line's end at or after a position."""
    found = _LINE_END.search(text, at)
    return len(text) if found is None else found.start()
