"""Rows of autoscalers and disruption budgets."""

from __future__ import annotations

from typing import Any

from tests.lab.kubernetes.tables.columns import NONE, UNKNOWN, UNSET, Cells, columns, created

Object = dict[str, Any]

AUTOSCALER_COLUMNS = columns(
    "Name",
    "Reference",
    "Targets",
    "MinPods",
    "MaxPods",
    "Replicas",
    "Age",
    numbers=("MaxPods", "Replicas"),
)
BUDGET_COLUMNS = columns(
    "Name",
    "Min Available",
    "Max Unavailable",
    "Allowed Disruptions",
    "Age",
    numbers=("Allowed Disruptions",),
)
_TARGETS_SHOWN = 2


def autoscaler_cells(item: Object, now: float) -> Cells:
    spec, status = item["spec"], item.get("status", {})
    reference = spec["scaleTargetRef"]
    minimum = spec.get("minReplicas")
    return [
        item["metadata"]["name"],
        f"{reference['kind']}/{reference['name']}",
        _targets(spec.get("metrics", []), status.get("currentMetrics") or []),
        UNSET if minimum is None else str(minimum),
        spec["maxReplicas"],
        status.get("currentReplicas", 0),
        created(item, now),
    ]


def _targets(metrics: list[Object], current: list[Object]) -> str:
    if not metrics:
        return NONE
    shown = []
    for number, metric in enumerate(metrics):
        if metric["type"] != "Resource":
            shown.append(f"{UNKNOWN}/{metric['type']}")
            continue
        name = metric["resource"]["name"]
        target = metric["resource"]["target"]
        now = current[number]["resource"]["current"] if number < len(current) else {}
        if "averageUtilization" in target:
            at = now.get("averageUtilization")
            is_at = UNKNOWN if at is None else f"{at}%"
            shown.append(f"{name}: {is_at}/{target['averageUtilization']}%")
        else:
            value = target.get("averageValue")
            shown.append(f"{name}: {now.get('averageValue', UNKNOWN)}/{value}")
    more = len(shown) - _TARGETS_SHOWN
    text = ", ".join(shown[:_TARGETS_SHOWN])
    return f"{text} + {more} more..." if more > 0 else text


def budget_cells(item: Object, now: float) -> Cells:
    spec = item["spec"]
    return [
        item["metadata"]["name"],
        str(spec.get("minAvailable", "N/A")),
        str(spec.get("maxUnavailable", "N/A")),
        item.get("status", {}).get("disruptionsAllowed", 0),
        created(item, now),
    ]
