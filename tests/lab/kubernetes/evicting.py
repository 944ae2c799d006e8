"""Evictions: what disruption budgets allow, as registry/core/pod/storage/eviction.go decides it."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from tests.lab.estate import when
from tests.lab.estate.pod_status import is_ready
from tests.lab.kubernetes.changing import check_preconditions
from tests.lab.kubernetes.selectors import selects
from tests.lab.kubernetes.serving import one
from tests.lab.kubernetes.status import StatusError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.estate.store import SimulatedCluster
    from tests.lab.kubernetes.changing import Write

Object = dict[str, Any]

_BUDGETS = "poddisruptionbudgets.policy"
_STILL_PROCESSED_S = 10


def evict(cluster: SimulatedCluster, write: Write, forget: Callable[[Object, str], None]) -> Object:
    """Let a pod go if its budget allows it; the Status of success."""
    body = write.body if isinstance(write.body, dict) else {}
    options = body.get("deleteOptions") or {}
    named = (body.get("metadata") or {}).get("name", "")
    if named != write.route.name:
        raise StatusError(
            400,
            f"name in URL does not match name in Eviction object: {write.route.name} != {named}",
        )
    with cluster.alone:
        pod = one(cluster, write.route)
        budget = None if _needs_none(pod) else _budget_of(cluster, pod)
        spends = budget is not None and not _is_free(budget, pod)
        if budget is not None and spends:
            _check_budget(budget)
        check_preconditions(write.route, pod, options.get("preconditions"))
        if not write.dry_run:
            if budget is not None and spends:
                _spend(cluster, budget, pod)
            _let_go(cluster, pod, options, forget)
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}


def _needs_none(pod: Object) -> bool:
    """Pods that never ran, ended, or are going already are evicted past any budget."""
    going = "deletionTimestamp" in pod["metadata"]
    return going or pod["status"].get("phase") in {"Pending", "Succeeded", "Failed"}


def _budget_of(cluster: SimulatedCluster, pod: Object) -> Object | None:
    namespace = pod["metadata"]["namespace"]
    found = [
        budget
        for budget in cluster.listed(_BUDGETS, namespace)
        if selects(budget["spec"].get("selector"), pod)
    ]
    if len(found) > 1:
        raise StatusError(
            500,
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does"
            " not support.",
        )
    return found[0] if found else None


def _is_free(budget: Object, pod: Object) -> bool:
    """A pod that is not ready takes nothing from a budget that is kept without it."""
    if is_ready(pod["status"]):
        return False
    if budget["spec"].get("unhealthyPodEvictionPolicy") == "AlwaysAllow":
        return True
    status = budget["status"]
    return bool(status["currentHealthy"] >= status["desiredHealthy"] > 0)


def _check_budget(budget: Object) -> None:
    name, status = budget["metadata"]["name"], budget["status"]
    if status.get("observedGeneration", 0) < budget["metadata"].get("generation", 1):
        raise _later(
            f"The disruption budget {name} is still being processed by the server.",
            retry_after_s=_STILL_PROCESSED_S,
        )
    if status["disruptionsAllowed"] < 1:
        raise _later(
            f"The disruption budget {name} needs {status['desiredHealthy']} healthy pods and has"
            f" {status['currentHealthy']} currently"
        )


def _later(why: str, *, retry_after_s: int | None = None) -> StatusError:
    return StatusError(
        429,
        "Cannot evict pod as it would violate the pod's disruption budget.",
        details={"causes": [{"reason": "DisruptionBudget", "message": why}]},
        retry_after_s=retry_after_s,
    )


def _spend(cluster: SimulatedCluster, budget: Object, pod: Object) -> None:
    spent = deepcopy(budget)
    spent["status"]["disruptionsAllowed"] -= 1
    disrupted = spent["status"].setdefault("disruptedPods", {})
    disrupted[pod["metadata"]["name"]] = when.stamp(cluster.clock.now())
    cluster.apply(spent)


def _let_go(
    cluster: SimulatedCluster,
    pod: Object,
    options: Object,
    forget: Callable[[Object, str], None],
) -> None:
    now = when.stamp(cluster.clock.now())
    going = deepcopy(pod)
    if "deletionTimestamp" not in going["metadata"]:
        going["metadata"] |= {
            "deletionTimestamp": now,
            "deletionGracePeriodSeconds": options.get(
                "gracePeriodSeconds", pod["spec"].get("terminationGracePeriodSeconds", 30)
            ),
        }
        going["status"].setdefault("conditions", []).append(
            {
                "type": "DisruptionTarget",
                "status": "True",
                "reason": "EvictionByEvictionAPI",
                "message": "Eviction API: evicting",
                "lastProbeTime": None,
                "lastTransitionTime": now,
            }
        )
    forget(cluster.apply(going), "Background")
