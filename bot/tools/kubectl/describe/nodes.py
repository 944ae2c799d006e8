"""A node: its health, its taints, and how much of it is promised to pods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import UpstreamError
from bot.domain.fields import dig, entries, mapping, text
from bot.ports.cluster import Selection
from bot.tools.kubectl.describe.common import conditions, field, pairs
from bot.tools.kubectl.fields import kind, name_of
from bot.tools.kubectl.quantity import amount, cores, mebibytes, percent

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports.cluster import ClusterReader, KubeObject

_ENDED = frozenset({"Succeeded", "Failed"})
_PODS_PER_NODE_MAX = 1_000


def describe_node(node: KubeObject, reader: ClusterReader, now: datetime) -> list[str]:
    """Return state, room and use of a node, without its events."""
    system = mapping(node, "status", "nodeInfo")
    taints = [
        "=".join(part for part in (text(one, "key"), text(one, "value")) if part)
        + f":{text(one, 'effect')}"
        for one in entries(node, "spec", "taints")
    ]
    addresses = [
        f"{text(one, 'type')} {text(one, 'address')}"
        for one in entries(node, "status", "addresses")
    ]
    lines = field("schedulable", "no, cordoned" if dig(node, "spec", "unschedulable") else "yes")
    lines += field("taints", ", ".join(taints) or "none")
    lines += field("addresses", ", ".join(addresses))
    lines += field(
        "system",
        f"kubelet {text(system, 'kubeletVersion')}, {text(system, 'osImage')},"
        f" kernel {text(system, 'kernelVersion')}, {text(system, 'containerRuntimeVersion')}",
    )
    lines += field("provider id", text(node, "spec", "providerID"))
    lines += field("capacity", pairs(mapping(node, "status", "capacity")))
    lines += field("allocatable", pairs(mapping(node, "status", "allocatable")))
    lines += conditions(node, now)
    return lines + _promised(node, reader)


def _promised(node: KubeObject, reader: ClusterReader) -> list[str]:
    """Return the sum of the requests and limits of the pods that run there."""
    selection = Selection(fields=f"spec.nodeName={name_of(node)}", limit=_PODS_PER_NODE_MAX)
    try:
        found = reader.list(kind("pods"), selection)
    except UpstreamError as error:
        return [f"Promised to pods: could not be read: {error}"]
    pods = [pod for pod in found.items if text(pod, "status", "phase") not in _ENDED]
    room = mapping(node, "status", "allocatable")
    lines = [f"Promised to {len(pods)} pods (of {text(room, 'pods', default='?')}):"]
    for resource, written in (("cpu", cores), ("memory", mebibytes)):
        whole = amount(room.get(resource))
        parts = []
        for key in ("requests", "limits"):
            total = sum(
                amount(dig(container, "resources", key, resource)) or 0.0
                for pod in pods
                for container in entries(pod, "spec", "containers")
            )
            parts.append(f"{key} {written(total)} ({percent(total, whole)})")
        lines.append(f"  {resource}: {', '.join(parts)}")
    return lines
