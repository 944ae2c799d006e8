"""The series a cluster's workloads would expose, generated from the simulated objects.

A pod that is not ready is ill since it was created; that is the onset every series shows. Times
are fixed when the store is built, so that the past does not change while a test looks at it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.lab.estate import naming, when
from tests.lab.estate.pod_status import is_ready
from tests.lab.estate.quantities import cpu_cores, memory_bytes
from tests.lab.metrics import strains as straining
from tests.lab.metrics.strains import Strains, add_periods, add_volumes, read_strains
from tests.lab.metrics.tracks import DAY_S, Flow, MetricStore, noise

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.estate.store import SimulatedCluster

Object = dict[str, Any]

_LIFE_S = 360.0  # between two kills for memory
BOUNDS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MEANINGS = {
    "up": ("gauge", "1 if the target could be scraped."),
    "container_cpu_usage_seconds_total": ("counter", "Cumulative cpu time consumed in seconds."),
    "container_memory_working_set_bytes": ("gauge", "Current working set in bytes."),
    "kube_pod_container_status_restarts_total": (
        "counter",
        "The number of container restarts per container.",
    ),
    "kube_pod_container_status_waiting_reason": (
        "gauge",
        "Describes the reason the container is currently in waiting state.",
    ),
    "kube_pod_container_resource_limits": (
        "gauge",
        "The number of requested limit resource by a container.",
    ),
    "kube_pod_container_resource_requests": (
        "gauge",
        "The number of requested request resource by a container.",
    ),
    "kube_pod_status_phase": ("gauge", "The pods current phase."),
    "kube_deployment_spec_replicas": ("gauge", "Number of desired pods for a deployment."),
    "kube_deployment_status_replicas_available": (
        "gauge",
        "The number of available replicas per deployment.",
    ),
    "http_requests_total": ("counter", "Requests answered, by status code and method."),
    "http_request_duration_seconds": ("histogram", "Time to answer a request."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pod:
    namespace: str
    name: str
    app: str
    node: str
    created_s: float
    ready: bool
    raw: Object

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.app}"

    @property
    def labels(self) -> dict[str, str]:
        return {"namespace": self.namespace, "pod": self.name}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traffic:
    rps: float
    latency_s: float
    errors: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """A pod's share of a service's traffic before and after the onset."""

    usual: _Traffic
    worse: _Traffic
    since_s: float | None
    share: float


def build_store(cluster: SimulatedCluster, *, scenario: str = "") -> MetricStore:
    """The series of one cluster as it stands now."""
    store = MetricStore()
    for name, (kind, text) in (_MEANINGS | straining.MEANINGS).items():
        store.describe(name, kind, text)
    now_s = cluster.clock.now()
    strains = read_strains(scenario, now_s=now_s)
    pods = [_pod(raw) for raw in cluster.listed("pods")]
    for pod in pods:
        _add_usage(store, cluster, pod, strains)
        _add_status(store, pod, now_s, strains)
    _add_deployments(store, cluster)
    _add_services(store, cluster, pods, scenario, strains)
    add_volumes(store, cluster, strains)
    return store


def _pod(raw: Object) -> _Pod:
    meta = raw["metadata"]
    return _Pod(
        namespace=meta["namespace"],
        name=meta["name"],
        app=meta.get("labels", {}).get("app", ""),
        node=raw["spec"].get("nodeName", ""),
        created_s=when.read_stamp(meta["creationTimestamp"]),
        ready=is_ready(raw["status"]),
        raw=raw,
    )


def _add_usage(store: MetricStore, cluster: SimulatedCluster, pod: _Pod, strains: Strains) -> None:
    for container in pod.raw["spec"]["containers"]:
        usage = cluster.usage(pod.namespace, pod.name, container["name"])
        if usage is None:
            continue
        labels = pod.labels | {
            "container": container["name"],
            "node": pod.node,
            "job": "kubelet",
        }
        seed = naming.share(pod.name, container["name"])
        limit = container["resources"].get("limits", {}).get("cpu")
        usual = float(usage.cpu.removesuffix("n")) / 1e9
        cores = strains.cores(pod.key, usual, cpu_cores(limit) if limit else usual)
        cpu = Flow(steps=cores, wave=0.1 if len(cores) == 1 else 0.0, origin_s=pod.created_s)
        store.add(
            "container_cpu_usage_seconds_total", labels, cpu.counter(), begins_s=pod.created_s
        )
        store.add(
            "container_memory_working_set_bytes",
            labels,
            strains.working_set(pod.key) or _memory(memory_bytes(usage.memory), seed, pod),
            begins_s=pod.created_s,
        )
        if limit:
            add_periods(store, strains, pod.key, labels, begins_s=pod.created_s)


def _memory(level: float, seed: float, pod: _Pod) -> Callable[[float], float]:
    """A working set that breathes; one that is killed for memory climbs until each kill."""

    def breathing(at_s: float) -> float:
        return round(level * (1 + 0.02 * noise(at_s, seed)))

    def climbing(at_s: float) -> float:
        lived = ((at_s - pod.created_s) % _LIFE_S) / _LIFE_S
        return round(level * (0.35 + 0.65 * lived))

    killed = any(
        (status.get("lastState", {}).get("terminated") or {}).get("reason") == "OOMKilled"
        for status in pod.raw["status"].get("containerStatuses", ())
    )
    return climbing if killed else breathing


def _add_status(store: MetricStore, pod: _Pod, now_s: float, strains: Strains) -> None:
    base = pod.labels | {"job": "kube-state-metrics"}
    for phase in ("Pending", "Running", "Succeeded", "Failed", "Unknown"):
        holds = float(pod.raw["status"].get("phase") == phase)
        _add_constant(store, "kube_pod_status_phase", base | {"phase": phase}, holds, pod)
    for status in pod.raw["status"].get("containerStatuses", ()):
        labels = base | {"container": status["name"]}
        told = strains.restarts(pod.key)
        if told is None:
            _add_restarts(store, labels, int(status.get("restartCount", 0)), pod, now_s)
        else:
            store.add(
                "kube_pod_container_status_restarts_total", labels, told, begins_s=pod.created_s
            )
        waiting = status["state"].get("waiting")
        if waiting is not None:
            reason = {"reason": waiting.get("reason", "Unknown")}
            name = "kube_pod_container_status_waiting_reason"
            _add_constant(store, name, labels | reason, 1.0, pod)
    for container in pod.raw["spec"]["containers"]:
        for kind in ("limits", "requests"):
            for resource, quantity in container["resources"].get(kind, {}).items():
                is_cpu = resource == "cpu"
                if not is_cpu and resource != "memory":
                    continue
                amount = cpu_cores(quantity) if is_cpu else memory_bytes(quantity)
                labels = base | {
                    "container": container["name"],
                    "resource": resource,
                    "unit": "core" if is_cpu else "byte",
                }
                _add_constant(store, f"kube_pod_container_resource_{kind}", labels, amount, pod)


def _add_constant(
    store: MetricStore, name: str, labels: dict[str, str], value: float, pod: _Pod
) -> None:
    store.add(name, labels, _always(value), begins_s=pod.created_s)


def _always(value: float) -> Callable[[float], float]:
    return lambda _: value


def _whole(flow: Flow) -> Callable[[float], float]:
    """A counter of things, which come one by one."""
    counted = flow.counter()
    return lambda at_s: math.floor(counted(at_s))


def _add_restarts(
    store: MetricStore, labels: dict[str, str], count: int, pod: _Pod, now_s: float
) -> None:
    """A counter that reaches `count` now; back-off lets the gaps between restarts grow."""
    lived_s = max(1.0, now_s - pod.created_s)

    def restarts(at_s: float) -> float:
        share = min(1.0, max(0.0, (at_s - pod.created_s) / lived_s))
        return float(math.floor(count * math.sqrt(share) + 1e-9))

    store.add("kube_pod_container_status_restarts_total", labels, restarts, begins_s=pod.created_s)


def _add_deployments(store: MetricStore, cluster: SimulatedCluster) -> None:
    for raw in cluster.listed("deployments.apps"):
        meta = raw["metadata"]
        labels = {
            "namespace": meta["namespace"],
            "deployment": meta["name"],
            "job": "kube-state-metrics",
        }
        wanted = float(raw["spec"]["replicas"])
        available = float(raw.get("status", {}).get("availableReplicas", 0))
        since_s = max(
            (
                when.read_stamp(one["lastTransitionTime"])
                for one in raw.get("status", {}).get("conditions", ())
                if one["type"] == "Available" or wanted != available
            ),
            default=0.0,
        )
        steps = ((0.0, wanted), (since_s, available))
        store.add("kube_deployment_spec_replicas", labels, _always(wanted))
        flow = Flow(steps=steps, wave=0.0)
        store.add("kube_deployment_status_replicas_available", labels, flow.rate)


def _add_services(
    store: MetricStore,
    cluster: SimulatedCluster,
    pods: list[_Pod],
    scenario: str,
    strains: Strains,
) -> None:
    told = yaml.safe_load((Path(__file__).parent / "traffic.yaml").read_text(encoding="utf-8"))
    felt = told["scenarios"].get(scenario, {})
    ill = [pod for pod in pods if not pod.ready and pod.raw["status"].get("phase") == "Running"]
    onset_s = min((pod.created_s for pod in ill), default=None)
    for service in cluster.listed("services"):
        namespace, name = service["metadata"]["namespace"], service["metadata"]["name"]
        key = f"{namespace}/{name}"
        usual = _Traffic(**(told["default"] | told["workloads"].get(key, {})))
        members = [pod for pod in pods if (pod.namespace, pod.app) == (namespace, name)]
        since_s, worse = onset_s, usual
        own = [pod for pod in members if pod in ill]
        if own:
            since_s = min(pod.created_s for pod in own)
            share = len(own) / len(members)
            worse = _Traffic(
                rps=usual.rps,
                latency_s=usual.latency_s * (1 + 3 * share),
                errors=min(1.0, usual.errors + 0.5 * share),
            )
        elif key in felt:
            worse = _Traffic(
                rps=usual.rps,
                latency_s=usual.latency_s * felt[key].get("latency_factor", 1.0),
                errors=felt[key].get("errors", usual.errors),
            )
        elif key in strains.traffic:
            strain = strains.traffic[key]
            since_s = strain.since_s
            worse = _Traffic(
                rps=usual.rps * strain.rps_factor,
                latency_s=usual.latency_s * strain.latency_factor,
                errors=usual.errors if strain.errors is None else strain.errors,
            )
        serving = [pod for pod in members if pod.ready]
        for pod in members:
            labels = pod.labels | {"service": name, "job": "services"}
            store.add("up", labels, _always(float(pod.ready)), begins_s=pod.created_s)
        for pod in serving:
            traffic = _Change(usual=usual, worse=worse, since_s=since_s, share=1 / len(serving))
            _add_traffic(store, pod, name, traffic)


def _add_traffic(store: MetricStore, pod: _Pod, service: str, traffic: _Change) -> None:
    labels = pod.labels | {"service": service, "job": "services"}
    usual, worse, since_s = traffic.usual, traffic.worse, traffic.since_s
    origin_s = max(pod.created_s, (since_s or pod.created_s) - 30 * DAY_S)

    def flow(before: float, after: float) -> Flow:
        steps: tuple[tuple[float, float], ...] = ((0.0, before * traffic.share),)
        if since_s is not None:
            steps += ((since_s, after * traffic.share),)
        return Flow(steps=steps, wave=0.3, origin_s=origin_s)

    for code, good in (("200", True), ("500", False)):
        counted = flow(
            usual.rps * ((1 - usual.errors) if good else usual.errors),
            worse.rps * ((1 - worse.errors) if good else worse.errors),
        )
        store.add(
            "http_requests_total",
            labels | {"code": code, "method": "GET"},
            _whole(counted),
            begins_s=pod.created_s,
        )
    for bound in (*BOUNDS_S, math.inf):
        within = flow(
            usual.rps * (1 - math.exp(-bound / usual.latency_s)),
            worse.rps * (1 - math.exp(-bound / worse.latency_s)),
        )
        store.add(
            "http_request_duration_seconds_bucket",
            labels | {"le": "+Inf" if bound == math.inf else f"{bound:g}"},
            _whole(within),
            begins_s=pod.created_s,
        )
    every = flow(usual.rps, worse.rps)
    store.add(
        "http_request_duration_seconds_count",
        labels,
        _whole(every),
        begins_s=pod.created_s,
    )
    spent = flow(usual.rps * usual.latency_s, worse.rps * worse.latency_s)
    store.add("http_request_duration_seconds_sum", labels, spent.counter(), begins_s=pod.created_s)
