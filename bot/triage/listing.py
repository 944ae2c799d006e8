"""Families of objects as lists a person can read; only fields that cannot hold a secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.evidence import Grid
from bot.domain.spans import age, stamp
from bot.triage import listing_surroundings as surroundings
from bot.triage import reading
from bot.triage.quoting import plain_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from bot.ports.cluster import KubeObject
    from bot.triage.estate import Pod
    from bot.triage.specs import PodSpec

# Events' messages are free text; longer ones only repeat themselves.
MESSAGE_CHARS = 1_000

_PODS = (
    "NAMESPACE",
    "NAME",
    "READY",
    "STATUS",
    "RESTARTS",
    "LAST END",
    "AGE",
    "CREATED",
    "READY CHANGED",
    "NODE",
    "IMAGES",
)


def grid_of(family: str, items: Sequence[KubeObject], *, at: datetime) -> Grid:
    """Return the family's rows; events oldest first, the rest in the server's order."""
    match family:
        case "pods":
            return _pods(items, at)
        case "deployments" | "statefulsets" | "daemonsets":
            return _workloads(family.removesuffix("s"), items, at)
        case "replicasets":
            return _revisions(items, at)
        case "events":
            return _events(items, at)
        case "nodes":
            return _nodes(items)
        case "jobs":
            return _jobs(items, at)
        case _ if surroundings.is_listed(family):
            rows = (surroundings.row_of(family, item, at=at) for item in items)
            return _grid(surroundings.columns_of(family), rows)
        case _:
            return _grid(("NAME",), (_name(item) for item in items))


def _grid(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Grid:
    cells = (tuple(plain_line(cell)[:MESSAGE_CHARS] for cell in row) for row in rows)
    return Grid(columns=columns, rows=tuple(cells))


def _name(item: KubeObject) -> tuple[str]:
    return (reading.read_node("", item).ref.name,)


def _pods(items: Sequence[KubeObject], at: datetime) -> Grid:
    pods = [reading.read_pod("", item) for item in items]
    return _grid(
        _PODS,
        (
            (
                pod.ref.namespace,
                pod.ref.name,
                _ready(pod),
                _status(pod),
                " ".join(f"{one.name}={one.restarts}" for one in pod.containers),
                _last_end(pod),
                age(at, pod.created_at),
                stamp(pod.created_at),
                stamp(pod.changed_at),
                pod.node,
                " ".join(dict.fromkeys(one.image for one in pod.containers)),
            )
            for pod in pods
        ),
    )


def _ready(pod: Pod) -> str:
    own = [container for container in pod.containers if not container.init]
    return f"{sum(container.ready for container in own)}/{len(own)}"


def _status(pod: Pod) -> str:
    waiting = next((one.waiting_reason for one in pod.containers if one.waiting_reason), "")
    return "Terminating" if pod.terminating else pod.reason or waiting or pod.phase


def _last_end(pod: Pod) -> str:
    said = []
    for one in pod.containers:
        if one.ended is not None and (one.ended.exit_code != 0 or one.restarts):
            limit = f", memory limit {one.memory_limit}" if one.memory_limit else ""
            said.append(
                f"{one.name}: {one.ended.reason} (exit code {one.ended.exit_code},"
                f" at {stamp(one.ended.finished_at)}{limit}) {one.ended.message}"
            )
        if one.waiting_message:
            said.append(f"{one.name}: {one.waiting_message}")
    return "; ".join([*said, *filter(None, (pod.unschedulable, pod.message))])


def _workloads(kind: str, items: Sequence[KubeObject], at: datetime) -> Grid:
    workloads = [reading.read_workload("", kind, item) for item in items]
    return _grid(
        (
            "NAMESPACE",
            "NAME",
            "READY",
            "UPDATED",
            "AGE",
            "IMAGES",
            "POD LABELS",
            "PORTS",
            "PROBES",
            "REQUESTS",
            "NODES WANTED",
        ),
        (
            (
                workload.ref.namespace,
                workload.ref.name,
                f"{workload.ready}/{workload.desired}",
                str(workload.updated),
                age(at, workload.created_at),
                ", ".join(workload.images),
                surroundings.pairs(workload.labels),
                _ports(workload.spec),
                _probes(workload.spec),
                _requests(workload.spec),
                surroundings.pairs(workload.spec.node_selector),
            )
            for workload in workloads
        ),
    )


def _ports(spec: PodSpec) -> str:
    return ", ".join(f"{port.name or '-'} {port.number}" for port in spec.ports)


def _probes(spec: PodSpec) -> str:
    return "; ".join(
        f"{one.name} {probe.kind} {probe.port}{probe.path}, {probe.timeout_s} s to answer,"
        f" given up after {probe.patience_s} s"
        for one in spec.containers
        for probe in one.probes
    )


def _requests(spec: PodSpec) -> str:
    return "; ".join(f"{one.name} {surroundings.pairs(one.requests)}" for one in spec.containers)


def _revisions(items: Sequence[KubeObject], at: datetime) -> Grid:
    revisions = [entry for entry in (reading.read_revision("", item) for item in items) if entry]
    return _grid(
        ("NAMESPACE", "DEPLOYMENT", "REVISION", "READY", "CREATED", "AGE", "IMAGES"),
        (
            (
                entry.ref.namespace,
                entry.deployment,
                str(entry.number),
                f"{entry.ready}/{entry.desired}",
                stamp(entry.created_at),
                age(at, entry.created_at),
                ", ".join(entry.images),
            )
            for entry in sorted(
                revisions, key=lambda one: (one.ref.namespace, one.deployment, one.number)
            )
        ),
    )


def _events(items: Sequence[KubeObject], at: datetime) -> Grid:
    events = [reading.read_happening("", item) for item in items]
    return _grid(
        ("LAST SEEN", "FIRST SEEN", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE"),
        (
            (
                age(at, event.last_seen),
                stamp(event.first_seen),
                "Warning" if event.warning else "Normal",
                event.reason,
                "/".join(filter(None, (event.about.namespace, event.about.kind, event.about.name))),
                str(event.count),
                event.message,
            )
            for event in sorted(events, key=lambda event: event.last_seen)
        ),
    )


def _nodes(items: Sequence[KubeObject]) -> Grid:
    nodes = [reading.read_node("", item) for item in items]
    return _grid(
        ("NAME", "READY", "PRESSURE", "SINCE", "MESSAGE", "CORDONED", "TAINTS", "ROOM", "LABELS"),
        (
            (
                node.ref.name,
                "True" if node.ready else "False",
                ", ".join(node.pressures) or "none",
                stamp(node.since),
                node.message if not node.ready or node.pressures else "",
                "yes" if node.cordoned else "no",
                ", ".join(map(str, node.taints)),
                surroundings.pairs(node.room),
                surroundings.pairs(node.labels),
            )
            for node in nodes
        ),
    )


def _jobs(items: Sequence[KubeObject], at: datetime) -> Grid:
    batches = [reading.read_batch("", item) for item in items]
    return _grid(
        ("NAMESPACE", "NAME", "STATUS", "REASON", "CRONJOB", "AGE", "FAILED AT"),
        (
            (
                batch.ref.namespace,
                batch.ref.name,
                "Failed" if batch.failed else "Complete" if batch.complete else "Running",
                batch.reason,
                batch.cron_job,
                age(at, batch.created_at),
                stamp(batch.since),
            )
            for batch in batches
        ),
    )
