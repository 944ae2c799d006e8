"""Puts pods, events and logs into a simulated cluster the way kubelet and controllers would.

It hands out nodes and addresses. What a workload consists of is decided by its callers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.lab.estate import naming, when
from tests.lab.estate.logs import GeneratedLog
from tests.lab.estate.pod_states import outcome
from tests.lab.estate.pod_status import PodPlan
from tests.lab.estate.quantities import cpu_cores, kibibytes, memory_bytes, nano_cores
from tests.lab.estate.store import Usage

if TYPE_CHECKING:
    from tests.lab.estate.pod_status import EventNote
    from tests.lab.estate.store import SimulatedCluster

Object = dict[str, Any]

EVENT_TTL_S = 3600.0  # kube-apiserver's --event-ttl default; older ones are gone
_CHATTER = (
    "INFO  http request method=GET path=/healthz status=200 duration_ms=1 n={n}",
    "INFO  http request method=GET path=/metrics status=200 duration_ms=4 n={n}",
)
_CHATTER_EVERY_S = 10.0
_CHATTER_LINES = 200
_BYTES_IN_MIB = 2**20


class ClusterBuilder:
    """Writes into one cluster while its scenario loads; all times are relative to `now`."""

    def __init__(self, cluster: SimulatedCluster, *, pods_placed: int = 0) -> None:
        self.cluster = cluster
        self.now = cluster.clock.now()
        self.nodes: list[tuple[str, str]] = []
        self._pods_placed = pods_placed
        self._service_ips = 10

    def at(self, offset: str) -> float:
        """Epoch seconds of a scenario's relative time."""
        return self.now + when.offset_s(str(offset))

    def owner(self, owned_by: Object) -> Object:
        """The owner reference that points at a stored object."""
        return {
            "apiVersion": owned_by["apiVersion"],
            "kind": owned_by["kind"],
            "name": owned_by["metadata"]["name"],
            "uid": owned_by["metadata"]["uid"],
            "controller": True,
            "blockOwnerDeletion": True,
        }

    def service_ip(self) -> str:
        self._service_ips += 1
        return f"172.20.{self._service_ips // 250}.{self._service_ips % 250 + 1}"

    def add_pod(
        self,
        *,
        name: str,
        owned_by: Object,
        labels: dict[str, str],
        spec: Object,
        created_at: float,
        given: Object,
        state: Object,
        node: str = "",
        uid: str = "",
        annotations: dict[str, str] | None = None,
    ) -> Object:
        """Write a pod with its status, events, logs and usage; returns it as stored."""
        namespace = owned_by["metadata"]["namespace"]
        placed_on = self._place(node)
        plan = PodPlan(
            namespace=namespace,
            name=name,
            uid=uid or naming.uid(self.cluster.name, "pods", namespace, name),
            spec=spec,
            created_at=created_at,
            now=self.now,
            node=placed_on[0],
            node_ip=placed_on[1],
            ip=f"10.42.{self._pods_placed // 250}.{self._pods_placed % 250 + 2}",
            node_count=len(self.nodes),
            options=state,
        )
        result = outcome(plan, state.get("is", "running"))
        stored = self.cluster.apply(
            {
                "apiVersion": "v1",
                "kind": "Pod",
                "metadata": {
                    "name": name,
                    "generateName": name.rsplit("-", 1)[0] + "-",
                    "namespace": namespace,
                    "uid": plan.uid,
                    "labels": labels,
                    "creationTimestamp": when.stamp(created_at),
                    "ownerReferences": [self.owner(owned_by)],
                }
                | ({"annotations": annotations} if annotations else {}),
                "spec": spec | ({"nodeName": plan.node} if result.scheduled else {}),
                "status": not_after(result.status, self.now),
            }
        )
        for note in result.notes:
            self.tell(stored, note)
        self._write_logs(plan, given, state)
        self._write_usage(plan, given, result.status)
        return stored

    def tell(self, about: Object, note: EventNote) -> None:
        """Write an event about a stored object, unless it is too old to be kept."""
        if self.now - note.last_at > EVENT_TTL_S:
            return
        first, last = (when.stamp(min(at, self.now)) for at in (note.first_at, note.last_at))
        meta = about["metadata"]
        namespace = meta.get("namespace", "default")
        marker = naming.digest(meta["uid"], note.reason, note.message)[:16]
        involved = {
            "apiVersion": about["apiVersion"],
            "kind": about["kind"],
            "name": meta["name"],
            "uid": meta["uid"],
            "resourceVersion": meta["resourceVersion"],
        }
        if "namespace" in meta:
            involved["namespace"] = namespace
        if note.container:
            involved["fieldPath"] = f"spec.containers{{{note.container}}}"
        source = {"component": note.component}
        if note.component == "kubelet" and "nodeName" in about.get("spec", {}):
            source["host"] = about["spec"]["nodeName"]
        self.cluster.apply(
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {
                    "name": f"{meta['name']}.{marker}",
                    "namespace": namespace,
                    "creationTimestamp": first,
                },
                "involvedObject": involved,
                "reason": note.reason,
                "message": note.message,
                "source": source,
                "firstTimestamp": first,
                "lastTimestamp": last,
                "count": note.count,
                "type": note.type,
                "eventTime": None,
                "reportingComponent": note.component,
                "reportingInstance": source.get("host", ""),
            }
        )

    def _place(self, node: str) -> tuple[str, str]:
        self._pods_placed += 1
        if node:
            return next(known for known in self.nodes if known[0] == node)
        return self.nodes[self._pods_placed % len(self.nodes)]

    def _write_logs(self, plan: PodPlan, given: Object, state: Object) -> None:
        first = plan.containers[0]["name"]
        for key, previous in (("logs", False), ("previous_logs", True)):
            lines = state.get(key)
            if lines is not None:
                pairs = [self._timed(line) for line in lines]
                self.cluster.set_logs(plan.namespace, plan.name, first, pairs, previous=previous)
        if "huge_log" in given:
            log = self._huge_log(given["huge_log"])
            self.cluster.set_logs(plan.namespace, plan.name, first, log)
        elif state.get("is", "running") in {"running", "unready"} and "logs" not in state:
            count = int(min(_CHATTER_LINES, (self.now - plan.created_at) // _CHATTER_EVERY_S))
            log = GeneratedLog(
                count=max(0, count),
                starts_at=self.now - count * _CHATTER_EVERY_S,
                step_s=_CHATTER_EVERY_S,
                templates=given.get("chatter", _CHATTER),
            )
            self.cluster.set_logs(plan.namespace, plan.name, first, log)

    def _timed(self, line: str) -> tuple[float, str]:
        offset, _, text = line.partition(" ")
        return self.at(offset), text

    def _huge_log(self, given: Object) -> GeneratedLog:
        templates = given["lines"]
        mean_bytes = sum(len(line.encode()) + 4 for line in templates) / len(templates)
        count = int(given["mib"] * _BYTES_IN_MIB / mean_bytes)
        starts_at = self.at(given["since"])
        return GeneratedLog(
            count=count,
            starts_at=starts_at,
            step_s=(self.now - starts_at) / count,
            templates=templates,
            special={int(count * share): text for share, text in given.get("needles", {}).items()},
        )

    def _write_usage(self, plan: PodPlan, given: Object, status: Object) -> None:
        for container, state in zip(
            plan.containers, status.get("containerStatuses", ()), strict=False
        ):
            if "running" not in state["state"]:
                continue
            usage = given.get("usage", {}) if container is plan.containers[0] else {}
            requests = container["resources"].get("requests", {})
            limits = container["resources"].get("limits", requests)
            wobble = 0.85 + 0.3 * naming.share(plan.name, container["name"])
            cpu = cpu_cores(usage.get("cpu") or requests.get("cpu", "20m"))
            memory = memory_bytes(usage.get("memory") or limits.get("memory", "64Mi"))
            self.cluster.set_usage(
                plan.namespace,
                plan.name,
                container["name"],
                Usage(
                    cpu=nano_cores(cpu * wobble * (1 if "cpu" in usage else 0.3)),
                    memory=kibibytes(memory * wobble * (1 if "memory" in usage else 0.5)),
                ),
            )


def not_after(value: Any, now: float) -> Any:
    """The status of a pod with no time in it that is still to come."""
    if isinstance(value, dict):
        return {
            key: min(item, when.stamp(now))
            if isinstance(item, str) and key.endswith(("Time", "At"))
            else not_after(item, now)
            for key, item in value.items()
        }
    return [not_after(item, now) for item in value] if isinstance(value, list) else value
