"""Names and values in fields of their own: `name: DB_PASSWORD` with `value: …` beside it.

Kubernetes, ECS, CloudFormation and XML configuration write variables so.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.redaction.keys import Telling, tells
from bot.domain.redaction.quoting import Value, bare_at, quoted_at, rest_at
from bot.domain.redaction.span import Span, Subject
from bot.domain.redaction.values import harmless, is_code, is_object_name, looks_random

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIELD = "value"
_QUOTE = r"(?:\\{0,7}[\"'])?+"
_ASSIGN = rf"{_QUOTE}[ ]{{0,4}}[:=][ ]{{0,4}}"
_TURN = r"[,;]?(?:[ \t]{0,60}\r?\n){0,2}[ \t]{0,60}"
_BEFORE_CHARS = 400
"""From a name to the value beside it."""
_NAME_BEFORE = re.compile(
    rf"(?:name|key){_ASSIGN}{_QUOTE}(?P<name>[\w.\-]{{1,100}}){_QUOTE}{_TURN}"
    rf"{_QUOTE}(?:parameter|_)?\Z"
)
_VALUE = re.compile(rf"{_FIELD}{_ASSIGN}")
_NAME_AFTER = re.compile(
    rf"\\{{0,7}}\",{_TURN}{_QUOTE}(?:name|key){_ASSIGN}{_QUOTE}(?P<name>[\w.\-]{{1,100}})"
)


def pairs(subject: Subject, start: int) -> Iterator[Span]:
    """Yield the values of telling names, from a position on."""
    folded = subject.folded
    at = folded.find(_FIELD, start)
    while at >= 0:
        found = _VALUE.match(folded, at)
        span = None if found is None else _pair(subject, at, found.end(), start)
        if span is not None:
            yield span
        following = at + len(_FIELD)
        at = folded.find(_FIELD, following if span is None else max(span.end, following))


def _pair(subject: Subject, field: int, at: int, floor: int) -> Span | None:
    """Return the value of the field that begins at `field`, if the name beside it tells."""
    text = subject.text
    low = max(field - _BEFORE_CHARS, floor)
    before = _NAME_BEFORE.search(subject.folded[low:field])
    if before is not None:
        since, until = low + before.start(), low + before.end("name")
        telling = tells(text[low + before.start("name") : until])
        alone = ":" in text[until:at] and "\n" in text[since:at]
        value = quoted_at(text, at) or (rest_at(text, at) if alone else bare_at(text, at))
    else:
        quoted = quoted_at(text, at)
        after = None if quoted is None else _NAME_AFTER.match(subject.folded, quoted.end)
        if quoted is None or after is None:
            return None
        since, value = field, quoted
        telling = tells(text[after.start("name") : after.end("name")])
    if telling is None or value.end <= value.start or not _is_secret(telling, value):
        return None
    return Span(start=value.start, end=value.end, kind=telling.kind, since=since, open=value.open)


def _is_secret(telling: Telling, value: Value) -> bool:
    if harmless(value.text) or (not value.quoted and is_code(value.text)):
        return False
    if telling.may_name and is_object_name(value.text):
        return False
    return telling.strict or looks_random(value.text)
