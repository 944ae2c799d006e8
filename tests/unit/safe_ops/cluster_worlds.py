"""Small clusters as raw objects, one for each operation, in which everything is well.

A world is changed by a test, then planned from: survey, drawing, case, plan.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from safe_ops.model.actions import PastAction, State
from safe_ops.model.guarding import Case
from safe_ops.model.plans import Place, Plan, System
from safe_ops.model.surveys import Circumstances, Object
from safe_ops.operations.catalogue import CATALOGUE
from safe_ops.operations.cluster_paths import path_to
from safe_ops.operations.operation import Eyes
from safe_ops.service.rechecking import JudgesDrift
from tests.unit.safe_ops.estate import FakeCluster

if TYPE_CHECKING:
    from safe_ops.model.plans import Drawing
    from safe_ops.operations.operation import Operation

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PLACE = Place(system=System.KUBERNETES, name="eu")


def ago(**span: float) -> str:
    return (NOW - timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class World:
    """One operation, what it is asked for, and the cluster it finds."""

    operation: str
    wanted: dict[str, Any]
    objects: dict[str, Object]
    around: dict[str, Any] = field(default_factory=dict)
    now: datetime = NOW

    @property
    def subject(self) -> Operation[Any]:
        return CATALOGUE[self.operation]

    @property
    def cluster(self) -> FakeCluster:
        return FakeCluster(self.objects)

    def eyes(self, cluster: FakeCluster | None = None) -> Eyes:
        return Eyes(place=PLACE, cluster=cluster or self.cluster, now=self.now)

    def the(self, kind: str, name: str, namespace: str = "") -> Object:
        return self.objects[path_to(kind, name, namespace)]

    def add(self, *items: Object) -> None:
        self.objects.update(by_path(*items))

    def remove(self, kind: str, name: str, namespace: str = "") -> None:
        del self.objects[path_to(kind, name, namespace)]

    def case(self, cluster: FakeCluster | None = None) -> Case[Any]:
        wanted = self.subject.parameters.model_validate(self.wanted)
        # What was read is the reader's own: a later change of the world must not reach into it.
        survey = copy.deepcopy(self.subject.survey(wanted, self.eyes(cluster)))
        circumstances: dict[str, Any] = {"now": self.now, "environment": "prod"} | self.around
        return Case(
            parameters=wanted.model_dump(),
            survey=survey,
            drawing=self.subject.draw(wanted, survey, PLACE),
            circumstances=Circumstances(**circumstances),
        )

    def drawing(self) -> Drawing:
        return self.case().drawing

    def plan(self) -> Plan:
        drawing = self.drawing()
        return Plan(
            operation=self.operation,
            version=self.subject.version,
            environment="prod",
            tier=drawing.tier,
            parameters=self.wanted,
            provenance={},
            drawing=drawing,
            rulings=(),
            dry_run=(),
            needs=(),
            policy_hash="hash",
            requester="ana",
            created_at=self.now,
            expires_at=self.now + timedelta(hours=1),
            nonce="n",
        )

    def drift(self, plan: Plan) -> str:
        """Return what the operation calls drift between a plan and the world of now."""
        assert isinstance(self.subject, JudgesDrift)
        return self.subject.drifted(plan, self.drawing())

    def refusals(self, *, without: str = "") -> list[str]:
        case = self.case()
        guards = [guard for guard in self.subject.guards if guard.name != without]
        return [guard.name for guard in guards if not guard.decide(case).passed]


def by_path(*items: Object) -> dict[str, Object]:
    return {
        path_to(item["kind"], item["metadata"]["name"], item["metadata"].get("namespace", "")): item
        for item in items
    }


def owned(kind: str, name: str, uid: str) -> list[Object]:
    return [{"kind": kind, "name": name, "uid": uid, "controller": True}]


def pod(
    name: str,
    *,
    namespace: str = "shop",
    node: str = "n1",
    owners: list[Object] | None = None,
    labels: dict[str, str] | None = None,
    ready: bool = True,
    phase: str = "Running",
    cpu: str = "100m",
    **spec: Any,
) -> Object:
    requests = {"cpu": cpu, "memory": "128Mi"}
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "creationTimestamp": ago(days=2),
            "labels": labels or {},
            "annotations": {},
            "ownerReferences": owners or [],
        },
        "spec": {
            "nodeName": node,
            "containers": [{"name": "app", "resources": {"requests": requests}}],
        }
        | spec,
        "status": {
            "phase": phase,
            "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
        },
    }


def node(name: str, *, ready_since: str = "", **spec: Any) -> Object:
    calm = [
        {"type": kind, "status": "False"}
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
    ]
    since = ready_since or ago(hours=8)
    return {
        "kind": "Node",
        "metadata": {
            "name": name,
            "uid": f"uid-{name}",
            "resourceVersion": "7",
            "labels": {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": "a"},
            "annotations": {},
        },
        "spec": spec,
        "status": {
            "allocatable": {"cpu": "4", "memory": "16Gi", "pods": "110"},
            "conditions": [
                *calm,
                {"type": "Ready", "status": "True", "lastTransitionTime": since},
            ],
        },
    }


def set_ready(item: Object, status: str) -> None:
    ready = next(one for one in item["status"]["conditions"] if one["type"] == "Ready")
    ready["status"] = status


def mark(item: Object, label: str) -> None:
    item["metadata"]["annotations"]["nightdesk.dev/action"] = label


def controller(
    kind: str,
    name: str,
    *,
    namespace: str = "shop",
    app: str,
    replicas: int,
    owners: list[Object] | None = None,
) -> Object:
    return {
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "ownerReferences": owners or [],
        },
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": app}}},
        "status": {"readyReplicas": replicas},
    }


def budget(name: str, *, app: str, allowed: int = 1, namespace: str = "shop") -> Object:
    return {
        "kind": "PodDisruptionBudget",
        "metadata": {"name": name, "namespace": namespace, "uid": f"uid-{name}", "generation": 1},
        "spec": {"selector": {"matchLabels": {"app": app}}, "maxUnavailable": 1},
        "status": {
            "observedGeneration": 1,
            "disruptionsAllowed": allowed,
            "currentHealthy": 3,
            "desiredHealthy": 2,
            "expectedPods": 3,
        },
    }


def past(operation: str, *, minutes: float, service: str = "eu/shop/cart") -> PastAction:
    return PastAction(
        action_id="a",
        number=4,
        operation=operation,
        environment="prod",
        target_key="eu/Pod/shop/cart-0",
        service_key=service,
        state=State.SUCCEEDED,
        requester="bo",
        changed_at=NOW - timedelta(minutes=minutes),
    )


def later(world: World, **span: float) -> World:
    """Return the same world, some time on; its objects are its own."""
    return replace(world, objects=copy.deepcopy(world.objects), now=world.now + timedelta(**span))


def of_deployment(name: str) -> list[Object]:
    return owned("ReplicaSet", f"{name}-7d", f"uid-{name}-7d")


def deployment(name: str, *, replicas: int) -> tuple[Object, Object]:
    above = controller("Deployment", name, app=name, replicas=replicas)
    above["metadata"]["labels"] = {"app": name}
    below = controller(
        "ReplicaSet",
        f"{name}-7d",
        app=name,
        replicas=replicas,
        owners=owned("Deployment", name, f"uid-{name}"),
    )
    return above, below


def carts(*nodes: str) -> list[Object]:
    return [
        pod(f"cart-{at}", node=on, owners=of_deployment("cart"), labels={"app": "cart"})
        for at, on in enumerate(nodes, start=1)
    ]
