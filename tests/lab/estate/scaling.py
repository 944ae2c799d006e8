"""What governs the size of a scenario's workloads: autoscalers and disruption budgets."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tests.lab.estate import when

if TYPE_CHECKING:
    from tests.lab.estate.builder import ClusterBuilder

Object = dict[str, Any]


def add_autoscaler(builder: ClusterBuilder, workload: Object, given: Object) -> None:
    """Write the HorizontalPodAutoscaler: `hpa: {min, max, cpu: target %, now: current %}`.

    `blind` is the message of an autoscaler that gets no metrics, `since` when that began.
    """
    meta, wanted = workload["metadata"], given["hpa"]
    replicas = workload["spec"]["replicas"]
    created = builder.at(given.get("created", "-30d"))
    stamp = when.stamp(created)
    target = {"type": "Utilization", "averageUtilization": wanted["cpu"]}
    current = {"averageUtilization": wanted.get("now", 35), "averageValue": "35m"}
    limited = replicas >= wanted["max"]
    blind = wanted.get("blind", "")
    active = _condition("ScalingActive", "ValidMetricFound", stamp)
    if blind:
        since = when.stamp(builder.at(wanted.get("since", "-20m")))
        active = _condition("ScalingActive", "FailedGetResourceMetric", since, holds=False)
        active["message"] = blind
    builder.cluster.apply(
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {
                "name": meta["name"],
                "namespace": meta["namespace"],
                "labels": {"app": meta["name"]},
                "creationTimestamp": stamp,
            },
            "spec": {
                "scaleTargetRef": {
                    "apiVersion": workload["apiVersion"],
                    "kind": workload["kind"],
                    "name": meta["name"],
                },
                "minReplicas": wanted["min"],
                "maxReplicas": wanted["max"],
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
            },
            "status": {
                "currentReplicas": replicas,
                "desiredReplicas": replicas,
                "currentMetrics": []
                if blind
                else [{"type": "Resource", "resource": {"name": "cpu", "current": current}}],
                "conditions": [
                    _condition("AbleToScale", "ReadyForNewScale", stamp),
                    active,
                    _condition(
                        "ScalingLimited",
                        "TooManyReplicas" if limited else "DesiredWithinRange",
                        stamp,
                        holds=limited,
                    ),
                ],
            },
        }
    )


def _condition(type_: str, reason: str, at: str, *, holds: bool = True) -> Object:
    return {
        "type": type_,
        "status": str(holds),
        "reason": reason,
        "message": "",
        "lastTransitionTime": at,
    }


def add_budget(builder: ClusterBuilder, workload: Object, given: Object) -> None:
    """Write the PodDisruptionBudget: `pdb: {min_available: n}` or `{max_unavailable: n}`."""
    meta, wanted = workload["metadata"], given["pdb"]
    spec: Object = {"selector": {"matchLabels": {"app": meta["name"]}}}
    if "min_available" in wanted:
        spec["minAvailable"] = wanted["min_available"]
    else:
        spec["maxUnavailable"] = wanted["max_unavailable"]
    created = when.stamp(builder.at(given.get("created", "-30d")))
    status = budget_status(
        spec,
        healthy=workload["status"].get("readyReplicas", 0),
        expected=workload["spec"]["replicas"],
        generation=1,
        at=created,
    )
    builder.cluster.apply(
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {
                "name": meta["name"],
                "namespace": meta["namespace"],
                "labels": {"app": meta["name"]},
                "creationTimestamp": created,
                "generation": 1,
            },
            "spec": spec,
            "status": status,
        }
    )


def budget_status(spec: Object, *, healthy: int, expected: int, generation: int, at: str) -> Object:
    """What the disruption controller reports; percentages are rounded up, as it does."""
    if "minAvailable" in spec:
        needed = _of(spec["minAvailable"], expected)
    else:
        needed = max(0, expected - _of(spec.get("maxUnavailable", 0), expected))
    allowed = max(0, healthy - needed) if expected else 0
    reason = "SufficientPods" if allowed else "InsufficientPods"
    return {
        "observedGeneration": generation,
        "disruptionsAllowed": allowed,
        "currentHealthy": healthy,
        "desiredHealthy": needed,
        "expectedPods": expected,
        "conditions": [_condition("DisruptionAllowed", reason, at, holds=allowed > 0)],
    }


def _of(amount: int | str, expected: int) -> int:
    if isinstance(amount, int):
        return amount
    return math.ceil(expected * float(amount.removesuffix("%")) / 100)
