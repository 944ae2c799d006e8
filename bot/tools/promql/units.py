"""What the values of an expression count, read off its metrics' names.

Names follow Prometheus' conventions or say nothing; nothing is guessed beyond them.
"""

from __future__ import annotations

import promql_parser as promql

from bot.tools.promql.functions import COUNTER_ENDINGS, RANKED
from bot.tools.promql.selectors import NAME

BYTES = "bytes"
SECONDS = "seconds"
_SUFFIXES = (("_bytes", BYTES), ("_seconds", SECONDS), ("_ratio", "ratio"), ("_celsius", "°C"))
_PER_SECOND = frozenset({"rate", "irate", "deriv"})
_KEEPS = frozenset(
    {
        "abs", "avg_over_time", "ceil", "clamp", "clamp_max", "clamp_min", "delta", "floor",
        "idelta", "increase", "label_join", "label_replace", "last_over_time", "max_over_time",
        "min_over_time", "predict_linear", "quantile_over_time", "round", "sort", "sort_desc",
        "stddev_over_time", "sum_over_time",
    }
)  # fmt: skip
_KEEPING = RANKED | {"avg", "max", "min", "quantile", "stddev", "sum"}
_COMPARISONS = frozenset({"==", "!=", ">", "<", ">=", "<="})


def unit_of(tree: promql.Expr) -> str:
    """Return the unit of an expression's values; empty when its names do not tell."""
    match tree:
        case promql.VectorSelector():
            return _of_name(metric_name(tree))
        case promql.MatrixSelector():
            return _of_name(metric_name(tree.vector_selector))
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return unit_of(tree.expr)
        case promql.AggregateExpr():
            return unit_of(tree.expr) if str(tree.op) in _KEEPING else ""
        case promql.Call():
            return _of_call(tree)
        case promql.BinaryExpr():
            return _of_binary(tree)
        case _:
            return ""


def is_raw_counter(tree: promql.Expr) -> bool:
    """Tell whether the values are a counter's own, so that falling means a reset."""
    match tree:
        case promql.ParenExpr():
            return is_raw_counter(tree.expr)
        case promql.VectorSelector():
            return metric_name(tree).endswith(COUNTER_ENDINGS)
        case promql.MatrixSelector():
            return metric_name(tree.vector_selector).endswith(COUNTER_ENDINGS)
        case _:
            return False


def metric_name(tree: promql.VectorSelector) -> str:
    """Return the name a selector has before its braces or inside them."""
    inside = next((m.value for m in tree.matchers.matchers if m.name == NAME), "")
    return tree.name or inside


def _of_name(name: str) -> str:
    for ending in COUNTER_ENDINGS[:1] + COUNTER_ENDINGS[2:]:
        name = name.removesuffix(ending)
    return next((unit for suffix, unit in _SUFFIXES if name.endswith(suffix)), "")


def _of_call(tree: promql.Call) -> str:
    name = tree.func.name
    if name == "histogram_quantile":
        return _innermost(tree.args[1])
    if name in _PER_SECOND:
        inner = unit_of(tree.args[0])
        if inner == SECONDS:
            # Seconds of processor time in a second are cores; of anything else, concurrency.
            return "cores" if "cpu" in str(tree.args[0]) else "seconds/s"
        return f"{inner}/s" if inner else "/s"
    vectors = [argument for argument in tree.args if not isinstance(argument, promql.NumberLiteral)]
    return unit_of(vectors[0]) if name in _KEEPS and vectors else ""


def _innermost(tree: promql.Expr) -> str:
    match tree:
        case promql.AggregateExpr() | promql.ParenExpr():
            return _innermost(tree.expr)
        case promql.Call() if tree.args:
            return unit_of(tree.args[0])
        case _:
            return unit_of(tree)


def _of_binary(tree: promql.BinaryExpr) -> str:
    sign, left, right = str(tree.op), unit_of(tree.lhs), unit_of(tree.rhs)
    if sign in _COMPARISONS:
        return "" if tree.modifier is not None and tree.modifier.return_bool else left
    if sign in {"+", "-", "and", "or", "unless"}:
        return left if left == right or sign in {"and", "unless"} else ""
    if sign == "/" and left == right != "":
        return "ratio"
    return ""
