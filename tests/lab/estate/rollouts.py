"""How a rolling update counts: its strategy, where it comes to a stand, the status it reports."""

from __future__ import annotations

import math
from typing import Any

from tests.lab.estate import when

Object = dict[str, Any]

PROGRESS_DEADLINE_S = 600  # the API's default progressDeadlineSeconds


def strategy_of(given: Object) -> Object:
    """The strategy of a Deployment: `recreate`, or a rolling update with given bounds."""
    wanted = given.get("strategy", {})
    if wanted == "recreate":
        return {"type": "Recreate"}
    return {
        "type": "RollingUpdate",
        "rollingUpdate": {
            "maxUnavailable": wanted.get("max_unavailable", "25%"),
            "maxSurge": wanted.get("max_surge", "25%"),
        },
    }


def part(amount: int | str, of: int, *, up: bool) -> int:
    """A count of pods, given as such or as a percentage of `of`."""
    if isinstance(amount, int):
        return amount
    share = of * float(amount.removesuffix("%")) / 100
    return math.ceil(share) if up else math.floor(share)


def standing(given: Object, replicas: int) -> tuple[int, int]:
    """Old and new pods of a rollout that cannot go on."""
    strategy = strategy_of(given)
    if strategy["type"] == "Recreate":
        return 0, replicas
    rolling = strategy["rollingUpdate"]
    spared = part(rolling["maxUnavailable"], replicas, up=False)
    surge = part(rolling["maxSurge"], replicas, up=True)
    return replicas - spared, spared + surge


def deployment_status(
    deployment: Object, sets: list[Object], *, rolled_out_at: float, now: float
) -> Object:
    """The status a Deployment reports, given its ReplicaSets (oldest first)."""
    replicas = deployment["spec"]["replicas"]
    total = sum(item["status"]["replicas"] for item in sets)
    ready = sum(item["status"].get("readyReplicas", 0) for item in sets)
    updated = sets[-1]["status"]["replicas"]
    done = sets[-1]["status"].get("readyReplicas", 0) >= replicas
    strategy = deployment["spec"]["strategy"].get("rollingUpdate", {"maxUnavailable": 0})
    spared = part(strategy["maxUnavailable"], replicas, up=False)
    available = ready >= replicas - spared
    set_name = sets[-1]["metadata"]["name"]
    late = now - rolled_out_at > PROGRESS_DEADLINE_S
    if done:
        progress = ("True", "NewReplicaSetAvailable", "has successfully progressed.")
    elif late:
        progress = ("False", "ProgressDeadlineExceeded", "has timed out progressing.")
    else:
        progress = ("True", "ReplicaSetUpdated", "is progressing.")
    moved = rolled_out_at + (30 if done else PROGRESS_DEADLINE_S if late else 5)
    conditions = [
        _condition(
            "Available",
            "True" if available else "False",
            "MinimumReplicasAvailable" if available else "MinimumReplicasUnavailable",
            f"Deployment {'has' if available else 'does not have'} minimum availability.",
            rolled_out_at + 5,
        ),
        _condition(
            "Progressing", progress[0], progress[1], f'ReplicaSet "{set_name}" {progress[2]}', moved
        ),
    ]
    status: Object = {
        "observedGeneration": deployment["metadata"]["generation"],
        "conditions": conditions,
    }
    counts = {
        "replicas": total,
        "updatedReplicas": updated,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "unavailableReplicas": max(0, total - ready, replicas - ready),
    }
    return status | {field: count for field, count in counts.items() if count}


def _condition(type_: str, status: str, reason: str, message: str, at: float) -> Object:
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "lastUpdateTime": when.stamp(at),
        "lastTransitionTime": when.stamp(at),
    }
