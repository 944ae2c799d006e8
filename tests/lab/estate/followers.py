"""What follows from other objects: budgets, endpoints, an autoscaler's size, a cordon's taint."""

from __future__ import annotations

import math
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from tests.lab.estate import when
from tests.lab.estate.network import list_backends
from tests.lab.estate.podlife import counts_as_ready
from tests.lab.estate.scaling import budget_status
from tests.lab.estate.writing import settled_status, store
from tests.lab.kubernetes.kinds import kind_of
from tests.lab.kubernetes.selectors import selects

if TYPE_CHECKING:
    from tests.lab.estate.podlife import PodLife
    from tests.lab.estate.store import SimulatedCluster

Object = dict[str, Any]

_UNSCHEDULABLE = "node.kubernetes.io/unschedulable"


def follow(life: PodLife, namespace: str) -> None:
    """Bring a namespace's budgets and endpoints up to its pods."""
    cluster = life.cluster
    pods = cluster.listed("pods", namespace)
    for budget in cluster.listed("poddisruptionbudgets.policy", namespace):
        _follow_budget(life, budget, pods)
    slices = cluster.listed("endpointslices.discovery.k8s.io", namespace)
    for service in cluster.listed("services", namespace):
        listed = {
            endpoint["targetRef"]["uid"]: endpoint["conditions"]["ready"]
            for one in slices
            if one["metadata"]["labels"].get("kubernetes.io/service-name")
            == service["metadata"]["name"]
            for endpoint in one["endpoints"] or ()
            if "targetRef" in endpoint
        }
        if listed and listed != _backends(service, pods):
            list_backends(life.builder, service)


def _backends(service: Object, pods: list[Object]) -> dict[str, bool]:
    selector = service["spec"].get("selector") or {}
    return {
        pod["metadata"]["uid"]: counts_as_ready(pod)
        for pod in pods
        if selector.items() <= pod["metadata"]["labels"].items()
        and "podIP" in pod["status"]
        and "deletionTimestamp" not in pod["metadata"]
    }


def _follow_budget(life: PodLife, budget: Object, pods: list[Object]) -> None:
    chosen = [pod for pod in pods if selects(budget["spec"].get("selector"), pod)]
    owners = {ref["uid"]: ref for pod in chosen for ref in _controllers(pod)}
    namespace = budget["metadata"]["namespace"]
    tops = {
        top["metadata"]["uid"]: top["spec"].get("replicas", 0)
        for ref in owners.values()
        for top in [top_of(life.cluster, ref, namespace)]
        if top is not None
    }
    now = life.now()
    meta = budget["metadata"]
    status = budget_status(
        budget["spec"],
        healthy=sum(counts_as_ready(pod) for pod in chosen),
        expected=sum(tops.values()),
        generation=meta.get("generation", 1),
        at=when.stamp(now),
    )
    store(life.cluster, budget, status=settled_status(budget.get("status", {}), status, now=now))


def _controllers(item: Object) -> list[Object]:
    return [ref for ref in item["metadata"].get("ownerReferences", ()) if ref.get("controller")]


def top_of(cluster: SimulatedCluster, ref: Object, namespace: str) -> Object | None:
    """The object at the top of a controller reference, of a job's pods the job; None if gone."""
    key = kind_of(ref["apiVersion"], ref["kind"]).key
    found = cluster.peek(key, namespace, ref["name"])
    if found is None or found["metadata"]["uid"] != ref["uid"]:
        return None
    above = _controllers(found) if found["kind"] != "Job" else []
    return (top_of(cluster, above[0], namespace) if above else None) or found


def follow_cordon(life: PodLife, node: Object) -> bool:
    """Give a cordoned node its taint, or take it away again; whether it had to be changed."""
    taints = node["spec"].get("taints", [])
    has = any(taint["key"] == _UNSCHEDULABLE for taint in taints)
    wants = bool(node["spec"].get("unschedulable"))
    if has == wants:
        return False
    changed = deepcopy(node)
    kept = [taint for taint in taints if taint["key"] != _UNSCHEDULABLE]
    if wants:
        added = when.stamp(life.now())
        kept.append({"key": _UNSCHEDULABLE, "effect": "NoSchedule", "timeAdded": added})
    changed["spec"].pop("taints", None)
    if kept:
        changed["spec"]["taints"] = kept
    life.cluster.apply(changed)
    return True


def follow_load(life: PodLife, autoscaler: Object) -> Object | None:
    """Size an autoscaler's target by its load and bounds; the target if that changed it."""
    cluster, spec, status = life.cluster, autoscaler["spec"], autoscaler.get("status", {})
    ref, namespace = spec["scaleTargetRef"], autoscaler["metadata"]["namespace"]
    key = kind_of(ref["apiVersion"], ref["kind"]).key
    target = cluster.peek(key, namespace, ref["name"])
    if target is None or not target["spec"]["replicas"]:
        return None
    replicas = target["spec"]["replicas"]
    load = _load(status)
    goal = spec["metrics"][0]["resource"]["target"]["averageUtilization"]
    ideal = replicas if load is None else math.ceil(replicas * load / goal)
    least, most = spec.get("minReplicas", 1), spec["maxReplicas"]
    desired = max(least, min(most, ideal))
    after = deepcopy(status) | {"currentReplicas": desired, "desiredReplicas": desired}
    if load is not None and desired != replicas:
        spread = after["currentMetrics"][0]["resource"]["current"]
        spread["averageUtilization"] = round(load * replicas / desired)
    for condition in after.get("conditions", ()):
        if condition["type"] == "ScalingLimited":
            limited = ideal != desired
            reason = "TooManyReplicas" if ideal > desired else "TooFewReplicas"
            condition |= {
                "status": str(limited),
                "reason": reason if limited else "DesiredWithinRange",
            }
    store(cluster, autoscaler, status=after)
    if desired == replicas:
        return None
    changed = deepcopy(target)
    changed["spec"]["replicas"] = desired
    changed["metadata"]["generation"] += 1
    return cluster.apply(changed)


def _load(status: Object) -> float | None:
    metrics = status.get("currentMetrics") or ()
    return metrics[0]["resource"]["current"].get("averageUtilization") if metrics else None
