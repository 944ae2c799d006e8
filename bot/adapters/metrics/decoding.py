"""The HTTP API's JSON as the port's values; whatever does not fit is no answer of Prometheus.

Shapes: https://prometheus.io/docs/prometheus/latest/querying/api/
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.adapters.servers.shape import ShapeError, successful
from bot.ports.metrics import ActiveAlert, Labels, MetricMeaning, Result, Rule, Series

if TYPE_CHECKING:
    from collections.abc import Iterable

# Prometheus 3 prefixes its remarks on a query so; other warnings tell of missing data.
_REMARKS = ("PromQL warning", "PromQL info")
_KNOWN_TYPES = frozenset({"vector", "matrix", "scalar", "string"})


def with_content(answer: Any) -> dict[str, Any]:
    """Return the envelope of a call that succeeded, whose `data` is there."""
    envelope = successful(answer)
    if "data" not in envelope:
        raise ShapeError("JSON without data")
    return envelope


def result(answer: dict[str, Any]) -> Result:
    """Return a query's result; native histograms are counted and left out."""
    try:
        kind, found = answer["data"]["resultType"], answer["data"]["result"]
        if kind not in _KNOWN_TYPES:
            raise ShapeError(f"a result of type {kind!r}")
        series, histograms = _series(kind, found)
    except (KeyError, TypeError, IndexError, AttributeError) as error:
        raise ShapeError("a result in another shape") from error
    warnings = _texts(answer.get("warnings"))
    return Result(
        series=tuple(series),
        remarks=(
            *_texts(answer.get("infos")),
            *(text for text in warnings if text.startswith(_REMARKS)),
        ),
        missing=tuple(text for text in warnings if not text.startswith(_REMARKS)),
        native_histograms=histograms,
    )


def label_sets(answer: dict[str, Any]) -> tuple[Labels, ...]:
    """Return the labels of series."""
    found = answer["data"]
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ShapeError("series in another shape")
    return tuple(_labels(one) for one in found)


def meanings(answer: dict[str, Any]) -> dict[str, MetricMeaning]:
    """Return what is known of metrics; where targets disagree, the first is taken."""
    found = answer["data"]
    if not isinstance(found, dict):
        raise ShapeError("metadata in another shape")
    known = {}
    for name, entries in found.items():
        if isinstance(entries, list) and entries and isinstance(entries[0], dict):
            first = entries[0]
            known[str(name)] = MetricMeaning(
                type=str(first.get("type", "unknown")),
                help=str(first.get("help", "")),
                unit=str(first.get("unit", "")),
            )
    return known


def rules(answer: dict[str, Any]) -> tuple[Rule, ...]:
    """Return the rules of all groups, in the server's order."""
    try:
        return tuple(
            _rule(one, str(group.get("name", "")))
            for group in answer["data"]["groups"]
            for one in group["rules"]
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ShapeError("rules in another shape") from error


def alerts(answer: dict[str, Any]) -> tuple[ActiveAlert, ...]:
    """Return active alerts."""
    try:
        return tuple(
            ActiveAlert(
                labels=_labels(one["labels"]),
                annotations=_labels(one.get("annotations") or {}),
                state=str(one["state"]),
                active_since=_moment(one.get("activeAt")),
                value=str(one.get("value", "")),
            )
            for one in answer["data"]["alerts"]
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ShapeError("alerts in another shape") from error


def _series(kind: str, found: Any) -> tuple[list[Series], int]:
    if kind in {"scalar", "string"}:
        return [Series(labels=(), points=(_point(found),))], 0
    key = "value" if kind == "vector" else "values"
    series, histograms = [], 0
    for one in found:
        raw = one.get(key)
        if not raw:
            histograms += 1
            continue
        pairs = [raw] if kind == "vector" else raw
        series.append(
            Series(labels=_labels(one["metric"]), points=tuple(_point(pair) for pair in pairs))
        )
    return series, histograms


def _point(pair: Any) -> tuple[float, float]:
    at_s, value = pair
    try:
        # The API writes NaN, +Inf and -Inf as texts, like every value.
        return float(at_s), float(value)
    except ValueError as error:
        raise ShapeError("a value that is no number") from error


def _labels(found: dict[str, Any]) -> Labels:
    return tuple(sorted((str(name), str(text)) for name, text in found.items()))


def _rule(one: dict[str, Any], group: str) -> Rule:
    return Rule(
        name=str(one["name"]),
        query=str(one["query"]),
        is_alert=one.get("type") == "alerting",
        group=group,
        for_s=float(one.get("duration") or 0),
        labels=_labels(one.get("labels") or {}),
        annotations=_labels(one.get("annotations") or {}),
        state=str(one.get("state", "")),
        health=str(one.get("health", "")),
    )


def _moment(text: Any) -> datetime | None:
    if not isinstance(text, str):
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _texts(found: Iterable[Any] | None) -> tuple[str, ...]:
    return tuple(str(one) for one in found) if isinstance(found, list) else ()
