"""How many ready pods the workloads of a node had before it is drained, and whether they have them.

Disruption budgets keep that up while a node is emptied, where there are any; for workloads without
one it is kept up here: their next pod goes when the one before was replaced.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.drainage import BUDGET_TURN, label_of, owner_in
from safe_ops.model.fields import dig, number, text
from safe_ops.model.objects import (
    controller_of,
    is_ready,
    is_terminating,
    name_of,
    namespace_of,
    selector_text,
    uid_of,
)
from safe_ops.operations.cluster_paths import list_path, path_to
from safe_ops.operations.evicting import evicted_pod, evicted_uid, is_eviction

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safe_ops.model.plans import Call, Json, Plan
    from safe_ops.model.surveys import ClusterSurvey, Object
    from safe_ops.ports.reach import ClusterEstate


def readiness(survey: ClusterSurvey, leaving: Iterable[Object]) -> Json:
    """Return for each controller of the pods how many it has ready, as what is kept of it."""
    owners = {uid_of(owner): owner for pod in leaving if (owner := owner_in(survey.owners, pod))}
    return [
        {
            "kind": text(owner, "kind"),
            "namespace": namespace_of(owner),
            "name": name_of(owner),
            "uid": uid,
            "ready": number(owner, "status", "readyReplicas"),
        }
        for uid, owner in sorted(owners.items())
    ]


def behind(was: Object, cluster: ClusterEstate) -> str:
    """Return how a controller lags behind what it was, in a sentence; empty if it does not.

    One that is gone or was scaled down meanwhile needs no more pods than it wants.
    """
    owner = cluster.get(path_to(was["kind"], was["name"], was["namespace"]))
    wanted = _floor(was, owner)
    ready = number(owner, "status", "readyReplicas")
    return "" if ready >= wanted else f"{_spelled(was)} has {ready} of {wanted} ready"


def awaited(plan: Plan, call: Call, cluster: ClusterEstate) -> str:
    """Return which replacement an eviction has to wait for; empty where it may be made now.

    Pods are counted themselves: what a controller says of them is some moments old.
    """
    turn = next((step.group for step in plan.drawing.steps if step.call == call), "")
    if not is_eviction(call) or turn.startswith(BUDGET_TURN):
        return ""
    pod = cluster.get(evicted_pod(call))
    if pod is None or uid_of(pod) != evicted_uid(call) or is_terminating(pod):
        return ""
    controller = text(controller_of(pod), "uid")
    kept = plan.drawing.snapshot["workloads"]
    was = next((one for one in kept if one.get("uid") == controller), None)
    if was is None:
        return ""
    owner = cluster.get(path_to(was["kind"], was["name"], was["namespace"]))
    others = _floor(was, owner) - 1
    if others < 1:
        return ""
    ready = sum(
        is_ready(one) and not is_terminating(one) and uid_of(one) != uid_of(pod)
        for one in cluster.items(
            list_path("Pod", was["namespace"]),
            labels=selector_text(dig(owner, "spec", "selector")),
        )
        if text(controller_of(one), "uid") == controller
    )
    if ready >= others:
        return ""
    return (
        f"{_spelled(was)} has {ready} of the {others} ready pods it had beside {label_of(pod)}, "
        "which goes when those before it were replaced"
    )


def _floor(was: Object, owner: Object | None) -> int:
    return min(was["ready"], number(owner, "spec", "replicas", default=1)) if owner else 0


def _spelled(was: Object) -> str:
    return f"{was['kind']} {was['namespace']}/{was['name']}"
