"""Values behind telling keys, in any of the spellings in which text pairs the two.

JSON, YAML, environment, logfmt, query strings, properties, XML, and the ways Go, Java, Python and
Ruby print a structure: all are a name, perhaps a quote, a separator, a value.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.redaction.headers import credentials, is_header
from bot.domain.redaction.keys import Telling, tells
from bot.domain.redaction.quoting import (
    Value,
    bare_at,
    element_at,
    parameter_at,
    quoted_at,
    rest_at,
    word_at,
)
from bot.domain.redaction.span import LONGEST_SECRET_CHARS, Span, Subject
from bot.domain.redaction.values import (
    harmless,
    is_code,
    is_object_name,
    is_prose,
    looks_random,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_KEY_CHARS = 64
"""A longer name is not read further to the left."""
_BEGINNING_CHARS = 120
"""Blanks and words such as `export` before a name that begins a line."""

_ASSIGNMENT = re.compile(
    r"(?:pass|pwd|pswd|kennwort|psk|secret|token|key|cred|auth|cookie|jwt|otp|dockerc|id_rsa|id_ed25519)"
    r"[\w.\-]{0,60}+"
    r"(?P<close>(?:\\{0,7}[\"'`]|%22|%27|&quot;|\\u0022)?+\]?+)"
    r"(?::\s?(?:str|string|bytes|secretstr)(?=\s?=))?"
    r"[ \t]{0,20}+"
    r"(?P<sep>=>|:=|={1,3}|!=|:(?![:/])|%3[ad]|\\u003[ad]|>|(?:is|was)(?= )(?: now)?:?)"
    r"(?:[ \t]|%20|\+(?=%22)){0,20}+"
)
_NAME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.")
_BEGINNING = re.compile(
    r"[ \t]*(?:- |[+-] ?|export |set |declare -x |env |ENV |ARG |\$env:|#+ ?|// ?)?[\"'\\$]{0,3}"
)
_ENVIRONMENT = re.compile(r"[A-Z][A-Z0-9_]*")
_BLOCK = re.compile(r"[|>][+-]?\d?[ \t]*(?:#[^\n]*)?\r?\n")
_LIST_ITEM_END = re.compile(r"[\s,]*")
_NESTED = frozenset("{(")
_LIST_ITEMS = 200
_SHORTEST_SAID = 8


def assignments(subject: Subject, start: int) -> Iterator[Span]:
    """Yield the values of telling keys, from a position on."""
    at = start
    while True:
        match = _ASSIGNMENT.search(subject.folded, at)
        if match is None:
            return
        at = match.end()
        for span in _Pair(subject, match, start).spans():
            yield span
            at = max(at, span.end)


class _Pair:
    """One name with its separator, about to be judged."""

    def __init__(self, subject: Subject, match: re.Match[str], floor: int) -> None:
        text = subject.text
        low, begin = max(match.start() - _KEY_CHARS, floor), match.start()
        while begin > low and text[begin - 1] in _NAME_CHARS:
            begin -= 1
        self.subject = subject
        self.text = text
        self.begin = begin
        self.name = text[begin : match.start("close")]
        self.at = match.end()
        self.close = match.group("close")
        self.sep = match.group("sep")
        self.tight = match.end() == match.end("sep")
        self.before = text[begin - 1] if begin else "\n"

    def spans(self) -> Iterator[Span]:
        if self.sep == ">" and self.before not in "<:/":
            return
        if is_header(self.name):
            yield from credentials(self.subject, self.name, self.at, self.begin)
            return
        telling = tells(self.name.strip("-."))
        if telling is None or self._is_reference(telling):
            return
        if self.sep[0] in "iw":
            yield from self._said(telling)
            return
        opening = self.text[self.at : self.at + 1]
        if opening == "[":
            yield from self._listed(telling)
        elif not opening or (opening in _NESTED and not self._is_bare_secret()):
            return
        else:
            yield from self._single(telling)

    def _said(self, telling: Telling) -> Iterator[Span]:
        """Yield what a sentence says that a secret is, where it can be nothing else."""
        value = quoted_at(self.text, self.at) or bare_at(self.text, self.at)
        content = value.text.strip("*_")
        shortest = _SHORTEST_SAID if telling.kind == "password" else 2 * _SHORTEST_SAID
        if len(content) < shortest or not looks_random(content) or is_object_name(content):
            return
        if not harmless(content) and not is_code(content):
            yield self._span(telling, value)

    def _is_reference(self, telling: Telling) -> bool:
        """Tell whether the colon only joins parts of a name, or a checksum follows."""
        if self.text.endswith("checksum/", 0, self.begin):
            return True
        if self.sep != ":" or not self.tight or self.close:
            return False
        return self.before == "/" or (self.before == ":" and not telling.strict)

    def _is_bare_secret(self) -> bool:
        following = self.text[self.at + 1 : self.at + 2]
        return "=" in self.sep and self.tight and following not in {"", *" \t\n\"'{[(\\"}

    def _single(self, telling: Telling) -> Iterator[Span]:
        block = _BLOCK.match(self.text, self.at) if self.sep == ":" else None
        value = self._value(telling) if block is None else self._block(block.end())
        if value.end > value.start and self._is_secret(telling, value):
            yield self._span(telling, value)

    def _span(self, telling: Telling, value: Value) -> Span:
        return Span(
            start=value.start,
            end=value.end,
            kind=telling.kind,
            since=self.begin,
            open=value.open,
        )

    def _value(self, telling: Telling) -> Value:
        quoted = quoted_at(self.text, self.at)
        if quoted is not None:
            return quoted
        if self.sep == ">":
            return element_at(self.text, self.at)
        if self.before in "?&" or self.sep.startswith("%"):
            return parameter_at(self.text, self.at)
        if self._begins_line():
            if self.sep == ":" and telling.strict and not self.tight:
                return rest_at(self.text, self.at)
            if self.sep == "=" and _ENVIRONMENT.fullmatch(self.name):
                return word_at(self.text, self.at)
        return bare_at(self.text, self.at)

    def _begins_line(self) -> bool:
        low = max(self.begin - _BEGINNING_CHARS, 0)
        line = self.text.rfind("\n", low, self.begin) + 1
        if line == 0 and low > 0:
            return False
        return _BEGINNING.fullmatch(self.text, line, self.begin) is not None

    def _block(self, at: int) -> Value:
        """Return the lines of a YAML block: those indented further than the key."""
        line = self.text.rfind("\n", 0, self.begin) + 1
        indent = _indent(self.text, line)
        end = at
        while end < len(self.text) and end - at < LONGEST_SECRET_CHARS:
            stop = self.text.find("\n", end)
            stop = len(self.text) if stop < 0 else stop
            if self.text[end:stop].strip() and _indent(self.text, end) <= indent:
                break
            end = min(stop + 1, len(self.text))
        content = self.text[at:end]
        start = at + len(content) - len(content.lstrip())
        stop = at + len(content.rstrip())
        return Value(
            start=start,
            end=max(start, stop),
            text=self.text[start:stop],
            quoted=True,
            open=end >= len(self.text),
        )

    def _listed(self, telling: Telling) -> Iterator[Span]:
        """Yield the items of a list, and a value that Go prints in brackets."""
        at = self.at + 1
        for _ in range(_LIST_ITEMS):
            blanks = _LIST_ITEM_END.match(self.text, at)
            at = at if blanks is None else blanks.end()
            value = quoted_at(self.text, at)
            if value is None:
                break
            if value.text and self._is_secret(telling, value):
                yield self._span(telling, value)
            at = value.end + 1
        self.subject.wholes.append((self.begin, at))
        if at == self.at + 1:
            value = bare_at(self.text, at)
            if value.end > value.start and self._is_secret(telling, value):
                yield self._span(telling, value)

    def _is_secret(self, telling: Telling, value: Value) -> bool:
        content = value.text
        if harmless(content):
            return False
        if telling.may_name and is_object_name(content):
            return False
        if not value.quoted:
            first, _, rest = content.partition(" ")
            if is_code(first) or (self.sep == ":" and self._is_sentence(first, rest, value)):
                return False
        too_long = len(content) > LONGEST_SECRET_CHARS
        return telling.strict or too_long or looks_random(content)

    def _is_sentence(self, first: str, rest: str, value: Value) -> bool:
        if self.tight:
            return False
        return is_prose(first, rest or self.text[value.end : value.end + 40])


def _indent(text: str, line: int) -> int:
    at = line
    while at < len(text) and text[at] in " \t":
        at += 1
    return at - line
