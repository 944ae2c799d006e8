"""Where a value ends: within its quotes, or before what separates it from its neighbours.

Nothing is read twice over a long distance: a bare value is first read as far as a harmless one
may reach, and further only when that makes it a secret for certain.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.domain.redaction.span import LONGEST_SECRET_CHARS, line_end
from bot.domain.redaction.values import LONGEST_HARMLESS_CHARS

_OPENING = re.compile(r"[bBrRuUfF@$]?(\\{0,7}[\"'`]|%22|%27|&quot;|\\u0022)")
_INSIDE = {
    '"': re.compile(r"(?:[^\"\\\r\n]|\\[^\r\n])*+"),
    "'": re.compile(r"(?:[^'\\\r\n]|\\[^\r\n]|'')*+"),
    "`": re.compile(r"[^`\r\n]*+"),
}
_ENCODED_END = re.compile(r"%2[267]|&quot;|\\u00(?:22|26)|[\s\"'&<>]")
_WORD = r"[^\s\u2039\u203a]"
_PARAMETER = r"[^\s\"'<>`&#\u2039\u203a\\]"
# What follows a bare value: another field, an escape, the end of what encloses both.
_STOP = re.compile(
    r"[,;&](?=$|[\w.%\-\"'\[{]{1,60}[=:])|&amp;|\\u00(?:26|22|3e)|\\{1,7}[\"'nrt]|%2[26]"
    r"|[\"'`](?=$|[,;:)\]}>&|\\])|</|[)\]}]{1,8}[,;)\]}]{0,8}$|[,;]$"
)


def _reach(character: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    return re.compile(f"{character}{{0,{LONGEST_HARMLESS_CHARS + 1}}}+"), re.compile(
        f"{character}*+"
    )


_REACH = {kind: _reach(kind) for kind in (_WORD, _PARAMETER)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One value and where it stands."""

    start: int
    end: int
    text: str
    quoted: bool
    open: bool = False
    """The text ended before the value did."""


def quoted_at(text: str, at: int) -> Value | None:
    """Return the quoted value that begins here, without its quotes; None if none does."""
    opening = _OPENING.match(text, at)
    if opening is None:
        return None
    quote, start = opening.group(1), opening.end()
    inside = _INSIDE.get(quote)
    if inside is not None:
        found = inside.match(text, start)
        end = start if found is None else found.end()
    elif quote[0] == "\\" and quote[-1] in "\"'`":
        end = _escaped_end(text, start, quote)
    else:
        closing = _ENCODED_END.search(text, start)
        end = len(text) if closing is None else closing.start()
    return Value(start=start, end=end, text=text[start:end], quoted=True, open=end == len(text))


def _escaped_end(text: str, start: int, quote: str) -> int:
    """Return where a value ends whose quotes are escaped, at the latest with its line."""
    limit = start + LONGEST_SECRET_CHARS
    at = text.find(quote, start, limit)
    while at > start and text[at - 1] == "\\":
        at = text.find(quote, at + 1, limit)
    if at < 0:
        # The string around it ended first, or the line did.
        stop = line_end(text, start)
        outer = text.find(quote[-1], start, stop)
        return stop if outer < 0 else outer
    newline = text.find("\n", start, at)
    return at if newline < 0 else newline


def bare_at(text: str, at: int) -> Value:
    """Return the value without quotes that begins here, up to what separates it."""
    near, far = _REACH[_WORD]
    end = _end(near, text, at)
    stop = _STOP.search(text[at:end])
    if stop is None and end - at > LONGEST_HARMLESS_CHARS:
        end = _end(far, text, at)
        stop = _STOP.search(text[at:end])
    if stop is not None:
        end = at + stop.start()
    return Value(start=at, end=end, text=text[at:end], quoted=False, open=end == len(text))


def word_at(text: str, at: int) -> Value:
    """Return everything up to the next blank, quotes and separators included."""
    return _run(_WORD, text, at)


def parameter_at(text: str, at: int) -> Value:
    """Return the value of a parameter of an address."""
    return _run(_PARAMETER, text, at)


def _run(character: str, text: str, at: int) -> Value:
    near, far = _REACH[character]
    end = _end(near, text, at)
    if end - at > LONGEST_HARMLESS_CHARS:
        end = _end(far, text, at)
    return Value(start=at, end=end, text=text[at:end], quoted=False, open=end == len(text))


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return at if found is None else found.end()


def rest_at(text: str, at: int) -> Value:
    """Return the rest of the line without the blanks at its end."""
    stop = line_end(text, at)
    content = text[at:stop].rstrip()
    end = at + len(content)
    return Value(start=at, end=end, text=content, quoted=False, open=stop == len(text))


def element_at(text: str, at: int) -> Value:
    """Return the text of an XML element, up to its closing tag; empty if it is none."""
    limit = at + LONGEST_SECRET_CHARS // 8
    stop = text.find("<", at, limit)
    if stop < 0:
        # The text was cut before the closing tag.
        return bare_at(text, at)
    end = stop if text.startswith("</", stop) else at
    return Value(start=at, end=end, text=text[at:end], quoted=True)
