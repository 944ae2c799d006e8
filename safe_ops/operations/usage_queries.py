"""PromQL on how busy a workload's pods are, and how long a revision had ready ones.

All names in the queries were checked as Kubernetes names before. What pods ask for is taken from
their template: of a week ago it is the load that counts, not what was asked for then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.errors import UpstreamError
from safe_ops.model.objects import name_of, namespace_of
from safe_ops.model.rollouts import DEPLOYMENT, desired_of
from safe_ops.model.room import asked_by
from safe_ops.model.surveys import Usage
from safe_ops.operations.workload_reading import pod_pattern, pod_spec

if TYPE_CHECKING:
    from decimal import Decimal

    from safe_ops.model.revisions import Revision
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes

WEEK_AGO = " offset 7d"
HOUR, MINUTES = "1h:1m", "5m:1m"
_READY_STEP_S = 60


def cpu_query(workload: Object, *, over: str = HOUR, moved: str = "") -> str:
    """Return the cores all pods used in the busiest 5 % of a span, as PromQL."""
    rate = f"sum(rate(container_cpu_usage_seconds_total{{{container_matchers(workload)}}}[5m]))"
    return f"quantile_over_time(0.95, {rate}[{over}]{moved})"


def memory_query(workload: Object, *, over: str = HOUR, moved: str = "") -> str:
    """Return the bytes all pods held in the busiest 5 % of a span, as PromQL.

    The working set is what the kubelet evicts by; other measures count reclaimable cache.
    """
    held = f"sum(container_memory_working_set_bytes{{{container_matchers(workload)}}})"
    return f"quantile_over_time(0.95, {held}[{over}]{moved})"


def ready_query(workload: Object, revision: Revision) -> str:
    """Return for how many seconds of the last week a replica set had ready pods, as PromQL."""
    matchers = f'namespace="{namespace_of(workload)}",replicaset="{revision.name}"'
    ready = f"max(kube_replicaset_status_ready_replicas{{{matchers}}} > bool 0)"
    return f"sum_over_time({ready}[7d:{_READY_STEP_S}s]) * {_READY_STEP_S}"


def usage_of(eyes: Eyes, workload: Object | None) -> Usage | None:
    """Return how busy a workload is; None where the place has no metrics.

    Raises:
        UpstreamError: The metrics do not answer.
    """
    if eyes.metrics is None or workload is None:
        return None
    asked, pods = asked_by(pod_spec(workload)), desired_of(workload)
    cpu, memory = asked.cpu * pods, asked.memory * pods
    return Usage(
        cpu_p95=_share(eyes, cpu_query(workload), cpu),
        memory_p95=_share(eyes, memory_query(workload), memory),
        cpu_p95_week_ago=_share(eyes, cpu_query(workload, moved=WEEK_AGO), cpu),
        memory_p95_week_ago=_share(eyes, memory_query(workload, moved=WEEK_AGO), memory),
    )


def busiest_now(eyes: Eyes, workload: Object) -> float:
    """Return the larger share of processor and memory its pods took in the last minutes.

    Raises:
        UpstreamError: It is not measured.
    """
    asked, pods = asked_by(pod_spec(workload)), desired_of(workload)
    found = (
        _share(eyes, cpu_query(workload, over=MINUTES), asked.cpu * pods),
        _share(eyes, memory_query(workload, over=MINUTES), asked.memory * pods),
    )
    shares = [share for share in found if share is not None]
    if len(shares) < len(found):
        raise UpstreamError(
            f"{eyes.place.name}: the use of {name_of(workload)} is not measured now",
            system="metrics",
        )
    return max(shares)


def ready_s(eyes: Eyes, workload: Object, revision: Revision) -> float | None:
    """Return for how long a deployment's revision had ready pods; None where that is not known.

    Metrics that do not answer are no reason against going back: they only confirm what the
    history says, and what the guard then says is that nobody measured it.
    """
    if eyes.metrics is None or str(workload.get("kind")) != DEPLOYMENT:
        return None
    try:
        return eyes.metrics.value(eyes.place, ready_query(workload, revision))
    except UpstreamError:
        return None


def _share(eyes: Eyes, promql: str, asked: Decimal) -> float | None:
    used = eyes.metrics.value(eyes.place, promql) if eyes.metrics is not None and asked else None
    return None if used is None else used / float(asked)


def container_matchers(workload: Object) -> str:
    """Return the matchers of the series of a workload's own containers."""
    # cAdvisor also reports a pod's whole group, without a container's name, and its pause
    # container: summing over them counts everything twice.
    pods = f'namespace="{namespace_of(workload)}",pod=~"{pod_pattern(workload)}"'
    return f'{pods},container!="",container!="POD"'
