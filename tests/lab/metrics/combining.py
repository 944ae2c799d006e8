"""Aggregations and binary operators in the lab; joins of many to one are refused."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING

import promql_parser as promql

from tests.lab.metrics.over_time import deviation, quantile
from tests.lab.metrics.values import CannotEvaluateError, Labels, Vector, without_name

if TYPE_CHECKING:
    from collections.abc import Callable

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
SETS = frozenset({"and", "or", "unless"})


def arithmetic(sign: str, left: float, right: float) -> float:
    """A number by another, with Go's answers where Python raises."""
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            if right == 0:
                return math.nan if left == 0 or math.isnan(left) else math.copysign(math.inf, left)
            return left / right
        case "%":
            return math.fmod(left, right) if right and math.isfinite(left) else math.nan
        case "^":
            return math.pow(left, right)
        case _:
            raise CannotEvaluateError(f"operator {sign}")


def aggregated(tree: promql.AggregateExpr, vector: Vector, parameter: float | None) -> Vector:
    """The aggregation of a vector."""
    name = str(tree.op)
    groups: dict[Labels, Vector] = {}
    for labels, value in vector.items():
        groups.setdefault(_group(tree.modifier, labels), {})[labels] = value
    if name in {"topk", "bottomk"}:
        return _ranked(name, groups, int(parameter or 0))
    if name == "quantile":
        share = math.nan if parameter is None else parameter
        return {key: quantile(share, list(group.values())) for key, group in groups.items()}
    functions: dict[str, Callable[[list[float]], float]] = {
        "sum": math.fsum,
        "avg": lambda values: math.fsum(values) / len(values),
        "min": min,
        "max": max,
        "count": lambda values: float(len(values)),
        "group": lambda _values: 1.0,
        "stddev": deviation,
    }
    if name not in functions:
        raise CannotEvaluateError(f"aggregation {name}")
    return {key: functions[name](list(group.values())) for key, group in groups.items()}


def _group(modifier: promql.AggModifier | None, labels: Labels) -> Labels:
    if modifier is None:
        return frozenset()
    if modifier.type == promql.AggModifierType.By:
        return frozenset(pair for pair in labels if pair[0] in modifier.labels)
    return frozenset(pair for pair in without_name(labels) if pair[0] not in modifier.labels)


def _ranked(name: str, groups: dict[Labels, Vector], count: int) -> Vector:
    found: Vector = {}
    for group in groups.values():
        ordered = sorted(group.items(), key=lambda pair: pair[1], reverse=name == "topk")
        found |= dict(ordered[: max(0, count)])
    return found


def compared_to_number(
    sign: str, vector: Vector, number: float, *, swapped: bool, as_bool: bool
) -> Vector:
    """A vector filtered by a number, or turned into 0 and 1."""
    compare = COMPARISONS[sign]
    found: Vector = {}
    for labels, value in vector.items():
        holds = compare(number, value) if swapped else compare(value, number)
        if as_bool:
            found[without_name(labels)] = float(holds)
        elif holds:
            found[labels] = value
    return found


def combined(tree: promql.BinaryExpr, left: Vector, right: Vector) -> Vector:
    """Two vectors, matched one to one or as sets."""
    sign, modifier = str(tree.op), tree.modifier
    if sign in SETS:
        return _as_sets(sign, modifier, left, right)
    card = modifier.card if modifier is not None else None
    if card is not None and card != promql.VectorMatchCardinality.OneToOne:
        raise CannotEvaluateError("joins of many series to one")
    others: dict[Labels, float] = {}
    for labels, value in right.items():
        key = _key(modifier, labels)
        if key in others:
            raise CannotEvaluateError("found duplicate series on the right side")
        others[key] = value
    found: Vector = {}
    seen: set[Labels] = set()
    for labels, value in left.items():
        key = _key(modifier, labels)
        if key not in others:
            continue
        if key in seen:
            raise CannotEvaluateError("multiple matches for labels: many-to-one matching")
        seen.add(key)
        result = _operated(sign, modifier, value, others[key])
        if result is not None:
            found[_result_labels(sign, modifier, labels)] = result
    return found


def _operated(
    sign: str, modifier: promql.BinModifier | None, left: float, right: float
) -> float | None:
    if sign not in COMPARISONS:
        return arithmetic(sign, left, right)
    holds = COMPARISONS[sign](left, right)
    if modifier is not None and modifier.return_bool:
        return float(holds)
    return left if holds else None


def _key(modifier: promql.BinModifier | None, labels: Labels) -> Labels:
    matching = modifier.matching if modifier is not None else None
    if matching is None:
        return without_name(labels)
    if matching.type == promql.LabelModifierType.Include:
        return frozenset(pair for pair in labels if pair[0] in matching.labels)
    return frozenset(pair for pair in without_name(labels) if pair[0] not in matching.labels)


def _result_labels(sign: str, modifier: promql.BinModifier | None, labels: Labels) -> Labels:
    as_bool = modifier is not None and modifier.return_bool
    kept = without_name(labels) if sign not in COMPARISONS or as_bool else labels
    matching = modifier.matching if modifier is not None else None
    if matching is None:
        return kept
    if matching.type == promql.LabelModifierType.Include:
        return frozenset(pair for pair in kept if pair[0] in matching.labels)
    return frozenset(pair for pair in kept if pair[0] not in matching.labels)


def _as_sets(sign: str, modifier: promql.BinModifier | None, left: Vector, right: Vector) -> Vector:
    in_left = {_key(modifier, labels) for labels in left}
    in_right = {_key(modifier, labels) for labels in right}
    if sign == "or":
        more = {
            labels: value
            for labels, value in right.items()
            if _key(modifier, labels) not in in_left
        }
        return left | more
    wanted = sign == "and"
    return {
        labels: value
        for labels, value in left.items()
        if (_key(modifier, labels) in in_right) is wanted
    }
