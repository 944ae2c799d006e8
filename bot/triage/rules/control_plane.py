"""The cluster's own components: look-up of names, proxies, networks, scheduler, controllers."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.assembly import SYSTEM, beside
from bot.triage.finding import Finding
from bot.triage.ranking import NAME_SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate, Pod, Workload

# The controllers and the scheduler look at a new object within seconds.
OVERDUE = timedelta(minutes=2)

_NAME_SERVERS = re.compile(rf"(?:{'|'.join(sorted(NAME_SERVERS))})")
_NETWORKS = re.compile(r"kube-proxy|aws-node|calico|cilium|flannel|weave|kindnet|canal|antrea|ovn")
_STATIC = re.compile(r"(?:kube-(?:apiserver|scheduler|controller-manager)|etcd)-")


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each component that is down, or whose work is left undone."""
    for workload in estate.components:
        if _NAME_SERVERS.match(workload.ref.name) and not workload.ready:
            phrase = "names_down" if workload.desired else "names_scaled_down"
            yield _component(estate, workload, phrase, Cause.DNS)
        elif _NETWORKS.match(workload.ref.name) and workload.ready < workload.desired:
            yield _component(estate, workload, "network_down", Cause.CONTROL_PLANE)
    for pod in estate.component_pods:
        if _STATIC.match(pod.ref.name) and not pod.ready and not estate.is_over(pod):
            yield _static(estate, pod)
    yield from _unscheduled(estate)
    yield from _unseen(estate)


def _component(estate: Estate, workload: Workload, phrase: str, cause: Cause) -> Finding:
    ref = workload.ref
    pods = [
        pod.ref
        for pod in estate.component_pods
        if pod.ref.name.startswith(f"{ref.name}-") and not pod.ready
    ]
    return Finding(
        object=ref,
        cause=cause,
        category=Category.INFRASTRUCTURE,
        phrase=phrase,
        values={"ready": str(workload.ready), "desired": str(workload.desired)},
        evidence=_cite(estate, f"{ref.kind}s"),
        weight=0.9 if not workload.ready else 0.75,
        affected=max(len(pods), 1),
        check=f"kubectl describe {ref.kind} {ref.name} -n {ref.namespace}",
        pods=tuple(pods),
        # Why its pods do not come up says more, where it is known.
        symptom=bool(workload.desired),
    )


def _static(estate: Estate, pod: Pod) -> Finding:
    waiting = next((one.waiting_reason for one in pod.containers if one.waiting_reason), pod.phase)
    return Finding(
        object=pod.ref,
        cause=Cause.CONTROL_PLANE,
        category=Category.INFRASTRUCTURE,
        phrase="component_down",
        values={"pod": pod.ref.name, "reason": waiting, "node": pod.node},
        evidence=_cite(estate, "pods"),
        weight=0.85,
        since=pod.changed_at,
        check=f"kubectl describe pod {pod.ref.name} -n {pod.ref.namespace}",
        pods=(pod.ref,),
        depth=1,
    )


def _unscheduled(estate: Estate) -> Iterator[Finding]:
    """Yield for pods that no scheduler has even looked at."""
    for pod in estate.pods:
        is_left = pod.phase == "Pending" and not (pod.node or pod.unschedulable or pod.terminating)
        if not is_left or estate.at - pod.created_at < OVERDUE:
            continue
        if estate.about(pod.ref, "FailedScheduling", "Scheduled"):
            continue
        is_own = pod.spec.scheduler not in {"", "default-scheduler"}
        yield Finding(
            object=estate.workload_of(pod),
            cause=Cause.WRONG_CONFIG if is_own else Cause.CONTROL_PLANE,
            category=Category.CONFIGURATION if is_own else Category.INFRASTRUCTURE,
            phrase="scheduler_unknown" if is_own else "scheduler_idle",
            values={"pod": pod.ref.name, "scheduler": pod.spec.scheduler},
            evidence=estate.cite("pods", "events", namespace=pod.ref.namespace),
            weight=0.8,
            since=pod.created_at,
            check=f"kubectl get pods -n {SYSTEM}",
            pods=(pod.ref,),
        )


def _unseen(estate: Estate) -> Iterator[Finding]:
    """Yield for workloads whose newest form no controller has looked at."""
    for workload in estate.workloads:
        if workload.is_unseen and estate.at - workload.created_at > OVERDUE:
            ref = workload.ref
            yield Finding(
                object=ref,
                cause=Cause.CONTROL_PLANE,
                category=Category.INFRASTRUCTURE,
                phrase="controllers_idle",
                values={"kind": ref.kind},
                evidence=estate.cite(f"{ref.kind}s", namespace=ref.namespace),
                # It may have been changed this very moment.
                weight=0.6,
                check=f"kubectl get pods -n {SYSTEM}",
            )


def _cite(estate: Estate, family: str) -> tuple[str, ...]:
    return estate.cite(beside(family)) or estate.cite(family, namespace=SYSTEM)
