"""The operation that empties a node: cordon first, then one eviction for each pod.

Not kubectl's drain: evictions under one budget follow one another, each is pinned to the pod that
was approved, the pods of a workload without a budget go one by one, each once the one before was
replaced, nothing is forced, and what cannot be evicted cleanly refuses the whole plan.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, cast

from safe_ops.errors import RefusedError
from safe_ops.guardrails.disruption import OF_DRAIN, REPLACING
from safe_ops.guardrails.nodes import OF_EMPTYING
from safe_ops.model.budgets import allowance
from safe_ops.model.drainage import (
    BUDGET_TURN,
    Occupants,
    budgets_of,
    label_of,
    occupants,
    owner_in,
    turn_of,
    workload_of,
)
from safe_ops.model.fields import number, text
from safe_ops.model.nodes import is_cordoned
from safe_ops.model.objects import (
    controller_of,
    is_terminating,
    namespace_of,
    uid_of,
)
from safe_ops.model.placement import claims_of
from safe_ops.model.plans import Change, Drawing, System, Tier, Verification
from safe_ops.model.rights import Rights
from safe_ops.model.surveys import ClusterSurvey
from safe_ops.operations.cluster_change import cluster_of, missed, reached, there, waiting
from safe_ops.operations.cluster_paths import list_path, path_to
from safe_ops.operations.cordoning import (
    NodeChange,
    NodeParameters,
    cordon_step,
    node_change,
    node_pins,
    node_target,
    restore_step,
)
from safe_ops.operations.drift import addition_drift, pin_drift, undo_drift
from safe_ops.operations.evicting import evicted_uid, eviction_applied, eviction_step, is_eviction
from safe_ops.operations.ready_floor import awaited, behind, readiness
from safe_ops.operations.workload_reading import budgets_in, reads, writes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safe_ops.model.actions import CallOutcome
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Call, Json, Place, Plan
    from safe_ops.model.surveys import Object, Permission
    from safe_ops.operations.operation import Eyes, Look, Operation, Parameters
    from safe_ops.ports.reach import ClusterEstate

# From the last eviction on: pods may take their grace period to end, and new ones to start.
_DEADLINE_S = 900
_SETTLE_S = 30
_PODS_FIELD = "spec.nodeName"
# Kubernetes is built for 110 on a node and the largest offers take 500: more is no node to be
# emptied pod by pod, and every one of them would be asked about several times.
MOST_PODS = 500
# Pods that ended need no room and no place.
_LIVING = "status.phase!=Succeeded,status.phase!=Failed"


class DrainNode(NodeChange):
    """Empties a node of all pods that have somewhere else to go."""

    name = "drain_node"
    version = 2
    system = System.KUBERNETES
    title = "Drain a node"
    cordons = True
    parameters: type[Parameters] = NodeParameters
    guards: tuple[Guard[ClusterSurvey], ...] = (*OF_EMPTYING, *OF_DRAIN)
    rights = Rights(
        cluster_reads=(
            reads("Node", "get", "list"),
            reads("PersistentVolume", "list"),
            reads("PersistentVolumeClaim", "list"),
            reads("Pod", "get", "list"),
            reads("PodDisruptionBudget", "list"),
            reads("ReplicaSet", "get"),
            reads("StatefulSet", "get"),
        ),
        cluster_writes=(
            writes("Node", "patch"),
            writes("Pod", "create", subresource="eviction"),
        ),
    )

    def survey(self, wanted: Parameters, eyes: Eyes) -> ClusterSurvey:
        """Read the node, all nodes and pods, and what stands behind the pods of this one.

        Raises:
            RefusedError: `parameters`: it holds too many pods.
        """
        name, cluster = cast("NodeParameters", wanted).name, cluster_of(eyes)
        node = cluster.get(path_to("Node", name))
        pods = cluster.items(list_path("Pod"), fields=f"{_PODS_FIELD}={name}")
        leaving = occupants(pods).leaving
        if len(leaving) > MOST_PODS:
            raise RefusedError(
                f"{name} has {len(leaving)} pods, and at most {MOST_PODS} are drained at once: "
                "cordon it, and let its workloads move by rollouts of their own.",
                code="parameters",
            )
        mounting = sorted({namespace_of(pod) for pod in leaving if claims_of(pod)})
        return ClusterSurvey(
            read_at=eyes.now,
            target=node,
            permissions=_permissions(name, leaving, cluster),
            pods=pods,
            budgets=budgets_in(eyes),
            nodes=cluster.items(list_path("Node")),
            node_pods=cluster.items(list_path("Pod"), fields=_LIVING),
            owners=_owners(leaving, cluster),
            claims=tuple(
                claim
                for namespace in mounting
                for claim in cluster.items(list_path("PersistentVolumeClaim", namespace))
            ),
            volumes=cluster.items(list_path("PersistentVolume")) if mounting else (),
        )

    def draw(self, wanted: Parameters, survey: ClusterSurvey, place: Place) -> Drawing:
        """Return the cordon and the evictions; back goes only the cordon."""
        name = cast("NodeParameters", wanted).name
        node = there(survey.target, what=f"node {name}", place=place)
        found = occupants(survey.pods)
        evictions = tuple(eviction_step(pod, group=turn_of(survey, pod)) for pod in found.leaving)
        return Drawing(
            tier=Tier.T3,
            target=node_target(place, node),
            pins=node_pins(node),
            changes=(
                node_change(node, cordoned=True),
                Change(field="pods of workloads", before=str(len(evictions)), after="0"),
            ),
            steps=(cordon_step(node), *evictions),
            undo=(restore_step(node),),
            verification=Verification(
                says=(
                    f"only pods of daemon sets and the kubelet's own are left on {name}",
                    "each workload has as many ready pods as before",
                ),
                deadline_s=_DEADLINE_S,
                settle_s=_SETTLE_S,
            ),
            blast_radius=_radius(survey, found.leaving),
            snapshot={"node": node_pins(node), "workloads": readiness(survey, found.leaving)},
            notes=(*_notes(found), *_one_by_one(survey, found.leaving)),
        )

    def drifted(self, plan: Plan, drawing: Drawing) -> str:
        """Return what is not as planned; that pods are gone is fine, that others came is not."""
        return (
            pin_drift(plan, drawing) or undo_drift(plan, drawing) or addition_drift(plan, drawing)
        )

    def look(self, plan: Plan, eyes: Eyes) -> Look:
        """Tell what is left on the node, and how the workloads are that had pods there."""
        name, cluster = plan.target.name, cluster_of(eyes)
        node = cluster.get(path_to("Node", name))
        if node is not None and not (uid_of(node) == plan.target.uid and is_cordoned(node)):
            return missed(f"{name} was uncordoned by somebody else, or is another node")
        found = occupants(cluster.items(list_path("Pod"), fields=f"{_PODS_FIELD}={name}"))
        planned = {evicted_uid(step.call) for step in plan.drawing.steps}
        new = [pod for pod in found.leaving if uid_of(pod) not in planned]
        if new:
            return missed(f"{_listed(new)} came to {name} and was not part of the plan")
        left = [*found.leaving, *(pod for pod in found.ended if is_terminating(pod))]
        if left:
            return waiting(f"{len(left)} pods are still on {name}: {_listed(left)}")
        lagging = [
            says
            for says in (behind(one, cluster) for one in plan.drawing.snapshot["workloads"])
            if says
        ]
        if lagging:
            return waiting(f"{name} is empty; {'; '.join(lagging)}")
        return reached(f"{name} is empty, and its workloads are as ready as before")

    def applied(self, plan: Plan, call: Call, eyes: Eyes) -> CallOutcome:
        """Tell by reading the pod, or the node, whether the call took effect."""
        if is_eviction(call):
            return eviction_applied(call, eyes)
        return super().applied(plan, call, eyes)

    def not_yet(self, plan: Plan, call: Call, eyes: Eyes) -> str:
        """Return why an eviction has to wait: a workload without a budget keeps its ready pods."""
        return awaited(plan, call, cluster_of(eyes))

    def bind(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        """Return what a patch of the node needs; evictions are complete as they are."""
        return {} if is_eviction(call) else super().bind(plan, call, eyes)


def _permissions(
    name: str, leaving: Iterable[Object], cluster: ClusterEstate
) -> tuple[Permission, ...]:
    return (
        cluster.may("patch", group="", resource="nodes", name=name),
        *(
            cluster.may(
                "create", group="", resource="pods", subresource="eviction", namespace=namespace
            )
            for namespace in sorted({namespace_of(pod) for pod in leaving})
        ),
    )


def _owners(leaving: Iterable[Object], cluster: ClusterEstate) -> tuple[Object, ...]:
    """Return the controllers of pods, each once, where they are of a kind that replaces pods."""
    wanted = {
        (text(owner, "kind"), namespace_of(pod), text(owner, "name"))
        for pod in leaving
        if (owner := controller_of(pod)) is not None
    }
    found = (
        (kind, cluster.get(path_to(kind, name, namespace)))
        for kind, namespace, name in sorted(wanted)
        if kind in REPLACING
    )
    return tuple({"kind": kind} | owner for kind, owner in found if owner is not None)


def _radius(survey: ClusterSurvey, leaving: tuple[Object, ...]) -> tuple[str, ...]:
    """Return each workload's share on the node, and the budgets that watch over them."""
    workloads = sorted({workload_of(survey.owners, pod) for pod in leaving})
    shares = [_share(survey, leaving, workload) for workload in workloads]
    budgets = {
        label_of(budget): allowance(budget).says
        for pod in leaving
        for budget in budgets_of(survey.budgets, pod)
    }
    return (
        f"{len(leaving)} pods of {len(workloads)} workloads are evicted",
        *shares,
        *(f"disruption budget {says}" for _, says in sorted(budgets.items())),
    )


def _share(survey: ClusterSurvey, leaving: Iterable[Object], workload: str) -> str:
    here = [pod for pod in leaving if workload_of(survey.owners, pod) == workload]
    owners = {uid_of(owner): owner for pod in here if (owner := owner_in(survey.owners, pod))}
    whole = sum(number(owner, "spec", "replicas", default=1) for owner in owners.values())
    # Without a budget the next pod waits for the one before to be replaced.
    is_down = len(here) >= whole and (whole <= 1 or bool(budgets_of(survey.budgets, here[0])))
    down = "; it is down until another is ready" if is_down else ""
    return f"{workload}: {len(here)} of {whole} pods{down}"


def _notes(found: Occupants) -> tuple[str, ...]:
    staying = (
        ("of daemon sets, stay", found.daemons),
        ("the kubelet's own, stay", found.mirrors),
        ("ended or ending, are left alone", found.ended),
    )
    notes = [f"{_listed(pods)}: {why}" for why, pods in staying if pods]
    volumes = sum(len(claims_of(pod)) for pod in found.leaving)
    if volumes:
        notes.append(f"{volumes} volumes have to be attached elsewhere")
    return tuple(notes)


def _one_by_one(survey: ClusterSurvey, leaving: Iterable[Object]) -> tuple[str, ...]:
    """Return which workloads lose pods no budget counts, and how these go."""
    turns = Counter(turn_of(survey, pod) for pod in leaving)
    several = [
        turn for turn, pods in turns.items() if pods > 1 and not turn.startswith(BUDGET_TURN)
    ]
    said = "without a disruption budget; pods go one by one, each once the last is ready elsewhere"
    return (f"{', '.join(several)}: {said}",) if several else ()


def _listed(pods: Iterable[Object]) -> str:
    return ", ".join(label_of(pod) for pod in pods)


OPERATIONS: tuple[Operation[ClusterSurvey], ...] = (DrainNode(),)
