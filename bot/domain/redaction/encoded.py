"""Base64 with a secret in it, once or twice over, which is hidden as a whole.

What decodes to text is searched like text. What may be text but is too long to be decoded here is
hidden unread.
"""

from __future__ import annotations

import binascii
import re
from typing import TYPE_CHECKING

from bot.domain.redaction.span import LONGEST_SECRET_CHARS, Span, Subject, line_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SHORTEST_RUN = 24
"""Characters; 18 bytes are fewer than any token that tells what it is has."""
_NEEDLE = b"a" * _SHORTEST_RUN
_PADDING = 2
_LONG_CHARS = 1024
"""A longer run is not cut by a stream, for what it stands for depends on where it begins."""
_PARTS = re.compile(r"[A-Za-z0-9+]{24,}")
_WRAPPED_WIDTH = 60
"""Tools break base64 into lines of 64 or 76 characters; shorter lines stand for themselves."""
_MAY_BE_TEXT = re.compile(r".[A-Za-f]{5}")
"""Every fourth character of encoded ASCII; digests and names fail here, a byte order mark not."""
_TO_STANDARD = str.maketrans("-_", "+/")
_PRINTABLE = re.compile(r"[\x20-\x7e\t\n\r\x1b\u00a0-\ufffc]*")


def encoded(subject: Subject, start: int, holds_secret: Callable[[str], bool]) -> Iterator[Span]:
    """Yield runs of base64 whose content holds a secret, from a position on."""
    classes, text = subject.classes, subject.text
    at = classes.find(_NEEDLE, start)
    while at >= 0:
        stop = classes.find(b" ", at)
        stop = len(text) if stop < 0 else stop
        end = _wrapped_end(subject, at, stop) if stop - at >= _WRAPPED_WIDTH else stop
        if end > stop or end - at > _LONG_CHARS:
            subject.wholes.append((at, end))
        for _ in range(_PADDING):
            end += text.startswith("=", end)
        yield from _judged(text, at, end, holds_secret)
        at = classes.find(_NEEDLE, end)


def _wrapped_end(subject: Subject, at: int, stop: int) -> int:
    """Return the end of the last of the lines of equal width that this run begins."""
    text, classes, width, end = subject.text, subject.classes, stop - at, stop
    line = text.rfind("\n", max(at - _WRAPPED_WIDTH, 0), at) + 1
    prefix = text[line:at]
    if prefix.strip():
        return end
    while end - at < LONGEST_SECRET_CHARS and text.startswith("\n" + prefix, end):
        begin = end + 1 + len(prefix)
        following = classes.find(b" ", begin, begin + width + 1)
        following = min(begin + width + 1, len(text)) if following < 0 else following
        if following == begin or following - begin > width:
            break
        end = following
        if following - begin < width:
            break
    return end


def _judged(text: str, start: int, end: int, holds_secret: Callable[[str], bool]) -> Iterator[Span]:
    for low, high in _candidates(text, start, end):
        if high - low > LONGEST_SECRET_CHARS:
            stop = line_end(text, high)
            yield Span(start=low, end=stop, kind="unread", since=start, open=stop == len(text))
            return
        decoded = _decoded(text[low:high])
        if decoded is not None and holds_secret(decoded):
            is_open = high == len(text)
            yield Span(start=low, end=high, kind="base64", since=start, open=is_open)
            if (low, high) == (start, end):
                return


def _candidates(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the run, and its parts: a path or a name that touches it has the same characters."""
    if _MAY_BE_TEXT.match(text[start : start + _SHORTEST_RUN : 4]):
        yield start, end
    if end - start < _SHORTEST_RUN + 2:
        return
    for part in _PARTS.finditer(text, start, end):
        low, high = part.span()
        high = end if text.startswith("=", high) else high
        if (low, high) != (start, end) and _MAY_BE_TEXT.match(text[low : low + 24 : 4]):
            yield low, high


def _decoded(run: str) -> str | None:
    """Return the text a run stands for, None if it stands for none."""
    compact = run if run.isalnum() else "".join(run.split()).rstrip("=").translate(_TO_STANDARD)
    if len(compact) % 4 == 1:
        compact = compact[:-1]
    try:
        content = binascii.a2b_base64(compact + "=" * (-len(compact) % 4))
    except binascii.Error:
        return None
    # A run that was cut off may end within a character.
    decoded = content.decode("utf-8", "replace").removesuffix("\ufffd")
    return decoded if _PRINTABLE.fullmatch(decoded) is not None else None
