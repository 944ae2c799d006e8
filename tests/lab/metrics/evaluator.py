"""A small PromQL engine over tracks, which refuses what it does not know.

It follows Prometheus 2.42 (ranges closed at both ends, lookback of five minutes). The contract
test compares it with the real server; what that test does not cover does not belong here.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

import promql_parser as promql

from tests.lab.metrics import over_time
from tests.lab.metrics.combining import (
    COMPARISONS,
    SETS,
    aggregated,
    arithmetic,
    combined,
    compared_to_number,
)
from tests.lab.metrics.histograms import histogram_quantile
from tests.lab.metrics.values import (
    CannotEvaluateError,
    Labels,
    Matrix,
    QuerySyntaxError,
    Value,
    Vector,
    Window,
    without_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.metrics.tracks import MetricStore, Track

LOOKBACK_S = 300.0
_NAME = "__name__"
_ELEMENTWISE: dict[str, Callable[[float], float]] = {
    "abs": abs,
    "ceil": lambda value: float(math.ceil(value)) if math.isfinite(value) else value,
    "floor": lambda value: float(math.floor(value)) if math.isfinite(value) else value,
    "sqrt": lambda value: math.sqrt(value) if value >= 0 else math.nan,
    "exp": math.exp,
    "sgn": lambda value: float((value > 0) - (value < 0)),
}


def parse(query: str) -> Any:
    """The syntax tree; QuerySyntaxError with the parser's words."""
    try:
        return promql.parse(query)
    except ValueError as error:
        raise QuerySyntaxError(str(error)) from None


def wants(matchers: Any, name: str | None) -> Callable[[dict[str, str]], bool]:
    """Matchers as one test of a label set."""
    tests: list[Callable[[dict[str, str]], bool]] = []
    if name:
        tests.append(lambda labels: labels[_NAME] == name)
    if matchers.or_matchers:
        raise CannotEvaluateError("`or` between matchers")
    tests += [_matcher(matcher) for matcher in matchers.matchers]
    return lambda labels: all(test(labels) for test in tests)


def _matcher(matcher: Any) -> Callable[[dict[str, str]], bool]:
    name, value = matcher.name, matcher.value
    if matcher.op == promql.MatchOp.Equal:
        return lambda labels: labels.get(name, "") == value
    if matcher.op == promql.MatchOp.NotEqual:
        return lambda labels: labels.get(name, "") != value
    pattern = re.compile(value)
    if matcher.op == promql.MatchOp.Re:
        return lambda labels: pattern.fullmatch(labels.get(name, "")) is not None
    return lambda labels: pattern.fullmatch(labels.get(name, "")) is None


class Evaluator:
    """Evaluates one query; `start_s` and `end_s` are what `@ start()` and `@ end()` mean."""

    def __init__(self, store: MetricStore, *, start_s: float, end_s: float) -> None:
        self._store = store
        self._start_s = start_s
        self._end_s = end_s
        self._found: dict[str, list[tuple[Labels, Track]]] = {}

    def at(self, tree: Any, at_s: float) -> Value:
        """The value of an expression at a time."""
        match tree:
            case promql.NumberLiteral() | promql.StringLiteral():
                literal: float | str = tree.val
                return literal
            case promql.ParenExpr():
                return self.at(tree.expr, at_s)
            case promql.UnaryExpr():
                return self._negated(self.at(tree.expr, at_s))
            case promql.VectorSelector():
                return self._selected(tree, at_s)
            case promql.MatrixSelector():
                return self._ranged(tree, at_s)
            case promql.SubqueryExpr():
                return self._subquery(tree, at_s)
            case promql.AggregateExpr():
                parameter = None if tree.param is None else self.at(tree.param, at_s)
                if isinstance(parameter, str | dict | Window):
                    raise CannotEvaluateError(f"{tree.op} by a parameter that is no number")
                return aggregated(tree, self._vector(tree.expr, at_s), parameter)
            case promql.Call():
                return self._called(tree, at_s)
            case promql.BinaryExpr():
                return self._binary(tree, at_s)
            case _:
                raise CannotEvaluateError(f"expression {type(tree).__name__}")

    def _vector(self, tree: Any, at_s: float) -> Vector:
        found = self.at(tree, at_s)
        if not isinstance(found, dict):
            raise CannotEvaluateError("a vector is needed here")
        return found

    def _number(self, tree: Any, at_s: float) -> float:
        found = self.at(tree, at_s)
        if not isinstance(found, float | int):
            raise CannotEvaluateError("a number is needed here")
        return float(found)

    def _text(self, tree: Any, at_s: float) -> str:
        found = self.at(tree, at_s)
        if not isinstance(found, str):
            raise CannotEvaluateError("a text is needed here")
        return found

    def _tracks(self, tree: Any) -> list[tuple[Labels, Track]]:
        """The tracks of a selector, looked for once for all points of a query."""
        key = f"{tree.name} {tree.matchers}"
        if key not in self._found:
            test = wants(tree.matchers, tree.name)
            self._found[key] = [
                (frozenset(track.labels.items()), track)
                for track in self._store.tracks(tree.name)
                if test(track.labels)
            ]
        return self._found[key]

    def _moved(self, tree: Any, at_s: float) -> float:
        modifier = tree.at
        if modifier is not None:
            if modifier.type == promql.AtModifierType.Start:
                at_s = self._start_s
            elif modifier.type == promql.AtModifierType.End:
                at_s = self._end_s
            else:
                at_s = modifier.at.timestamp()
        return at_s - (tree.offset.total_seconds() if tree.offset else 0.0)

    def _selected(self, tree: Any, at_s: float) -> Vector:
        at_s = self._moved(tree, at_s)
        found: Vector = {}
        for labels, track in self._tracks(tree):
            samples = track.window(at_s - LOOKBACK_S, at_s)
            if samples:
                found[labels] = samples[-1][1]
        return found

    def _ranged(self, tree: Any, at_s: float) -> Window:
        end_s = self._moved(tree.vector_selector, at_s)
        start_s = end_s - tree.range.total_seconds()
        matrix: Matrix = {
            labels: track.window(start_s, end_s)
            for labels, track in self._tracks(tree.vector_selector)
        }
        return Window(matrix=matrix, start_s=start_s, end_s=end_s)

    def _subquery(self, tree: Any, at_s: float) -> Window:
        if tree.step is None:
            raise CannotEvaluateError("a subquery without a step")
        end_s = self._moved(tree, at_s)
        start_s = end_s - tree.range.total_seconds()
        step_s = tree.step.total_seconds()
        matrix: Matrix = {}
        # Subqueries are evaluated at multiples of their step, whatever the query's time is.
        first = math.floor(start_s / step_s) * step_s
        count = math.floor((end_s - first) / step_s)
        for at in (first + number * step_s for number in range(count + 1)):
            if at < start_s:
                continue
            for labels, value in self._vector(tree.expr, at).items():
                matrix.setdefault(labels, []).append((at, value))
        return Window(matrix=matrix, start_s=start_s, end_s=end_s)

    def _negated(self, found: Value) -> Value:
        if isinstance(found, dict):
            return {without_name(labels): -value for labels, value in found.items()}
        if isinstance(found, float | int):
            return -found
        raise CannotEvaluateError("minus of something else than a number")

    def _binary(self, tree: Any, at_s: float) -> Value:
        sign = str(tree.op)
        left, right = self.at(tree.lhs, at_s), self.at(tree.rhs, at_s)
        as_bool = tree.modifier is not None and tree.modifier.return_bool
        if isinstance(left, dict) and isinstance(right, dict):
            return combined(tree, left, right)
        if sign in SETS or isinstance(left, str | Window) or isinstance(right, str | Window):
            raise CannotEvaluateError(f"{sign} between these")
        if isinstance(left, dict) and not isinstance(right, dict):
            if sign in COMPARISONS:
                return compared_to_number(sign, left, right, swapped=False, as_bool=as_bool)
            return {without_name(k): arithmetic(sign, v, right) for k, v in left.items()}
        if isinstance(right, dict) and not isinstance(left, dict):
            if sign in COMPARISONS:
                return compared_to_number(sign, right, left, swapped=True, as_bool=as_bool)
            return {without_name(k): arithmetic(sign, left, v) for k, v in right.items()}
        if isinstance(left, dict) or isinstance(right, dict):
            raise CannotEvaluateError(f"{sign} between these")
        if sign in COMPARISONS:
            return float(COMPARISONS[sign](left, right))
        return arithmetic(sign, left, right)

    def _called(self, tree: Any, at_s: float) -> Value:
        name, arguments = tree.func.name, tree.args
        if name in over_time.FUNCTIONS:
            return self._over_time(name, arguments, at_s)
        if name in _ELEMENTWISE:
            vector = self._vector(arguments[0], at_s)
            return {without_name(k): _ELEMENTWISE[name](v) for k, v in vector.items()}
        match name:
            case "time":
                return at_s
            case "vector":
                return {frozenset(): self._number(arguments[0], at_s)}
            case "scalar":
                values = list(self._vector(arguments[0], at_s).values())
                return values[0] if len(values) == 1 else math.nan
            case "absent":
                return self._absent(arguments[0], at_s)
            case "histogram_quantile":
                return histogram_quantile(
                    self._number(arguments[0], at_s), self._vector(arguments[1], at_s)
                )
            case "clamp_min" | "clamp_max" | "clamp":
                return self._clamped(name, arguments, at_s)
            case "sort" | "sort_desc":
                vector = self._vector(arguments[0], at_s)
                ordered = sorted(vector.items(), key=lambda pair: pair[1], reverse=name != "sort")
                return dict(ordered)
            case "label_replace":
                return self._relabelled(arguments, at_s)
            case _:
                raise CannotEvaluateError(f"function {name}")

    def _over_time(self, name: str, arguments: Any, at_s: float) -> Vector:
        parameters = [self._number(one, at_s) for one in arguments[:-1]]
        window = self.at(arguments[-1], at_s)
        if not isinstance(window, Window):
            raise CannotEvaluateError(f"{name} of something else than a range")
        found = over_time.applied(name, window, *parameters)
        if found is None:
            raise CannotEvaluateError(f"function {name}")
        return found

    def _absent(self, tree: Any, at_s: float) -> Vector:
        if self._vector(tree, at_s):
            return {}
        if not isinstance(tree, promql.VectorSelector):
            return {frozenset(): 1.0}
        named = [
            (matcher.name, matcher.value)
            for matcher in tree.matchers.matchers
            if matcher.op == promql.MatchOp.Equal and matcher.name != _NAME
        ]
        return {frozenset(named): 1.0}

    def _clamped(self, name: str, arguments: Any, at_s: float) -> Vector:
        bounds = [self._number(one, at_s) for one in arguments[1:]]
        low = bounds[0] if name != "clamp_max" else -math.inf
        high = bounds[-1] if name != "clamp_min" else math.inf
        return {
            without_name(labels): max(low, min(high, value))
            for labels, value in self._vector(arguments[0], at_s).items()
        }

    def _relabelled(self, arguments: Any, at_s: float) -> Vector:
        target, template, source, expression = (self._text(one, at_s) for one in arguments[1:])
        pattern = re.compile(expression)
        template = re.sub(r"\$\{?(\w+)\}?", r"\\g<\1>", template)
        found: Vector = {}
        for labels, value in self._vector(arguments[0], at_s).items():
            pairs = dict(labels)
            hit = pattern.fullmatch(pairs.get(source, ""))
            if hit is not None:
                pairs[target] = hit.expand(template)
            kept: Labels = frozenset((name, text) for name, text in pairs.items() if text)
            if kept in found:
                raise CannotEvaluateError("vector cannot contain metrics with the same labelset")
            found[kept] = value
        return found
