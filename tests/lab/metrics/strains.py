"""What a scenario does to processors, memory, volumes and traffic beyond what objects show.

Read from `strains.yaml`. What is not named there is as on an ordinary day: held back by nothing,
its volumes a third full.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tests.lab.estate import when
from tests.lab.estate.quantities import memory_bytes
from tests.lab.metrics.tracks import Flow

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.estate.store import SimulatedCluster
    from tests.lab.metrics.tracks import MetricStore

Object = dict[str, Any]
Steps = tuple[tuple[float, float], ...]

PERIODS_EACH_S = 10.0
"""CFS periods of the kernel's default, 100 ms."""
_USUAL_FILL = 0.33
MEANINGS = {
    "container_cpu_cfs_periods_total": (
        "counter",
        "Number of elapsed enforcement period intervals.",
    ),
    "container_cpu_cfs_throttled_periods_total": (
        "counter",
        "Number of throttled period intervals.",
    ),
    "kubelet_volume_stats_used_bytes": ("gauge", "Number of used bytes in the volume."),
    "kubelet_volume_stats_capacity_bytes": ("gauge", "Capacity in bytes of the volume."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    """What traffic is from some time on, against what it was."""

    since_s: float
    rps_factor: float = 1.0
    latency_factor: float = 1.0
    errors: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Strains:
    """One scenario's, by `namespace/workload`; times are whole ones."""

    now_s: float
    cpu: dict[str, Steps] = field(default_factory=dict)
    throttled: dict[str, Steps] = field(default_factory=dict)
    memory: dict[str, Object] = field(default_factory=dict)
    volumes: dict[str, Object] = field(default_factory=dict)
    traffic: dict[str, Felt] = field(default_factory=dict)

    def cores(self, key: str, usual: float, limit: float) -> Steps:
        """Steps of a container's usage."""
        return ((0.0, usual), *((at, share * limit) for at, share in self.cpu.get(key, ())))

    def working_set(self, key: str) -> Callable[[float], float] | None:
        """The working set of a workload's containers; None where nothing is said of it."""
        told = self.memory.get(key)
        if told is None:
            return None
        if "level" in told:
            level = float(memory_bytes(told["level"]))
            return lambda _: level
        births = sorted(self.now_s + when.offset_s(one) for one in told["restarts"])
        start, per_s = memory_bytes(told["from"]), memory_bytes(told["per_hour"]) / 3_600

        def climbing(at_s: float) -> float:
            lived = at_s - max((one for one in births if one <= at_s), default=births[0] - 3_600)
            return round(start + per_s * max(0.0, lived))

        return climbing

    def restarts(self, key: str) -> Callable[[float], float] | None:
        """The counter of restarts that goes with it."""
        told = self.memory.get(key, {}).get("restarts")
        if told is None:
            return None
        births = [self.now_s + when.offset_s(one) for one in told]
        return lambda at_s: float(sum(one <= at_s for one in births))


def read_strains(scenario: str, *, now_s: float) -> Strains:
    """The scenario's part of the file."""
    path = Path(__file__).parent / "strains.yaml"
    told = yaml.safe_load(path.read_text(encoding="utf-8")).get(scenario, {})

    def steps(name: str) -> dict[str, Steps]:
        return {
            key: tuple((now_s + when.offset_s(at), share) for at, share in rows)
            for key, rows in told.get(name, {}).items()
        }

    return Strains(
        now_s=now_s,
        cpu=steps("cpu"),
        throttled=steps("throttled"),
        memory=told.get("memory", {}),
        volumes=told.get("volumes", {}),
        traffic={
            key: Felt(since_s=now_s + when.offset_s(row["since"]), **_without(row, "since"))
            for key, row in told.get("traffic", {}).items()
        },
    )


def add_periods(
    store: MetricStore, strains: Strains, key: str, labels: dict[str, str], *, begins_s: float
) -> None:
    """Count the periods of a container with a processor limit, and those it was held back in."""
    shares = ((0.0, 0.0), *strains.throttled.get(key, ()))
    for name, steps in (
        ("container_cpu_cfs_periods_total", ((0.0, PERIODS_EACH_S),)),
        (
            "container_cpu_cfs_throttled_periods_total",
            tuple((at, share * PERIODS_EACH_S) for at, share in shares),
        ),
    ):
        flow = Flow(steps=steps, wave=0.0, origin_s=begins_s)
        store.add(name, labels, flow.counter(), begins_s=begins_s)


def add_volumes(store: MetricStore, cluster: SimulatedCluster, strains: Strains) -> None:
    """Tell of each bound claim how big its volume is and how much of it is used."""
    for raw in cluster.listed("persistentvolumeclaims"):
        meta = raw["metadata"]
        if raw.get("status", {}).get("phase") != "Bound":
            continue
        size = float(memory_bytes(raw["status"]["capacity"]["storage"]))
        labels = {
            "namespace": meta["namespace"],
            "persistentvolumeclaim": meta["name"],
            "job": "kubelet",
        }
        told = strains.volumes.get(f"{meta['namespace']}/{meta['name']}", {})
        begins_s = when.read_stamp(meta["creationTimestamp"])
        store.add(
            "kubelet_volume_stats_used_bytes",
            labels,
            _filling(size, told, strains.now_s),
            begins_s=begins_s,
        )
        store.add(
            "kubelet_volume_stats_capacity_bytes",
            labels,
            lambda _, size=size: size,  # type: ignore[misc] # a default binds it
            begins_s=begins_s,
        )


def _filling(size: float, told: Object, now_s: float) -> Callable[[float], float]:
    share = float(told.get("share", _USUAL_FILL))
    per_s = float(told.get("per_hour", 0.0)) / 3_600

    def used(at_s: float) -> float:
        return round(size * min(1.0, max(0.0, share + per_s * (at_s - now_s))))

    return used


def _without(row: Object, key: str) -> Object:
    return {name: value for name, value in row.items() if name != key}
