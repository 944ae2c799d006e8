"""The metrics API's view of a simulated cluster: usage of pods and nodes, sampled just now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.lab.estate import when

if TYPE_CHECKING:
    from tests.lab.estate.store import SimulatedCluster, Usage

Object = dict[str, Any]

_SAMPLE_AGE_S = 17.0
_WINDOW = {"pods": "15.024s", "nodes": "20.05s"}


def samples(cluster: SimulatedCluster, plural: str, namespace: str) -> list[Object]:
    """PodMetrics or NodeMetrics, in the API's order; what has no sample is left out."""
    made = []
    for item in cluster.listed(plural, namespace):
        sample = _pod_sample(cluster, item) if plural == "pods" else _node_sample(cluster, item)
        if sample:
            made.append(_envelope(cluster, plural, item) | sample)
    return made


def _envelope(cluster: SimulatedCluster, plural: str, item: Object) -> Object:
    meta = item["metadata"]
    at = when.stamp(cluster.clock.now() - _SAMPLE_AGE_S)
    kept = {key: meta[key] for key in ("name", "namespace", "labels") if key in meta}
    return {
        "kind": "PodMetrics" if plural == "pods" else "NodeMetrics",
        "apiVersion": "metrics.k8s.io/v1beta1",
        "metadata": kept | {"creationTimestamp": at},
        "timestamp": at,
        "window": _WINDOW[plural],
    }


def _pod_sample(cluster: SimulatedCluster, pod: Object) -> Object:
    meta = pod["metadata"]
    containers = []
    for container in pod["spec"]["containers"]:
        usage = cluster.usage(meta["namespace"], meta["name"], container["name"])
        if usage:
            containers.append({"name": container["name"], "usage": _quantities(usage)})
    return {"containers": containers} if containers else {}


def _node_sample(cluster: SimulatedCluster, node: Object) -> Object:
    usage = cluster.usage("", node["metadata"]["name"])
    return {"usage": _quantities(usage)} if usage else {}


def _quantities(usage: Usage) -> Object:
    return {"cpu": usage.cpu, "memory": usage.memory}
