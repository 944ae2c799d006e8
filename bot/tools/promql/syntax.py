"""A query as a syntax tree, or a refusal that says at which character it stops being PromQL.

The parser names no places, so they are found by asking it which beginnings of the query could
still be completed. Rule P9.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import promql_parser
from rapidfuzz import process as closest

from bot.tools.promql.functions import AGGREGATIONS, FUNCTIONS
from bot.tools.promql.lexical import tokens_of
from bot.tools.promql.selectors import beyond_all_dates
from bot.tools.refusal import quoted, refuse
from bot.tools.tokens import where

if TYPE_CHECKING:
    from bot.domain.errors import ToolError
    from bot.tools.tokens import Token

_NO_GRAMMAR = "invalid promql query"
# Ways to go on that together complete every beginning of a query that can be completed.
_CONTINUATIONS = (
    "", "x", "(x)", "(a)(x)", "(a)x", "a)(x)", '{a="b"}', 'a="b"', '="b"', '"b"', "[5m]",
    "5m", "1", ":1m", "x[5m]", "0.5,x", ",x", "0,x", "a", 'x,"a","b","c","d"', ',"a"',
)  # fmt: skip
_CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
_ALIKE = 70  # percent; below it a suggestion only confuses
_TOO_NEW = frozenset({"smoothed", "anchored", "fill", "fill_left", "fill_right", "start", "end"})


def parsed(query: str) -> promql_parser.Expr:
    """Return the tree of a query within the lexical limits.

    Raises:
        ToolError: Rule PL or P9, with the place of what is wrong.
    """
    tokens = tokens_of(query)
    try:
        return promql_parser.parse(query)
    except OverflowError:
        raise beyond_all_dates() from None
    except ValueError as error:
        raise _refusal(query, tokens, str(error)) from None


def _refusal(query: str, tokens: tuple[Token, ...], complaint: str) -> ToolError:
    unknown = _unknown_function(tokens)
    if unknown is not None:
        return _no_function(query, unknown)
    if complaint != _NO_GRAMMAR:
        # The parser's sentences about types and regular expressions name what they are about.
        named = next((token for token in tokens if _is_named(token, complaint)), None)
        place = f" at {where(query, named.start)}" if named else ""
        return refuse("P9", f"{_said(complaint)}{place}", _hint(complaint))
    index = _first_wrong(query, tokens)
    if index is None:
        return refuse(
            "P9",
            f"the query ends at {where(query, len(query.rstrip()) - 1)} before it is complete",
            'METRIC{label="value"} on both sides of an operator',
        )
    token = tokens[index]
    problem = f"{quoted(token.text)} at {where(query, token.start)} cannot stand there"
    if token.text.casefold() in _TOO_NEW:
        return refuse("P9", f"{problem}: not every server knows it", "the query without it")
    return refuse("P9", problem, 'sum by (LABEL) (rate(METRIC{label="value"}[5m]))')


def _is_named(token: Token, complaint: str) -> bool:
    if token.kind == "string" and complaint.startswith("illegal regex for "):
        return token.text[1:-1] == complaint.removeprefix("illegal regex for ")
    return token.kind == "word" and f"'{token.text}'" in complaint


def _said(complaint: str) -> str:
    return quoted(complaint, limit=160).strip("`").replace("\\\\", "\\")


def _hint(complaint: str) -> str:
    if "expected type matrix" in complaint or "expected type range" in complaint:
        return 'rate(METRIC{label="value"}[5m]): this function takes a range'
    if "got matrix" in complaint:
        return 'rate(METRIC{label="value"}[5m]): a range needs a function around it'
    if "regex" in complaint:
        return 'METRIC{label=~"a|b.*"}, in RE2 syntax'
    if "duration" in complaint:
        return "[5m]"
    return 'sum by (LABEL) (rate(METRIC{label="value"}[5m]))'


def _unknown_function(tokens: tuple[Token, ...]) -> Token | None:
    """Return the first name that is called and is neither function, aggregation nor keyword."""
    keywords = {"by", "without", "on", "ignoring", "group_left", "group_right", "bool", "and"}
    keywords |= {"or", "unless", "atan2", "offset", *_TOO_NEW}
    for token, following in pairwise(tokens):
        if token.kind == "word" and following.text == "(" and following.kind == "sign":
            name = token.text.casefold()
            if name not in FUNCTIONS | AGGREGATIONS | keywords:
                return token
    return None


def _no_function(query: str, token: Token) -> ToolError:
    near = closest.extractOne(token.text, sorted(FUNCTIONS | AGGREGATIONS), score_cutoff=_ALIKE)
    return refuse(
        "P9",
        f"there is no function {quoted(token.text)} (at {where(query, token.start)}) among those"
        " that may be used",
        f"{near[0]}(…)" if near else "rate, increase, sum, avg, max, histogram_quantile …",
    )


def _first_wrong(query: str, tokens: tuple[Token, ...]) -> int | None:
    """Return the first token no completion exists for; None if only the end is missing.

    A beginning of what can be completed can be completed itself, so halving finds it.
    """
    good, bad = 0, len(tokens) + 1
    while bad - good > 1:
        middle = (good + bad) // 2
        if _can_go_on(query, tokens[:middle]):
            good = middle
        else:
            bad = middle
    return None if good == len(tokens) else good


def _can_go_on(query: str, tokens: tuple[Token, ...]) -> bool:
    last = tokens[-1]
    beginning = query[: last.start + len(last.text)]
    closers = ""
    for token in tokens:
        if token.kind == "sign" and token.text in _CLOSED_BY:
            closers = _CLOSED_BY[token.text] + closers
        elif token.kind == "sign" and closers.startswith(token.text):
            closers = closers[1:]
    return any(
        _is_grammatical(f"{beginning} {continuation}{closers}") for continuation in _CONTINUATIONS
    ) or any(_is_grammatical(f"{beginning} {more}{closers} (x)") for more in ("", "a"))


def _is_grammatical(query: str) -> bool:
    try:
        promql_parser.parse(query)
    except OverflowError:
        return True
    except ValueError as error:
        # Other complaints, such as one about types, come after the grammar was satisfied.
        return str(error).startswith(("expected type", "expected at", "unknown function"))
    return True
