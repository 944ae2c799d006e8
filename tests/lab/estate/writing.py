"""Writes that happen only when something differs, so that a controller can tell it has settled."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from tests.lab.estate import when

if TYPE_CHECKING:
    from tests.lab.estate.store import SimulatedCluster

Object = dict[str, Any]


def store(cluster: SimulatedCluster, item: Object, *, status: Object) -> None:
    """Give an object another status, unless it has it."""
    if item.get("status", {}) == status:
        return
    changed = deepcopy(item)
    changed["status"] = status
    cluster.apply(changed)


def settled_status(earlier: Object, later: Object, *, now: float) -> Object:
    """The later status, with the times of conditions that did not change and none to come."""
    known = {one["type"]: one for one in earlier.get("conditions", ())}
    conditions = []
    for one in later["conditions"]:
        before = known.get(one["type"], {})
        made = {
            key: min(value, when.stamp(now)) if key.endswith("Time") else value
            for key, value in one.items()
        }
        if before.get("status") == one["status"] and "lastTransitionTime" in before:
            made["lastTransitionTime"] = before["lastTransitionTime"]
            if "lastUpdateTime" in before and before.get("reason") == one.get("reason"):
                made["lastUpdateTime"] = before["lastUpdateTime"]
        conditions.append(made)
    return later | {"conditions": conditions}
