"""Autoscalers: what they measure against which target, and what keeps them from scaling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.fields import entries, mapping, text
from bot.domain.spans import since
from bot.tools.kubectl.describe.common import conditions, field, pairs

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports.cluster import ClusterReader, KubeObject


def describe_autoscaler(item: KubeObject, _: ClusterReader, now: datetime) -> list[str]:
    """Return target, bounds, metrics and conditions of an autoscaler, without its events."""
    spec, status = mapping(item, "spec"), mapping(item, "status")
    target = mapping(spec, "scaleTargetRef")
    lines = field("scales", f"{text(target, 'kind')}/{text(target, 'name')}")
    lines += field(
        "replicas",
        f"min {text(spec, 'minReplicas', default='1')}, max {text(spec, 'maxReplicas')},"
        f" current {text(status, 'currentReplicas', default='?')},"
        f" desired {text(status, 'desiredReplicas', default='?')}",
    )
    if status.get("lastScaleTime"):
        lines += field("last scaled", since(now, status.get("lastScaleTime")))
    measured = {_name(metric): metric for metric in entries(status, "currentMetrics")}
    for metric in entries(spec, "metrics"):
        name = _name(metric)
        current = _value(measured.get(name, {}), "current") or "unknown"
        lines.append(f"  metric {name}: {current}, target {_value(metric, 'target') or '?'}")
    return lines + conditions(item, now)


def _name(metric: dict[str, Any]) -> str:
    kind = text(metric, "type")
    source = _source(metric)
    named = text(source, "metric", "name") or text(source, "name")
    container = text(source, "container")
    return " ".join(part for part in (kind, container, named) if part)


def _value(metric: dict[str, Any], key: str) -> str | None:
    values = mapping(_source(metric), key)
    return pairs({name: value for name, value in values.items() if name != "type"})


def _source(metric: dict[str, Any]) -> dict[str, Any]:
    """Return the part of a metric that its type names, such as `containerResource`."""
    kind = text(metric, "type")
    return mapping(metric, kind[:1].lower() + kind[1:])
