"""Selectors and line filters of LogQL over pushed streams, as far as the lab's server needs them.

Written apart from the tool's own parser, so that a mistake there is not repeated here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MATCHER = re.compile(r'\s*(\w+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|`[^`]*`)\s*(,|$)')
_FILTER = re.compile(r'\s*(\|=|\|~|!=|!~)\s*("(?:[^"\\]|\\.)*"|`[^`]*`)')
_PARSER = re.compile(r"\s*\|\s*(?:json|logfmt|decolorize)\b(?!\s*=)")


class QueryError(Exception):
    """The query cannot be read; the text is Loki's sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """One stream's labels and entries: nanoseconds and line, in the order of pushing."""

    labels: dict[str, str]
    entries: list[tuple[int, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A query, taken apart."""

    matchers: tuple[tuple[str, str, str], ...]
    filters: tuple[tuple[str, str], ...]

    def has(self, stream: Stream) -> bool:
        """Whether the stream is one of the selector's."""
        return all(
            _holds(stream.labels.get(label, ""), sign, value)
            for label, sign, value in self.matchers
        )

    def passes(self, line: str) -> bool:
        """Whether a line passes every filter."""
        return all(_passes(line, sign, value) for sign, value in self.filters)


def read_query(query: str) -> Search:
    """The parts of a query; QueryError as Loki says it."""
    closing = _end_of_selector(query)
    matchers, rest = [], query[1:closing]
    while rest.strip():
        found = _MATCHER.match(rest)
        if found is None:
            raise _unexpected(query, 1)
        matchers.append((found[1], found[2], _text(found[3])))
        rest = rest[found.end() :]
    filters, at = [], closing + 1
    while query[at:].strip():
        parser = _PARSER.match(query, at)
        found = _FILTER.match(query, at)
        if found is not None:
            filters.append((found[1], _text(found[2])))
        stage = found or parser
        if stage is None:
            raise _unexpected(query, at)
        at = stage.end()
    if all(_holds("", sign, value) for _, sign, value in matchers):
        raise QueryError(
            "parse error : queries require at least one regexp or equality matcher that does not"
            ' have an empty-compatible value. For instance, app=~".*" does not meet this'
            ' requirement, but app=~".+" will'
        )
    return Search(matchers=tuple(matchers), filters=tuple(filters))


def _end_of_selector(query: str) -> int:
    found = re.match(r'\{(?:[^"`}]|"(?:[^"\\]|\\.)*"|`[^`]*`)*\}', query)
    if found is None:
        raise _unexpected(query, 0)
    return found.end() - 1


def _unexpected(query: str, at: int) -> QueryError:
    what = query[at : at + 1] or "$end"
    return QueryError(f"parse error at line 1, col {at + 1}: syntax error: unexpected {what}")


def _text(quoted: str) -> str:
    inside = quoted[1:-1]
    if quoted.startswith("`"):
        return inside
    return re.sub(r"\\(.)", lambda found: {"n": "\n", "t": "\t"}.get(found[1], found[1]), inside)


def _holds(actual: str, sign: str, value: str) -> bool:
    alike = actual == value if sign in {"=", "!="} else re.fullmatch(value, actual) is not None
    return alike is (sign in {"=", "=~"})


def _passes(line: str, sign: str, value: str) -> bool:
    alike = value in line if sign in {"|=", "!="} else re.search(value, line) is not None
    return alike is sign.startswith("|")
