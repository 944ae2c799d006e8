"""What is refused of a query before any parser sees it: too long, too deep, not even tokens.

The parser this package uses crashes its process on deep nesting, takes quadratic time on long
sums, and panics on numbers no duration can hold (promql-parser 0.11). Whatever passes here is
small and balanced, and its durations are plain. Rules PL, P9.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.tools.refusal import quoted, refuse
from bot.tools.tokens import SPACE, split, where

if TYPE_CHECKING:
    from bot.domain.errors import ToolError
    from bot.tools.tokens import Token

MAX_QUERY_CHARS = 2_000
MAX_DEPTH = 20
"""Of brackets of any kind; the parser overflows its stack near ten thousand."""
MAX_OPERATORS = 40
"""Unary ones included; parsing takes quadratic time in them."""

_DURATION = r"(?:\d{1,9}(?:ms|[smhdwy]))+"
_NUMBER = r"(?:0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)"
_TOKEN = re.compile(
    rf"""(?P<space>\s+|\#[^\n]*)
      |(?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`]*`)
      |(?P<duration>{_DURATION}(?![\w.]))
      |(?P<number>{_NUMBER}(?![\w.]))
      |(?P<word>[a-zA-Z_:][a-zA-Z0-9_:]*)
      |(?P<sign>==|!=|>=|<=|=~|!~|[-+*/%^<>=@,:()\[\]{{}}])
    """,
    re.VERBOSE | re.ASCII,
)
_WORD_OPERATORS = frozenset({"and", "or", "unless", "atan2"})
_OPERATORS = frozenset({"+", "-", "*", "/", "%", "^", "==", "!=", ">", "<", ">=", "<="})
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
# What may stand between square brackets; bare numbers are seconds in Prometheus 3.
_SPAN = re.compile(
    rf"\s*(?:{_DURATION}|\d{{1,9}})\s*(?::\s*(?:(?:{_DURATION}|\d{{1,9}})\s*)?)?", re.ASCII
)
_MAX_NUMBER_CHARS = 24
_GRAFANA = re.compile(r"\$(?:\w+|\{[^}]*\})")


def tokens_of(query: str) -> tuple[Token, ...]:
    """Return the tokens of a query that is safe to parse.

    Raises:
        ToolError: Rule PL or P9, with the place of what is wrong.
    """
    if len(query) > MAX_QUERY_CHARS:
        raise refuse(
            "PL",
            f"the query has {len(query):,} characters, {MAX_QUERY_CHARS:,} are allowed",
            "one question per query: fewer alternatives, shorter matchers",
        )
    tokens = split(query, _TOKEN, unknown=_unknown)
    if not tokens:
        raise refuse("P9", "the query is empty", 'up{job="…"}')
    _check_brackets(query, tokens)
    _check_numbers(query, tokens)
    return tokens


def one_line(query: str) -> str:
    """Return a query that passed without its comments, every stretch of blanks one blank."""
    parts: list[str] = []
    for found in _TOKEN.finditer(query):
        if found.lastgroup != SPACE:
            parts.append(found.group())
        elif parts and parts[-1] != " ":
            parts.append(" ")
    return "".join(parts).strip()


def _unknown(query: str, index: int) -> ToolError:
    place = where(query, index)
    variable = _GRAFANA.match(query, index)
    if variable is not None:
        return refuse(
            "P9",
            f"{quoted(variable.group())} at {place} is a dashboard's variable, no PromQL",
            "write the value itself, such as [5m]",
        )
    sign = query[index]
    if sign in "\"'`":
        return refuse("P9", f"the text that starts at {place} is not closed", f"{sign}…{sign}")
    if sign.isdigit() or sign == ".":
        word = quoted(re.split(r"[^\w.]", query[index:], maxsplit=1)[0])
        return refuse(
            "P9", f"{word} at {place} is neither a number nor a duration", "5m, 1h30m, 0.5"
        )
    return refuse(
        "P9",
        f"{quoted(sign)} at {place} is no part of PromQL",
        'METRIC{label="value"}, with any text in quotes',
    )


def _check_brackets(query: str, tokens: tuple[Token, ...]) -> None:
    open_: list[Token] = []
    operators = 0
    for token in tokens:
        is_sign = token.kind == "sign"
        if is_sign and token.text in _CLOSED_BY:
            open_.append(token)
            if len(open_) > MAX_DEPTH:
                raise refuse(
                    "PL",
                    f"brackets nest deeper than {MAX_DEPTH} at {where(query, token.start)}",
                    "fewer brackets, or one query for each part",
                )
        elif is_sign and token.text in ")]}" and not _closes(token, open_):
            raise refuse(
                "P9",
                f"{quoted(token.text)} at {where(query, token.start)} closes nothing",
                "as many closing brackets as opening ones",
            )
        operators += _is_operator(token, inside=open_)
        if operators > MAX_OPERATORS:
            raise refuse(
                "PL",
                f"more than {MAX_OPERATORS} operators, from {where(query, token.start)} on",
                'one regular expression instead of many alternatives: METRIC{pod=~"a|b|c"}',
            )
    if open_:
        left = open_[-1]
        raise refuse(
            "P9",
            f"{quoted(left.text)} at {where(query, left.start)} is not closed",
            f"{left.text}…{_CLOSED_BY[left.text]}",
        )


def _closes(token: Token, open_: list[Token]) -> bool:
    """Take the bracket this one closes off the list; False if it closes none."""
    return bool(open_) and _CLOSED_BY[open_.pop().text] == token.text


def _is_operator(token: Token, *, inside: list[Token]) -> bool:
    if token.kind == "word":
        return token.text.casefold() in _WORD_OPERATORS
    in_matchers = bool(inside) and inside[-1].text == "{"
    return token.kind == "sign" and token.text in _OPERATORS and not in_matchers


def _check_numbers(query: str, tokens: tuple[Token, ...]) -> None:
    """Refuse what the parser would make a duration of without asking whether it can."""
    for place, token in enumerate(tokens):
        if token.kind in {"number", "duration"} and len(token.text) > _MAX_NUMBER_CHARS:
            raise refuse(
                "PL", f"the number at {where(query, token.start)} is too long", "a shorter one"
            )
        if token.text == "[" and token.kind == "sign":
            end = next(later.start for later in tokens[place:] if later.text == "]")
            if not _SPAN.fullmatch(query, token.start + 1, end):
                raise refuse(
                    "P9",
                    f"what stands in the brackets at {where(query, token.start)} is no range",
                    "[5m], or [1h:1m] for a subquery",
                )
        if token.text == "@" and tokens[place + 1 : place + 2] and tokens[place + 1].text == "-":
            raise refuse(
                "P3", f"@ names a time before 1970 at {where(query, token.start)}", "@ end()"
            )
        if token.kind == "word" and token.text.casefold() == "offset":
            _check_offset(query, tokens[place + 1 :], token)


def _check_offset(query: str, following: tuple[Token, ...], token: Token) -> None:
    after = following[1:] if following and following[0].text in {"-", "+"} else following
    if not after:
        return
    is_number = after[0].kind == "number" or after[0].text.casefold() in {"nan", "inf"}
    if is_number and not re.fullmatch(r"\d{1,9}", after[0].text, re.ASCII):
        raise refuse("P9", f"the offset at {where(query, token.start)} is no duration", "offset 1d")
