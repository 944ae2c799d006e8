"""For each guard of each operation on workloads: the one change that makes it alone refuse."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.unit.safe_ops.workload_estate import (
    APPS,
    CART,
    CORE,
    HPA,
    PDB,
    QUOTA,
    RANGE,
    ago,
    autoscaler,
    deployment,
    meta,
    node,
    stateful_set,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.safe_ops.situations_workloads import Situation

KEDA = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects/cart"
VPA = "/apis/autoscaling.k8s.io/v1/namespaces/shop/verticalpodautoscalers/all"


def put(path: str, *fields: str, value: Any, at: str = CART) -> Callable[[Situation], None]:
    """Set one field of an object; `path` is its first step."""

    def change(here: Situation) -> None:
        holder = here.objects[at]
        for step in (path, *fields)[:-1]:
            holder = holder.setdefault(step, {})
        holder[(path, *fields)[-1]] = value

    return change


def held_by_argo(*fields: str, at: str = CART) -> Callable[[Situation], None]:
    held: Any = {}
    for name in reversed(fields):
        held = {f"f:{name}": held}
    return put(
        "metadata",
        "managedFields",
        value=[{"manager": "argocd-controller", "operation": "Apply", "fieldsV1": held}],
        at=at,
    )


def owned(here: Situation) -> None:
    here.objects[CART]["metadata"]["ownerReferences"] = [
        {"kind": "Rollout", "name": "cart", "uid": "u", "controller": True}
    ]


def no_pods(here: Situation) -> None:
    here.objects[CART] = deployment("cart", replicas=0)


def tight_budget(here: Situation) -> None:
    here.objects[PDB]["status"]["disruptionsAllowed"] = 0


def hastily_replaced(here: Situation) -> None:
    """Revision 7 came ten minutes after revision 6."""
    here.objects[f"{APPS}/replicasets/cart-hash6"]["metadata"]["creationTimestamp"] = ago(
        days=1, minutes=10
    )


def on_delete(here: Situation) -> None:
    here.asked |= {"kind": "StatefulSet", "name": "db"}
    here.objects[f"{APPS}/statefulsets/db"]["spec"]["updateStrategy"] = {"type": "OnDelete"}


def without_limits(here: Situation) -> None:
    del here.objects[f"{CORE}/configmaps/cart-limits"]


def scaled_by_hpa(here: Situation) -> None:
    here.objects[HPA.replace("/web", "/cart")] = autoscaler("cart")


def full_nodes(here: Situation) -> None:
    here.objects["/api/v1/nodes/n1"] = node("n1", cpu="2200m")
    here.objects["/api/v1/nodes/n2"] = node("n2", cpu="400m")


def vertical(name: str, mode: str = "Auto") -> Callable[[Situation], None]:
    def change(here: Situation) -> None:
        here.objects[VPA] = {
            "metadata": meta("all"),
            "spec": {
                "targetRef": {"kind": "Deployment", "name": name},
                "updatePolicy": {"updateMode": mode},
            },
        }

    return change


def to_zero(here: Situation) -> None:
    here.asked["replicas"] = 0
    del here.objects[PDB]


def deletes_volumes(here: Situation) -> None:
    here.asked |= {"kind": "StatefulSet", "name": "db", "replicas": 2}
    made = stateful_set()
    made["spec"]["persistentVolumeClaimRetentionPolicy"] = {"whenScaled": "Delete"}
    here.objects[f"{APPS}/statefulsets/db"] = made


def same_as_now(here: Situation) -> None:
    here.asked["to_revision"] = 7


def twice_and_more(here: Situation) -> None:
    here.asked |= {"memory_limit": "2Gi", "memory_request": "512Mi"}


def above_limit(here: Situation) -> None:
    del here.asked["memory_limit"]


def applied_by_argo(here: Situation) -> None:
    """Somebody's edit took the field from Argo CD's list; Git has it still."""
    held = here.objects[CART]["metadata"]
    held["annotations"] |= {
        "argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/cart",
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"spec": {"replicas": 4}}),
    }
    held["managedFields"] = [{"manager": "kubectl", "fieldsV1": {"f:spec": {"f:replicas": {}}}}]


BREAKS: dict[tuple[str, str], Callable[[Situation], None]] = {
    ("rollout_restart", "has-pods"): no_pods,
    ("rollout_restart", "not-paused"): put("spec", "paused", value=True),
    ("rollout_restart", "no-rollout-in-progress"): put("status", "updatedReplicas", value=3),
    ("rollout_restart", "update-strategy"): on_delete,
    ("rollout_restart", "disruption-budget"): tight_budget,
    ("rollout_restart", "ownership"): owned,
    ("rollout_undo", "not-paused"): put("spec", "paused", value=True),
    ("rollout_undo", "update-strategy"): on_delete,
    ("rollout_undo", "template-differs"): same_as_now,
    ("rollout_undo", "healthy-history"): hastily_replaced,
    ("rollout_undo", "references"): without_limits,
    ("rollout_undo", "ownership"): held_by_argo("spec", "template"),
    ("rollout_pause", "is-running"): put("spec", "paused", value=True),
    ("rollout_pause", "rollout-in-progress"): put("status", "updatedReplicas", value=4),
    ("rollout_pause", "ownership"): held_by_argo("spec", "paused"),
    ("rollout_resume", "is-paused"): put("spec", "paused", value=False),
    ("rollout_resume", "paused-by-us"): put("metadata", "annotations", value={}),
    ("rollout_resume", "ownership"): held_by_argo("spec", "paused"),
    ("scale_up", "ceiling"): put("spec", "replicas", value=2),
    ("scale_up", "autoscaler"): scaled_by_hpa,
    ("scale_up", "quota"): put("status", "used", "requests.cpu", value="19500m", at=QUOTA),
    ("scale_up", "node-room"): full_nodes,
    ("scale_up", "ownership"): held_by_argo("spec", "replicas"),
    ("scale_down", "not-to-zero"): to_zero,
    ("scale_down", "keeps-volumes"): deletes_volumes,
    ("scale_down", "utilisation"): lambda here: setattr(here.metrics, "cpu", 1.06),
    ("scale_down", "requests"): lambda here: setattr(here.metrics, "requests", 21.6),
    ("scale_down", "disruption-budget"): put("spec", "minAvailable", value=4, at=PDB),
    ("scale_down", "autoscaler"): scaled_by_hpa,
    ("scale_down", "ownership"): applied_by_argo,
    ("hpa_bounds", "bounds"): lambda here: here.asked.update(min_replicas=5),
    ("hpa_bounds", "autoscaler-works"): put("status", "conditions", value=[], at=HPA),
    ("hpa_bounds", "vertical-autoscaler"): vertical("web"),
    ("hpa_bounds", "quota"): put("status", "used", "requests.cpu", value="19500m", at=QUOTA),
    ("hpa_bounds", "node-room"): full_nodes,
    ("hpa_bounds", "ownership"): held_by_argo("spec", "maxReplicas", at=HPA),
    ("set_resources", "not-paused"): put("spec", "paused", value=True),
    ("set_resources", "step"): twice_and_more,
    ("set_resources", "request-within-limit"): above_limit,
    ("set_resources", "limit-range"): put(
        "spec", "limits", value=[{"type": "Container", "max": {"memory": "1000Mi"}}], at=RANGE
    ),
    ("set_resources", "quota"): put("status", "used", "requests.memory", value="19.5Gi", at=QUOTA),
    ("set_resources", "largest-node"): lambda here: here.objects.update(
        {f"/api/v1/nodes/n{n}": node(f"n{n}", memory="700Mi") for n in (1, 2)}
    ),
    ("set_resources", "vertical-autoscaler"): vertical("cart"),
    ("set_resources", "ownership"): held_by_argo("spec", "template", "spec", "containers"),
}

OPERATIONS = tuple(dict.fromkeys(operation for operation, _ in BREAKS))
