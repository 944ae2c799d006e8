"""Lists of objects → one estate; whatever objects lack is left empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from bot.domain.evidence import EvidenceState
from bot.triage import reading, reading_bounds, reading_wiring
from bot.triage.estate import Estate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.ports.cluster import KubeObject
    from bot.triage.estate import Workload
    from bot.triage.facts import Reading

SYSTEM = "kube-system"
"""Where the cluster's own components live."""
WORKLOADS = ("deployments", "statefulsets", "daemonsets")

Value = TypeVar("Value")


def beside(family: str) -> str:
    """Return under which name a family of the cluster's own namespace is cited."""
    return f"system {family}"


def estate_of(
    cluster: str,
    readings: Sequence[Reading],
    *,
    at: datetime,
    labels: Mapping[tuple[str, str | None], str],
) -> Estate:
    """Return the estate those readings describe.

    What was read of the cluster's own namespace beside others is kept apart: it is not asked about.
    """
    asked = [entry for entry in readings if not entry.beside]

    def read(family: str, reader: Callable[[str, KubeObject], Value]) -> tuple[Value, ...]:
        return tuple(
            reader(cluster, item)
            for entry in asked
            if entry.family == family
            for item in entry.items
        )

    workloads = _workloads(cluster, asked)
    pods = read("pods", reading.read_pod)
    own = [entry for entry in readings if entry.beside]
    return Estate(
        cluster=cluster,
        at=at,
        whole=any(entry.observation.namespace is None for entry in asked if entry.family == "pods"),
        pods=pods,
        workloads=workloads,
        revisions=tuple(one for one in read("replicasets", reading.read_revision) if one),
        happenings=read("events", reading.read_happening),
        nodes=read("nodes", reading.read_node),
        batches=read("jobs", reading.read_batch),
        services=read("services", reading_wiring.read_service),
        endpoints=read("endpointslices", reading_wiring.read_endpoints),
        routes=read("ingresses", reading_wiring.read_route),
        gateway_routes=read("httproutes", reading_wiring.read_gateway_route),
        policies=read("networkpolicies", reading_wiring.read_policy),
        quotas=read("resourcequotas", reading_bounds.read_quota),
        limit_ranges=read("limitranges", reading_bounds.read_limit_range),
        claims=read("persistentvolumeclaims", reading_bounds.read_claim),
        volumes=read("persistentvolumes", reading_bounds.read_volume),
        storage_classes=read("storageclasses", reading_bounds.read_storage_class),
        schedules=read("cronjobs", reading_bounds.read_schedule),
        autoscalers=read("horizontalpodautoscalers", reading_bounds.read_autoscaler),
        budgets=read("poddisruptionbudgets", reading_bounds.read_budget),
        config_keys=read("configmaps", reading_bounds.read_config_keys),
        components=(
            *(one for one in workloads if one.ref.namespace == SYSTEM),
            *_workloads(cluster, own),
        ),
        component_pods=(
            *(one for one in pods if one.ref.namespace == SYSTEM),
            *(
                reading.read_pod(cluster, item)
                for entry in own
                if entry.family == "pods"
                for item in entry.items
            ),
        ),
        labels=labels,
        cut=frozenset(
            (entry.family, entry.observation.namespace)
            for entry in readings
            if entry.observation.state is EvidenceState.TRUNCATED
        ),
    )


def _workloads(cluster: str, readings: Sequence[Reading]) -> tuple[Workload, ...]:
    return tuple(
        reading.read_workload(cluster, family.removesuffix("s"), item)
        for family in WORKLOADS
        for entry in readings
        if entry.family == family
        for item in entry.items
    )
