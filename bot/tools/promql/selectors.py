"""Selectors as values and as text: what of the stored series a query touches, and when."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import promql_parser as promql

from bot.tools.refusal import refuse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import timedelta

    from bot.domain.errors import ToolError

NAME = "__name__"
_PLAIN_NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
# The parser's enumerations can be compared, but not hashed.
_SIGNS = (
    (promql.MatchOp.Equal, "="),
    (promql.MatchOp.NotEqual, "!="),
    (promql.MatchOp.Re, "=~"),
    (promql.MatchOp.NotRe, "!~"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """One selector of a query that passed the guard."""

    metric: str
    text: str
    """Name and matchers alone, as they can be counted."""
    equal: tuple[tuple[str, str], ...]
    """Labels and the values they must have."""
    range_s: float
    """How far it looks back from each evaluation, subqueries around it included."""
    offset_s: float
    is_range: bool


def selector_text(metric: str, texts: Sequence[str]) -> str:
    """Return a selector of these matchers as PromQL that every server reads."""
    if not _PLAIN_NAME.fullmatch(metric):
        return f"{{{','.join((f'{NAME}={in_quotes(metric)}', *texts))}}}"
    return f"{metric}{{{','.join(texts)}}}" if texts else metric


def matcher_texts(matchers: Iterable[promql.Matcher]) -> tuple[str, ...]:
    """Return matchers as PromQL."""
    return tuple(
        f"{matcher.name}{sign}{in_quotes(matcher.value)}"
        for matcher in matchers
        for operator, sign in _SIGNS
        if matcher.op == operator
    )


def in_quotes(value: str) -> str:
    """Return a text as a PromQL string."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def seconds_of(read: Callable[[], timedelta | None]) -> float | None:
    """Return the length a tree's attribute holds; None if it holds none.

    Raises:
        ToolError: Rule P3; it is longer than any date can be.
    """
    try:
        found = read()
    except (OverflowError, ValueError):
        raise beyond_all_dates() from None
    return None if found is None else found.total_seconds()


def beyond_all_dates() -> ToolError:
    """Return the refusal of a duration that no clock can count."""
    return refuse("P3", "a duration beyond all dates", "[5m]")


def at_s(modifier: promql.AtModifier | None) -> float | None:
    """Return the time an `@` names in seconds since the epoch; None without one.

    `start()` and `end()` are the window's own and name none either.

    Raises:
        ToolError: Rule P3; no date is that far away.
    """
    if modifier is None or modifier.type != promql.AtModifierType.At:
        return None
    try:
        found = modifier.at
    except (OverflowError, ValueError):
        raise refuse("P3", "@ names a time beyond all dates", "@ end()") from None
    return None if found is None else found.timestamp()


def parts_of(tree: promql.Expr) -> tuple[promql.Expr, ...]:
    """Return the expressions an expression is directly made of, a selector's own none.

    Raises:
        ToolError: Rule P9; the parser knows a form that this package does not.
    """
    match tree:
        case promql.AggregateExpr():
            return (tree.param, tree.expr) if isinstance(tree.param, promql.Expr) else (tree.expr,)
        case promql.Call():
            return tuple(tree.args)
        case promql.BinaryExpr():
            return (tree.lhs, tree.rhs)
        case promql.UnaryExpr() | promql.ParenExpr() | promql.SubqueryExpr():
            return (tree.expr,)
        case (
            promql.VectorSelector()
            | promql.MatrixSelector()
            | promql.NumberLiteral()
            | promql.StringLiteral()
        ):
            return ()
        case _:
            raise refuse("P9", "this form of expression is not known here", 'METRIC{a="b"}')
