"""PromQL as people type it in a conversation, and as an observation's query is written.

Without the word `promql` before it, a message counts as a query only if no sentence could look
like it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.errors import ToolError
from bot.tools.promql.durations import MINUTE_S, spelled
from bot.tools.promql.functions import AGGREGATIONS, FUNCTIONS, LOW_CARDINALITY
from bot.tools.promql.lexical import MAX_QUERY_CHARS, tokens_of
from bot.tools.promql.syntax import parsed

if TYPE_CHECKING:
    from bot.tools.tokens import Token

PREFIX = "promql"

_LANGUAGE = re.compile(r"[a-z]{2,10}\n")
_PREFIXED = re.compile(rf"{PREFIX}[ \t\n]+", re.IGNORECASE)
_FLAG = re.compile(r"--(?:(?P<compare>compare)|last=(?P<last>\S+))(?:\s+|$)")
_LAST = re.compile(r"(\d{1,6})([smhdw])")
_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True, kw_only=True)
class TypedQuery:
    """A query with the window its flags name."""

    query: str
    minutes: int | None = None
    compare: bool = False


def is_promql(text: str) -> bool:
    """Tell whether a message is a typed query, not a sentence."""
    bare = without_marks(text)
    if len(bare) > 2 * MAX_QUERY_CHARS:
        return False
    prefix = _PREFIXED.match(bare)
    rest = bare[prefix.end() :] if prefix else bare
    query = _FLAG.sub("", rest)
    if prefix is not None and (_FLAG.match(rest) or re.search(r"[{\[(]", query)):
        # With brackets or flags it is a query, if perhaps a wrong one: the answer says where.
        return True
    try:
        parsed(query)
        tokens = tokens_of(query)
    except ToolError:
        return False
    if prefix is not None:
        return any(_is_metric(token) for token in tokens)
    return _has_matchers(tokens) or _calls_with_metric(tokens)


def read_typed(text: str) -> TypedQuery:
    """Return the query of a message that `is_promql`.

    Flags before the query: `--last=6h` evaluates it over a window, `--compare` adds the day and
    the week before.

    Raises:
        ToolError: A flag's value is no length of time.
    """
    bare = without_marks(text)
    prefix = _PREFIXED.match(bare)
    if prefix is None:
        return TypedQuery(query=bare)
    rest, minutes, compare = bare[prefix.end() :], None, False
    while (flag := _FLAG.match(rest)) is not None:
        compare = compare or flag["compare"] is not None
        minutes = minutes if flag["last"] is None else minutes_of(flag["last"])
        rest = rest[flag.end() :]
    return TypedQuery(query=rest.strip(), minutes=minutes, compare=compare)


def written(query: TypedQuery) -> str:
    """Return the line that asks for it again."""
    last = f"--last={spelled(query.minutes * MINUTE_S)} " if query.minutes else ""
    compare = "--compare " if query.compare else ""
    return f"{PREFIX} {last}{compare}{query.query}"


def without_marks(text: str) -> str:
    """Return a message without its code marks."""
    bare = text.strip()
    for mark in ("```", "`"):
        if len(bare) > 2 * len(mark) and bare.startswith(mark) and bare.endswith(mark):
            inside = bare[len(mark) : -len(mark)]
            language = _LANGUAGE.match(inside)
            return (inside[language.end() :] if language else inside).strip()
    return bare


def minutes_of(length: str) -> int:
    """Return the minutes of a length such as `1h30m`; ToolError when it is none."""
    parts = _LAST.findall(length)
    if not parts or "".join(number + unit for number, unit in parts) != length:
        raise ToolError(f"--last={length[:20]} is no length of time; write --last=60m or --last=1d")
    total_s = sum(int(number) * _UNITS_S[unit] for number, unit in parts)
    return max(1, -(-total_s // MINUTE_S))


def _is_metric(token: Token) -> bool:
    is_name = "_" in token.text or ":" in token.text or token.text in LOW_CARDINALITY
    return token.kind == "word" and is_name


def _has_matchers(tokens: tuple[Token, ...]) -> bool:
    """Tell whether there is `{name=…` or a range, which prose does not have."""
    return any(
        token.kind == "sign" and token.text in {"{", "["} and tokens[place - 1].kind != "sign"
        for place, token in enumerate(tokens)
        if place
    )


def _calls_with_metric(tokens: tuple[Token, ...]) -> bool:
    called = tokens[0].kind == "word" and tokens[0].text.casefold() in FUNCTIONS | AGGREGATIONS
    return called and any(_is_metric(token) for token in tokens[1:])
