"""The Prometheus HTTP API's answers over a store: what each path gives for a request's query.

It knows no sockets. Refusals carry the API's own error types and codes.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.lab.metrics.evaluator import Evaluator, parse, wants
from tests.lab.metrics.tracks import NAME
from tests.lab.metrics.values import CannotEvaluateError, QuerySyntaxError, Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.lab.metrics.tracks import MetricStore
    from tests.lab.metrics.values import Labels, Value

Json = dict[str, Any]

MAX_POINTS = 11_000
_LABEL_VALUES = re.compile(r"/label/([a-zA-Z_][a-zA-Z0-9_]*)/values")
_RULES = Path(__file__).parent / "rules.yaml"


class ApiError(Exception):
    """A refusal in the API's own shape."""

    def __init__(self, code: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.kind = kind


class Api:
    """One server's answers; `now_s` is asked for times a request leaves out."""

    def __init__(self, store: MetricStore) -> None:
        self.store = store
        self.rules: list[Json] = yaml.safe_load(_RULES.read_text(encoding="utf-8"))

    def answer(
        self, path: str, query: Mapping[str, str], matches: Sequence[str], now_s: float
    ) -> Any:
        """The `data` of an answer; KeyError for a path the API does not have."""
        found = _LABEL_VALUES.fullmatch(path)
        if found is not None:
            return self._label_values(found[1], query, matches, now_s)
        match path:
            case "/query":
                return self._query(query, now_s)
            case "/query_range":
                return self._query_range(query)
            case "/series":
                sets = self._matched(matches, query, now_s)
                return [dict(sorted(labels.items())) for labels in sets][: _limit(query)]
            case "/labels":
                sets = self._matched(matches, query, now_s)
                return sorted({name for labels in sets for name in labels})
            case "/metadata":
                return {name: [meaning] for name, meaning in self.store.meanings.items()}
            case "/rules":
                return {"groups": [{"name": "lab", "file": "lab", "rules": self._rules(now_s)}]}
            case "/alerts":
                return {
                    "alerts": [alert for rule in self._rules(now_s) for alert in rule["alerts"]]
                }
            case _:
                raise KeyError(path)

    def _query(self, query: Mapping[str, str], now_s: float) -> Json:
        at_s = float(query.get("time", now_s))
        tree = _parsed(query.get("query", ""))
        value = _evaluated(Evaluator(self.store, start_s=at_s, end_s=at_s), tree, at_s)
        if isinstance(value, str):
            return {"resultType": "string", "result": [at_s, value]}
        if isinstance(value, Window):
            rows = [
                {"metric": dict(labels), "values": [_pair(*sample) for sample in samples]}
                for labels, samples in _sorted(value.matrix)
                if samples
            ]
            return {"resultType": "matrix", "result": rows}
        if isinstance(value, dict):
            rows = [
                {"metric": dict(labels), "value": _pair(at_s, number)}
                for labels, number in value.items()
            ]
            return {"resultType": "vector", "result": rows}
        return {"resultType": "scalar", "result": _pair(at_s, value)}

    def _query_range(self, query: Mapping[str, str]) -> Json:
        start_s, end_s = float(query["start"]), float(query["end"])
        step_s = _duration(query["step"])
        if end_s < start_s or step_s <= 0:
            raise ApiError(400, "bad_data", "invalid parameter: end before start, or no step")
        if (end_s - start_s) / step_s > MAX_POINTS:
            raise ApiError(
                400,
                "bad_data",
                "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the"
                " query resolution (?step=XX)",
            )
        tree = _parsed(query.get("query", ""))
        rows: dict[Labels, list[list[Any]]] = {}
        evaluator = Evaluator(self.store, start_s=start_s, end_s=end_s)
        for number in range(int((end_s - start_s) / step_s + 1e-9) + 1):
            at_s = start_s + number * step_s
            value = _evaluated(evaluator, tree, at_s)
            if isinstance(value, str | Window):
                raise ApiError(
                    400,
                    "bad_data",
                    'invalid parameter "query": invalid expression type for range query, must be'
                    " Scalar or instant Vector",
                )
            vector = value if isinstance(value, dict) else {frozenset(): value}
            for labels, sample in vector.items():
                rows.setdefault(labels, []).append(_pair(at_s, sample))
        return {
            "resultType": "matrix",
            "result": [
                {"metric": dict(labels), "values": pairs} for labels, pairs in _sorted(rows)
            ],
        }

    def _matched(
        self, matches: Sequence[str], query: Mapping[str, str], now_s: float
    ) -> list[dict[str, str]]:
        start_s, end_s = float(query.get("start", now_s - 3_600)), float(query.get("end", now_s))
        trees = [_parsed(match) for match in matches]
        tests = [wants(tree.matchers, tree.name) for tree in trees] or [lambda _: True]
        return [
            track.labels
            for track in self.store.tracks()
            if any(test(track.labels) for test in tests)
            and track.begins_s <= end_s
            and track.ends_s >= start_s
        ]

    def _label_values(
        self, label: str, query: Mapping[str, str], matches: Sequence[str], now_s: float
    ) -> list[str]:
        sets = self._matched(matches, query, now_s)
        return sorted({labels[label] for labels in sets if label in labels})[: _limit(query)]

    def _rules(self, now_s: float) -> list[Json]:
        return [self._rule(rule, now_s) for rule in self.rules]

    def _rule(self, rule: Json, now_s: float) -> Json:
        tree = _parsed(rule["query"])
        evaluator = Evaluator(self.store, start_s=now_s, end_s=now_s)
        holds = _evaluated(evaluator, tree, now_s)
        alerts = [
            self._alert(rule, labels, value, tree, now_s)
            for labels, value in (holds.items() if isinstance(holds, dict) else ())
        ]
        states = {alert["state"] for alert in alerts}
        return {
            "type": "alerting",
            "name": rule["name"],
            "query": rule["query"],
            "duration": rule["for_s"],
            "labels": rule["labels"],
            "annotations": rule["annotations"],
            "state": "firing" if "firing" in states else "pending" if alerts else "inactive",
            "health": "ok",
            "alerts": alerts,
        }

    def _alert(self, rule: Json, labels: Labels, value: float, tree: Any, now_s: float) -> Json:
        """An active alert, since the last evaluation (one a minute) that did not hold."""
        evaluator = Evaluator(self.store, start_s=now_s, end_s=now_s)
        since_s = now_s
        while now_s - since_s < 4 * 3_600:
            before = _evaluated(evaluator, tree, since_s - 60)
            if not isinstance(before, dict) or labels not in before:
                break
            since_s -= 60
        return {
            "labels": {k: v for k, v in labels if k != NAME}
            | {"alertname": rule["name"]}
            | rule["labels"],
            "annotations": rule["annotations"],
            "state": "firing" if now_s - since_s >= rule["for_s"] else "pending",
            "activeAt": datetime.fromtimestamp(since_s, tz=UTC).isoformat(),
            "value": _written(value),
        }


def _evaluated(evaluator: Evaluator, tree: Any, at_s: float) -> Value:
    try:
        return evaluator.at(tree, at_s)
    except CannotEvaluateError as error:
        raise ApiError(422, "execution", f"the lab cannot evaluate: {error}") from None


def _parsed(query: str) -> Any:
    try:
        return parse(query)
    except QuerySyntaxError as error:
        raise ApiError(
            400, "bad_data", f'invalid parameter "query": 1:1: parse error: {error}'
        ) from None


def _duration(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float(text.removesuffix("s"))


def _limit(query: Mapping[str, str]) -> int | None:
    return int(query.get("limit", "0")) or None


def _pair(at_s: float, value: float) -> list[Any]:
    return [at_s, _written(value)]


def _written(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _sorted(rows: Mapping[Labels, Any]) -> list[tuple[Labels, Any]]:
    return sorted(rows.items(), key=lambda pair: sorted(pair[0]))
