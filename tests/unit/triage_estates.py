"""Kubernetes objects as an API server returns them, and the estate they make; times are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.evidence import EvidenceState, Observation
from bot.domain.kinds import KINDS
from bot.triage.assembly import estate_of
from bot.triage.facts import Reading
from bot.triage.objects import ObjectRef

if TYPE_CHECKING:
    from bot.triage.estate import Estate

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CLUSTER = "prod-eu"
LABELS = {
    "pods": "E1",
    "deployments": "E2",
    "statefulsets": "E3",
    "daemonsets": "E4",
    "replicasets": "E5",
    "jobs": "E6",
    "events": "E7",
    "nodes": "E8",
    "services": "E9",
    "endpointslices": "E10",
    "ingresses": "E11",
    "networkpolicies": "E12",
    "resourcequotas": "E13",
    "limitranges": "E14",
    "persistentvolumeclaims": "E15",
    "persistentvolumes": "E16",
    "storageclasses": "E17",
    "cronjobs": "E18",
    "horizontalpodautoscalers": "E19",
    "poddisruptionbudgets": "E20",
    "configmaps": "E21",
}
FAMILIES = {kind.kind: kind.plural for kind in KINDS}
Object = dict[str, Any]


def ago(**past: float) -> str:
    """A time stamp that long before NOW, such as `ago(minutes=5)`."""
    return (NOW - timedelta(**past)).strftime("%Y-%m-%dT%H:%M:%SZ")


def ref(kind: str, name: str, namespace: str = "shop") -> ObjectRef:
    return ObjectRef(cluster=CLUSTER, kind=kind, namespace=namespace, name=name)


def meta(name: str, *, created: str, owner: str = "", **more: Any) -> Object:
    """Metadata; `owner` is `Kind/name`."""
    kind, _, owner_name = owner.partition("/")
    owners = [{"kind": kind, "name": owner_name, "controller": True}] if owner else []
    return {
        "name": name,
        "namespace": "shop",
        "creationTimestamp": created,
        "ownerReferences": owners,
        **more,
    }


def container(
    name: str = "app",
    *,
    waiting: str = "",
    message: str = "",
    exit_code: int | None = None,
    reason: str = "Error",
    ended: str = "",
    current: bool = False,
    restarts: int = 0,
    ready: bool = False,
    end_message: str = "",
) -> Object:
    """One container status; `current` says that the end is its present state."""
    state: Object = {"running": {"startedAt": ago(minutes=1)}}
    last: Object = {}
    if exit_code is not None:
        end = {
            "terminated": {
                "exitCode": exit_code,
                "reason": reason,
                "message": end_message,
                "finishedAt": ended or ago(minutes=2),
            }
        }
        state, last = (end, {}) if current else (state, end)
    if waiting:
        state = {"waiting": {"reason": waiting, "message": message}}
    return {
        "name": name,
        "image": "registry.example.com/shop/app:1.0",
        "ready": ready,
        "restartCount": restarts,
        "state": state,
        "lastState": last,
    }


def pod(
    name: str = "app-1",
    *statuses: Object,
    phase: str = "Running",
    ready: bool = False,
    owner: str = "ReplicaSet/app-abc",
    created: str = "",
    unschedulable: str = "",
    limit: str = "",
    claim: str = "",
    node: str = "node-1",
    init: tuple[Object, ...] = (),
    **status: Any,
) -> Object:
    conditions = [{"type": "Ready", "status": "True" if ready else "False"}]
    if unschedulable:
        conditions.append(
            {
                "type": "PodScheduled",
                "status": "False",
                "reason": "Unschedulable",
                "message": unschedulable,
            }
        )
    limits = {"resources": {"limits": {"memory": limit}}} if limit else {}
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": claim}}] if claim else []
    return {
        "kind": "Pod",
        "metadata": meta(name, created=created or ago(hours=1), owner=owner),
        "spec": {
            "nodeName": node,
            "containers": [{"name": one["name"], **limits} for one in statuses],
            "volumes": volumes,
        },
        "status": {
            "phase": phase,
            "conditions": conditions,
            "containerStatuses": list(statuses),
            "initContainerStatuses": list(init),
            **status,
        },
    }


def deployment(
    name: str = "app", *, desired: int = 2, ready: int = 1, conditions: Any = ()
) -> Object:
    return {
        "kind": "Deployment",
        "metadata": meta(name, created=ago(days=30)),
        "spec": {"replicas": desired},
        "status": {"readyReplicas": ready, "conditions": list(conditions)},
    }


def replica_set(
    name: str = "app-abc",
    *,
    number: int = 1,
    owner: str = "Deployment/app",
    created: str = "",
    desired: int = 1,
    ready: int = 0,
    image: str = "registry.example.com/shop/app:1.0",
) -> Object:
    return {
        "kind": "ReplicaSet",
        "metadata": meta(
            name,
            created=created or ago(days=30),
            owner=owner,
            annotations={"deployment.kubernetes.io/revision": str(number)},
        ),
        "spec": {
            "replicas": desired,
            "template": {"spec": {"containers": [{"name": "app", "image": image}]}},
        },
        "status": {"readyReplicas": ready},
    }


def event(
    about: str,
    reason: str,
    message: str = "",
    *,
    first: str = "",
    last: str = "",
    warning: bool = True,
    count: int = 1,
) -> Object:
    """One event; `about` is `Kind/name`."""
    kind, _, name = about.partition("/")
    return {
        "kind": "Event",
        "metadata": {"name": f"{name}.1", "namespace": "shop"},
        "involvedObject": {"kind": kind, "name": name, "namespace": "shop"},
        "type": "Warning" if warning else "Normal",
        "reason": reason,
        "message": message,
        "count": count,
        "firstTimestamp": first or ago(minutes=30),
        "lastTimestamp": last or ago(minutes=1),
    }


def node(name: str = "node-1", *, ready: str = "True", pressure: str = "") -> Object:
    conditions = [
        {
            "type": "Ready",
            "status": ready,
            "message": "Kubelet stopped posting node status.",
            "lastTransitionTime": ago(minutes=20),
        }
    ]
    if pressure:
        conditions.append(
            {"type": pressure, "status": "True", "lastTransitionTime": ago(minutes=15)}
        )
    return {"kind": "Node", "metadata": {"name": name}, "status": {"conditions": conditions}}


def job(
    name: str,
    *,
    outcome: str = "Failed",
    reason: str = "BackoffLimitExceeded",
    created: str = "",
    owner: str = "CronJob/nightly",
) -> Object:
    """One Job; an empty outcome is a Job that runs."""
    conditions = []
    if outcome:
        conditions = [
            {
                "type": outcome,
                "status": "True",
                "reason": reason,
                "lastTransitionTime": created or ago(minutes=30),
            }
        ]
    return {
        "kind": "Job",
        "metadata": meta(name, created=created or ago(minutes=40), owner=owner),
        "status": {"conditions": conditions},
    }


def readings_of(*items: Any, namespace: str | None = None) -> tuple[Reading, ...]:
    """What the lists of all families would have brought."""
    return tuple(
        Reading(
            family=family,
            observation=Observation(
                tool="kubectl",
                source=family,
                query=f"kubectl get {family}",
                cluster=CLUSTER,
                namespace=namespace,
                state=EvidenceState.OK,
                body="",
                collected_at=NOW,
                took_s=0.0,
            ),
            items=tuple(item for item in items if FAMILIES.get(item.get("kind", "")) == family),
        )
        for family in LABELS
    )


def estate(*items: Object, namespace: str | None = None) -> Estate:
    """The estate of these objects, every family of it in the ledger as in LABELS."""
    return estate_of(
        CLUSTER,
        readings_of(*items, namespace=namespace),
        at=NOW,
        labels={(family, namespace): label for family, label in LABELS.items()},
    )
