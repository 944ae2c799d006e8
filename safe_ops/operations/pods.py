"""The operation that moves one pod on, by the eviction its disruption budget is asked about."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from safe_ops.guardrails.disruption import OF_EVICTION, REPLACING
from safe_ops.model.budgets import allowance
from safe_ops.model.drainage import budgets_of, label_of, workload_of
from safe_ops.model.fields import dig, entries, mapping, number, text
from safe_ops.model.objects import (
    controller_of,
    is_ready,
    is_terminating,
    name_of,
    namespace_of,
    selector_text,
    service_of,
    uid_of,
)
from safe_ops.model.plans import Change, Drawing, System, Target, Tier, Verification
from safe_ops.model.rights import Rights
from safe_ops.model.surveys import ClusterSurvey
from safe_ops.operations.cluster_change import (
    cluster_of,
    missed,
    permission,
    reached,
    there,
    waiting,
)
from safe_ops.operations.cluster_parameters import NamespacedParameters
from safe_ops.operations.cluster_paths import list_path, path_to
from safe_ops.operations.drift import ExactDrift
from safe_ops.operations.evicting import eviction_applied, eviction_step
from safe_ops.operations.workload_reading import budgets_in, reads, writes

if TYPE_CHECKING:
    from safe_ops.model.actions import CallOutcome
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Call, Json, Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes, Look, Operation, Parameters

# A replacement that needs longer than this to be ready has a startup probe that says so.
_DEADLINE_S = 300
_SETTLE_S = 30
# The API's defaults of a probe and of a pod.
_PERIOD_S, _FAILURES, _GRACE_S = 10, 3, 30
_ENOUGH_READY = 2
# Owners above are read this far: a replica set, and the deployment that has it.
_KNOWN_ABOVE = frozenset({*REPLACING, "Deployment"})


class EvictPod(ExactDrift):
    """Moves one pod on: its controller makes a new one."""

    name = "evict_pod"
    version = 1
    system = System.KUBERNETES
    title = "Evict a pod, so that its controller makes a new one"
    parameters: type[Parameters] = NamespacedParameters
    guards: tuple[Guard[ClusterSurvey], ...] = OF_EVICTION
    rights = Rights(
        cluster_reads=(
            reads("DaemonSet", "get"),
            reads("Deployment", "get"),
            reads("Pod", "get", "list"),
            reads("PodDisruptionBudget", "list"),
            reads("ReplicaSet", "get"),
            reads("StatefulSet", "get"),
        ),
        cluster_writes=(writes("Pod", "create", subresource="eviction"),),
    )

    def survey(self, wanted: Parameters, eyes: Eyes) -> ClusterSurvey:
        """Read the pod, the controllers above it, the pods beside it, and the budgets."""
        asked, cluster = cast("NamespacedParameters", wanted), cluster_of(eyes)
        pod = cluster.get(path_to("Pod", asked.name, asked.namespace))
        owners = _owners(pod, eyes)
        return ClusterSurvey(
            read_at=eyes.now,
            target=pod,
            permissions=permission(eyes, pod, verb="create", kind="Pod/eviction"),
            pods=_siblings(asked.namespace, owners, eyes),
            budgets=budgets_in(eyes, asked.namespace),
            owners=owners,
        )

    def draw(self, wanted: Parameters, survey: ClusterSurvey, place: Place) -> Drawing:
        """Return the one eviction."""
        asked = cast("NamespacedParameters", wanted)
        pod = there(survey.target, what=f"pod {asked.namespace}/{asked.name}", place=place)
        ready = sum(is_ready(one) for one in survey.pods)
        deadline_s = max(_DEADLINE_S, _startup_s(pod)) + _grace_s(pod)
        return Drawing(
            tier=Tier.T1 if ready >= _ENOUGH_READY and not _is_daemon(pod) else Tier.T2,
            target=_target(place, pod, survey),
            pins={"controller": text(controller_of(pod), "uid")},
            changes=(
                Change(
                    field="pod",
                    before=f"{name_of(pod)} on {text(pod, 'spec', 'nodeName') or 'no node'}",
                    after=f"another pod of {workload_of(survey.owners, pod)}",
                ),
            ),
            steps=(eviction_step(pod),),
            cannot_be_undone="an evicted pod does not come back; its controller makes another",
            verification=Verification(
                says=(f"{asked.name} is gone", "a pod that replaces it is ready"),
                deadline_s=deadline_s,
                settle_s=_SETTLE_S,
            ),
            blast_radius=_radius(pod, survey, ready),
            snapshot={
                "selector": dig(survey.owners[-1], "spec", "selector") if survey.owners else None,
                "known": sorted(uid_of(one) for one in survey.pods),
            },
        )

    def look(self, plan: Plan, eyes: Eyes) -> Look:
        """Tell whether the pod is gone and one that was not there before is ready."""
        target, snapshot, cluster = plan.target, plan.drawing.snapshot, cluster_of(eyes)
        old = cluster.get(path_to("Pod", target.name, target.namespace))
        if old is not None and uid_of(old) == target.uid:
            if is_terminating(old):
                return waiting(f"{target.name} is shutting down")
            return missed(f"{target.name} is still there and not shutting down")
        pods = cluster.items(
            list_path("Pod", target.namespace), labels=selector_text(snapshot["selector"])
        )
        new = [pod for pod in pods if uid_of(pod) not in snapshot["known"]]
        ready = [name_of(pod) for pod in new if is_ready(pod)]
        if ready:
            return reached(f"{target.name} is gone; {ready[0]} is ready in its place")
        made = f"{name_of(new[0])} is not ready yet" if new else "no pod was made in its place yet"
        return waiting(f"{target.name} is gone; {made}")

    def applied(self, plan: Plan, call: Call, eyes: Eyes) -> CallOutcome:
        """Tell by reading the pod whether its eviction took effect."""
        return eviction_applied(call, eyes)

    def bind(self, plan: Plan, call: Call, eyes: Eyes) -> dict[str, Json]:
        """Return nothing: an eviction is complete as it is."""
        return {}


def _owners(pod: Object | None, eyes: Eyes) -> tuple[Object, ...]:
    """Return the controllers above a pod, the nearest first, as far as they are known kinds."""
    found: list[Object] = []
    below = pod
    while below is not None and (reference := controller_of(below)) is not None:
        kind, namespace = text(reference, "kind"), namespace_of(below)
        if kind not in _KNOWN_ABOVE:
            break
        below = cluster_of(eyes).get(path_to(kind, text(reference, "name"), namespace))
        if below is None or uid_of(below) != reference.get("uid"):
            break
        # Items of the API's lists and single objects differ in this: only the latter have a kind.
        found.append({"kind": kind} | below)
    return tuple(found)


def _siblings(namespace: str, owners: tuple[Object, ...], eyes: Eyes) -> tuple[Object, ...]:
    if not owners:
        return ()
    selector = selector_text(dig(owners[-1], "spec", "selector"))
    return cluster_of(eyes).items(list_path("Pod", namespace), labels=selector)


def _target(place: Place, pod: Object, survey: ClusterSurvey) -> Target:
    top = survey.owners[-1] if survey.owners else pod
    # Without a label that says so it is its workload, whose own actions have that key too.
    service = service_of(top) or workload_of(survey.owners, pod).replace(" ", "/")
    return Target(
        place=place,
        kind="Pod",
        name=name_of(pod),
        namespace=namespace_of(pod),
        uid=uid_of(pod),
        service=service,
    )


def _radius(pod: Object, survey: ClusterSurvey, ready: int) -> tuple[str, ...]:
    count = len(survey.pods)
    share = f" ({round(100 / count)} %)" if count else ""
    workload = workload_of(survey.owners, pod)
    budgets = [
        f"disruption budget {allowance(one).says}" for one in budgets_of(survey.budgets, pod)
    ]
    return (
        f"1 of {count} pods of {workload}{share}, {ready} of them ready",
        *(budgets or [f"no disruption budget counts {label_of(pod)}"]),
    )


def _is_daemon(pod: Object) -> bool:
    """Tell whether no other pod can stand in: of a daemon set there is one on each node."""
    return text(controller_of(pod), "kind") == "DaemonSet"


def _startup_s(pod: Object) -> int:
    """Return how long the slowest container may take to start, in seconds."""
    probes = (mapping(one, "startupProbe") for one in entries(pod, "spec", "containers"))
    return max(
        (
            number(probe, "initialDelaySeconds")
            + number(probe, "periodSeconds", default=_PERIOD_S)
            * number(probe, "failureThreshold", default=_FAILURES)
            for probe in probes
        ),
        default=0,
    )


def _grace_s(pod: Object) -> int:
    return number(pod, "spec", "terminationGracePeriodSeconds", default=_GRACE_S)


OPERATIONS: tuple[Operation[ClusterSurvey], ...] = (EvictPod(),)
