"""Credentials in the values of `Authorization` and `Cookie`, which are no single word.

The scheme and a cookie's attributes stay: they say what kind of trouble it was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.redaction.span import Span, Subject
from bot.domain.redaction.values import harmless, is_code, looks_random

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPENING = re.compile(r"\[{0,2}\s{0,40}(?:[\"'`]|\\{1,7}[\"']|%22|&quot;){0,2}\s{0,2}")
_SCHEME = re.compile(r"([A-Za-z][\w-]{1,24})(?:[ \t]{1,4}|%20|:[ \t]?)(?=[^\s=,;]{4})")
_CREDENTIAL = re.compile(r"[^\s,;\"'<>`\]})\u2039\u203a\\]+")
_SIGNED = re.compile(r"(?i)(?:aws4-|digest|oauth$|hawk|signature)")
_COOKIE = re.compile(r"([\w.%!#$&*+^|~-]{1,128})=([^\s;,\"'<>\]\u2039\u203a\\]*)")
_BETWEEN_COOKIES = re.compile(
    r"(?:[\"'\\]{0,4}\s{0,2}[;,]\s{0,40}[\"'\\]{0,4}(?:(?i:httponly|secure|partitioned))?)+"
)
_ATTRIBUTES = frozenset({"path", "domain", "expires", "max-age", "samesite", "version", "priority"})
_SHORTEST_COOKIE = 4
_LONGEST_WORD = 12


def is_header(name: str) -> bool:
    """Tell whether a key is a header whose value has a form of its own."""
    folded = name.lower()
    return folded.endswith(("authorization", "cookie", "cookies"))


def credentials(subject: Subject, name: str, at: int, since: int) -> Iterator[Span]:
    """Yield the credentials in such a header's value, which begins at `at`."""
    text = subject.text
    opening = _OPENING.match(text, at)
    start = at if opening is None else opening.end()
    if name.lower().endswith("authorization"):
        yield from _authorization(text, start, since)
    else:
        yield from _cookies(subject, start, since)


def _authorization(text: str, at: int, since: int) -> Iterator[Span]:
    scheme = _SCHEME.match(text, at)
    start = at if scheme is None else scheme.end()
    word = "" if scheme is None else scheme.group(1)
    if _SIGNED.match(word) is not None:
        # The rule for signatures takes the one part of it that is secret.
        return
    found = _CREDENTIAL.match(text, start)
    if found is None:
        return
    content = found.group()
    if harmless(content) or is_code(content):
        return
    basic = word.lower() == "basic"
    if not looks_random(content) and not (basic and content.endswith("=")):
        return
    yield Span(
        start=start,
        end=found.end(),
        kind="basic_auth" if basic else "bearer",
        since=since,
        open=found.end() == len(text),
    )


def _cookies(subject: Subject, at: int, since: int) -> Iterator[Span]:
    text, reached = subject.text, at
    found = _COOKIE.match(text, at)
    while found is not None:
        name, content = found.groups()
        start, end = found.span(2)
        if _is_secret(name, content):
            is_open = end == len(text)
            yield Span(start=start, end=end, kind="cookie", since=since, open=is_open)
        between = _BETWEEN_COOKIES.match(text, end)
        reached = end if between is None else between.end()
        found = None if between is None else _COOKIE.match(text, reached)
    subject.wholes.append((since, reached))


def _is_secret(name: str, content: str) -> bool:
    if len(content) < _SHORTEST_COOKIE or name.lower() in _ATTRIBUTES:
        return False
    return not harmless(content) and not (content.isalpha() and len(content) <= _LONGEST_WORD)
