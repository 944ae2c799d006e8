"""Pieces of a query in any language: the tokens a pattern tells apart, and their places.

It must not know a language: which characters are none of it, and what to say then, is the caller's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import re
    from collections.abc import Callable

SPACE = "space"
"""The pattern's group of blanks and comments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A piece of a query; blanks and comments are none."""

    kind: str
    """The pattern's group that matched, such as `string`, `word` or `sign`."""
    text: str
    start: int
    """Index of its first character."""


def split(
    query: str, pattern: re.Pattern[str], *, unknown: Callable[[str, int], Exception]
) -> tuple[Token, ...]:
    """Return the tokens of a query.

    Raises:
        Exception: What `unknown` returns for the query and the first place the pattern fits not.
    """
    tokens: list[Token] = []
    index = 0
    while index < len(query):
        found = pattern.match(query, index)
        if found is None:
            raise unknown(query, index)
        kind = str(found.lastgroup)
        if kind != SPACE:
            tokens.append(Token(kind=kind, text=found.group(), start=index))
        index = found.end()
    return tuple(tokens)


def where(query: str, index: int) -> str:
    """Return the place of a character, for people who count from one."""
    if "\n" not in query:
        return f"character {index + 1}"
    line = query.count("\n", 0, index) + 1
    return f"line {line}, character {index - query.rfind(chr(10), 0, index)}"
