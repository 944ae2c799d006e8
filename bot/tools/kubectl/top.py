"""`kubectl top`: usage from the metrics API, beside the limits it is to be judged by."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from bot.domain.errors import ToolError, UpstreamError
from bot.domain.evidence import Grid
from bot.domain.fields import dig, entries, mapping, text
from bot.ports.cluster import Selection
from bot.tools.answer import Answer, empty, table_answer
from bot.tools.kubectl.fields import kind, name_of, namespace_of
from bot.tools.kubectl.quantity import amount, cores, mebibytes, percent

if TYPE_CHECKING:
    from bot.ports.cluster import ClusterReader, KubeObject
    from bot.tools.kubectl.command import TopNodes, TopPods

_USAGE = ("CPU(cores)", "MEMORY(bytes)")
_LIMITS = ("CPU% OF LIMIT", "MEMORY% OF LIMIT")
_SOURCE = "metrics"


def top_pods(command: TopPods, reader: ClusterReader) -> Answer:
    """Return the usage of pods or their containers, and its share of their limits."""
    selection = Selection(namespace=command.namespace, labels=command.labels)
    listing = _metrics(reader.pod_metrics, selection)
    wanted = [item for item in listing.items if command.name in {None, name_of(item)}]
    if not wanted:
        return empty(_SOURCE, _no_pods(command, reader))
    limits = _limits(reader, selection)
    rows: list[tuple[float, float, tuple[str, ...]]] = []
    for item in wanted:
        names = [*([namespace_of(item) or ""] if command.namespace is None else []), name_of(item)]
        containers = entries(item, "containers")
        groups = [[one] for one in containers] if command.containers else [containers]
        for group in groups:
            extra = [text(group[0], "name")] if command.containers else []
            cpu, memory = _sum(group, "cpu"), _sum(group, "memory")
            key = (namespace_of(item), name_of(item))
            parts = [text(one, "name") for one in group]
            cpu_limit, memory_limit = (
                _limit(limits, key, parts, resource) for resource in ("cpu", "memory")
            )
            cells = (
                *names,
                *extra,
                cores(cpu),
                mebibytes(memory),
                percent(cpu, cpu_limit),
                percent(memory, memory_limit),
            )
            rows.append((cpu, memory, cells))
    columns = (
        *(["NAMESPACE"] if command.namespace is None else []),
        *(["POD", "NAME"] if command.containers else ["NAME"]),
        *_USAGE,
        *_LIMITS,
    )
    return _usage_table(columns, rows, order=command.sort_by, more=listing.more)


def top_nodes(command: TopNodes, reader: ClusterReader) -> Answer:
    """Return the usage of nodes, and its share of what can be allocated on them."""
    listing = _metrics(reader.node_metrics, Selection(labels=command.labels))
    wanted = [item for item in listing.items if command.name in {None, name_of(item)}]
    if not wanted:
        named = f" of node {command.name}" if command.name else ""
        return empty(_SOURCE, f"The metrics API has no usage{named}")
    nodes = {
        name_of(node): mapping(node, "status", "allocatable")
        for node in reader.list(kind("nodes"), Selection(labels=command.labels)).items
    }
    rows: list[tuple[float, float, tuple[str, ...]]] = []
    for item in wanted:
        cpu, memory = (amount(dig(item, "usage", unit)) or 0.0 for unit in ("cpu", "memory"))
        room = nodes.get(name_of(item), {})
        cells = (
            name_of(item),
            cores(cpu),
            percent(cpu, amount(room.get("cpu"))),
            mebibytes(memory),
            percent(memory, amount(room.get("memory"))),
        )
        rows.append((cpu, memory, cells))
    columns = ("NAME", "CPU(cores)", "CPU%", "MEMORY(bytes)", "MEMORY%")
    return _usage_table(columns, rows, order=command.sort_by, more=listing.more)


def _metrics(read: Any, selection: Selection) -> Any:
    try:
        return read(selection)
    except ToolError as error:
        # Usage is not zero because nobody measures it.
        raise UpstreamError(str(error), system="metrics API") from error


def _usage_table(
    columns: tuple[str, ...],
    rows: list[tuple[float, float, tuple[str, ...]]],
    *,
    order: str | None,
    more: bool,
) -> Answer:
    if order is None:
        rows = sorted(rows, key=lambda row: row[2])
    else:
        rows = sorted(rows, key=lambda row: row[0 if order == "cpu" else 1], reverse=True)
    grid = Grid(columns=columns, rows=tuple(cells for _, _, cells in rows))
    return table_answer(_SOURCE, grid, more=more)


_Limits = dict[tuple[str | None, str], dict[str, dict[str, Any]]]


def _limits(reader: ClusterReader, selection: Selection) -> _Limits:
    """Return each pod's container limits; none where pods cannot be read: usage is the question."""
    found: _Limits = defaultdict(dict)
    try:
        pods = reader.list(kind("pods"), selection).items
    except UpstreamError:
        return found
    for pod in pods:
        for container in entries(pod, "spec", "containers"):
            found[namespace_of(pod), name_of(pod)][text(container, "name")] = mapping(
                container, "resources", "limits"
            )
    return found


def _limit(
    limits: _Limits, pod: tuple[str | None, str], containers: list[str], resource: str
) -> float | None:
    """Return the sum of limits; None if any container has none, because then there is no limit."""
    found = [amount(limits.get(pod, {}).get(name, {}).get(resource)) for name in containers]
    known = [value for value in found if value is not None]
    return sum(known) if known and len(known) == len(found) else None


def _sum(containers: list[dict[str, Any]], resource: str) -> float:
    return sum(amount(dig(one, "usage", resource)) or 0.0 for one in containers)


def _no_pods(command: TopPods, reader: ClusterReader) -> str:
    if command.name is not None and command.namespace is not None:
        try:
            pod: KubeObject = reader.get(
                kind("pods"), name=command.name, namespace=command.namespace
            )
        except ToolError as error:
            return str(error)
        phase = text(pod, "status", "phase", default="unknown")
        return (
            f"pod {command.name} exists (phase {phase}) but the metrics API has no usage of it;"
            " it needs about a minute after a start, and has none for pods that do not run"
        )
    where = f"in namespace {command.namespace}" if command.namespace else "in any namespace"
    return f"The metrics API has no usage of such pods {where}"
