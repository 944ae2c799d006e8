"""The read policy of PromQL: rules P1 to P10 over the syntax tree, each refusal with a way out.

Pure. Whose namespaces may be read is scoping's; what a query would cost is estimate's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import promql_parser as promql

from bot.tools.promql import rules
from bot.tools.promql.durations import spelled
from bot.tools.promql.lexical import one_line
from bot.tools.promql.selectors import (
    NAME,
    Selector,
    at_s,
    matcher_texts,
    parts_of,
    seconds_of,
    selector_text,
)
from bot.tools.promql.syntax import parsed
from bot.tools.refusal import quoted, refuse

if TYPE_CHECKING:
    from datetime import datetime


class ResultKind(StrEnum):
    """What an expression evaluates to."""

    VECTOR = "vector"
    SCALAR = "scalar"
    MATRIX = "matrix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """A query that passed."""

    text: str
    tree: promql.Expr
    kind: ResultKind
    selectors: tuple[Selector, ...]
    """Every one, in the order of the text; equal ones repeat."""


def checked(query: str, *, now: datetime, ranged: bool) -> Expression:
    """Return the query as an expression that may be sent.

    Args:
        query: PromQL.
        now: The time nothing may lie beyond.
        ranged: It is to be evaluated over a window, which a bare range cannot be.

    Raises:
        ToolError: The rule that refuses it, what is wrong, and the nearest allowed form.
    """
    tree = parsed(query)
    text = one_line(query)
    walk = _Walk(now)
    walk.visit(tree, extra_s=0.0)
    kind = _kind(tree, text)
    if ranged and kind is ResultKind.MATRIX:
        raise refuse(
            "P9",
            "a range cannot be evaluated over a window",
            f"max_over_time({text}), or the same without minutes"
            if len(text) < 200  # noqa: PLR2004 -- longer than a reader would take over
            else "a function such as rate() around it",
        )
    return Expression(text=text, tree=tree, kind=kind, selectors=tuple(walk.selectors))


class _Walk:
    """One visit of a tree; it is at most as deep as the lexical limits allow."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self.selectors: list[Selector] = []

    def visit(self, tree: promql.Expr, *, extra_s: float, in_subquery: bool = False) -> None:
        """Check a node and what is below it; `extra_s` is what subqueries around it add."""
        match tree:
            case promql.VectorSelector():
                self._selector(tree, range_s=0.0, extra_s=extra_s)
                return
            case promql.MatrixSelector():
                self._selector(
                    tree.vector_selector, range_s=_range_s(tree), extra_s=extra_s, ranged=True
                )
                return
            case promql.SubqueryExpr():
                self._subquery(tree, extra_s=extra_s, in_subquery=in_subquery)
                return
            case promql.AggregateExpr():
                rules.check_aggregation(tree)
            case promql.Call():
                rules.check_function(tree.func)
            case promql.BinaryExpr():
                rules.check_matching(tree)
            case _:
                pass
        for part in parts_of(tree):
            self.visit(part, extra_s=extra_s, in_subquery=in_subquery)

    def _selector(
        self,
        tree: promql.VectorSelector,
        *,
        range_s: float,
        extra_s: float,
        ranged: bool = False,
    ) -> None:
        metric = metric_of(tree)
        matchers = tuple(m for m in tree.matchers.matchers if m.name != NAME)
        text = selector_text(metric, matcher_texts(matchers))
        rules.check_narrow(metric, matchers, text)
        if ranged:
            rules.check_range(range_s, text)
        offset_s = _offset_s(tree)
        rules.check_time(offset_s, at_s(tree.at), self._now)
        self.selectors.append(
            Selector(
                metric=metric,
                text=text,
                equal=tuple((m.name, m.value) for m in matchers if m.op == promql.MatchOp.Equal),
                range_s=range_s + extra_s,
                offset_s=offset_s,
                is_range=ranged,
            )
        )

    def _subquery(self, tree: promql.SubqueryExpr, *, extra_s: float, in_subquery: bool) -> None:
        if in_subquery:
            raise refuse(
                "P4",
                "a subquery inside a subquery",
                "one of them only: max_over_time(rate(METRIC[5m])[1h:1m])",
            )
        range_s, step_s = _range_s(tree), seconds_of(lambda: tree.step)
        if not step_s:
            raise refuse("P4", "a subquery without a step", f"[{spelled(range_s)}:1m]")
        if range_s / step_s > rules.MAX_SUBQUERY_POINTS:
            shortened_s = min(range_s, rules.MAX_RANGE_S)
            raise refuse(
                "P4",
                f"a subquery of {range_s / step_s:,.0f} points is longer than the"
                f" {rules.MAX_SUBQUERY_POINTS} allowed",
                f"[{spelled(shortened_s)}:{spelled(-(-shortened_s // rules.MAX_SUBQUERY_POINTS))}]",
            )
        rules.check_range(range_s, "…")
        rules.check_time(_offset_s(tree), at_s(tree.at), self._now)
        self.visit(tree.expr, extra_s=extra_s + range_s, in_subquery=True)


def _kind(tree: promql.Expr, text: str) -> ResultKind:
    match tree:
        case promql.ParenExpr() | promql.UnaryExpr():
            return _kind(tree.expr, text)
        case promql.MatrixSelector() | promql.SubqueryExpr():
            return ResultKind.MATRIX
        case promql.NumberLiteral():
            return ResultKind.SCALAR
        case promql.StringLiteral():
            raise refuse("P9", f"{quoted(text)} is only a text", "METRIC{label=…}")
        case promql.Call():
            is_scalar = tree.func.return_type == promql.ValueType.Scalar
            return ResultKind.SCALAR if is_scalar else ResultKind.VECTOR
        case promql.BinaryExpr():
            sides = {_kind(tree.lhs, text), _kind(tree.rhs, text)}
            return ResultKind.SCALAR if sides == {ResultKind.SCALAR} else ResultKind.VECTOR
        case _:
            return ResultKind.VECTOR


def metric_of(tree: promql.VectorSelector) -> str:
    """Return the literal name of the metric; P1 if there is none."""
    named = [m for m in tree.matchers.matchers if m.name == NAME]
    others = tuple(m for m in tree.matchers.matchers if m.name != NAME)
    if tree.matchers.or_matchers:
        raise refuse("P9", "`or` between matchers", f'{tree.name or "METRIC"}{{label=~"a|b"}}')
    literal = [m.value for m in named if m.op == promql.MatchOp.Equal and m.value]
    names = [tree.name] if tree.name else []
    if len(named) != len(literal) or len(names + literal) != 1:
        nearest = f"METRIC{{{','.join(matcher_texts(others))}}}" if others else 'METRIC{a="b"}'
        raise refuse(
            "P1",
            "a selector without one literal name of a metric",
            f"{nearest}; find_metrics finds names",
        )
    return (names + literal)[0]


def _range_s(tree: promql.MatrixSelector | promql.SubqueryExpr) -> float:
    found = seconds_of(lambda: tree.range)
    return found if found is not None else 0.0


def _offset_s(tree: promql.VectorSelector | promql.SubqueryExpr) -> float:
    return seconds_of(lambda: tree.offset) or 0.0
