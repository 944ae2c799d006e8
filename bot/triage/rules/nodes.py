"""Nodes that are lost or under pressure, and the pods they took with them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate, Node

# An eviction longer ago has been answered by a new pod, or is told by what that pod lacks.
RECENT = timedelta(hours=1)


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each unhealthy node, and for each workload that lost pods to one.

    Looking at some namespaces only, nodes that carry no ill pod of theirs are left out.
    """
    for node in estate.nodes:
        if not node.ready:
            yield from _lost(estate, node)
        elif node.pressures:
            yield from _pressed(estate, node)
    yield from _evicted(estate)


def _lost(estate: Estate, node: Node) -> Iterator[Finding]:
    carried = [
        pod.ref
        for pod in estate.pods
        if pod.node == node.ref.name and not pod.ready and pod.phase != "Succeeded"
    ]
    if carried or estate.whole:
        yield Finding(
            object=node.ref,
            cause=Cause.NODE_FAULT,
            category=Category.INFRASTRUCTURE,
            phrase="node_not_ready",
            values={"node": node.ref.name, "message": node.message},
            evidence=estate.cite("nodes", *(["pods"] if carried else [])),
            weight=0.9,
            affected=len(carried),
            since=node.since,
            check=f"kubectl describe node {node.ref.name}",
            pods=tuple(carried),
            depth=2,
            covers=True,
        )


def _pressed(estate: Estate, node: Node) -> Iterator[Finding]:
    evicted = [
        pod.ref
        for pod in estate.pods
        if pod.node == node.ref.name and pod.reason == "Evicted" and not estate.is_over(pod)
    ]
    if evicted or estate.whole:
        yield Finding(
            object=node.ref,
            cause=Cause.NODE_FAULT,
            category=Category.INFRASTRUCTURE,
            phrase="node_pressure",
            values={"node": node.ref.name, "conditions": ", ".join(node.pressures)},
            evidence=estate.cite("nodes"),
            weight=0.7,
            affected=len(evicted),
            since=node.since,
            check=f"kubectl describe node {node.ref.name}",
            pods=tuple(evicted),
            depth=1,
            covers=True,
        )


def _evicted(estate: Estate) -> Iterator[Finding]:
    for pod in estate.pods:
        if pod.reason != "Evicted" or estate.is_over(pod):
            continue
        events = estate.about(pod.ref, "Evicted")
        since = events[0].first_seen if events else pod.changed_at or pod.created_at
        if not pod.owner_name or estate.at - since <= RECENT:
            yield Finding(
                object=estate.workload_of(pod),
                cause=Cause.NODE_FAULT,
                category=Category.INFRASTRUCTURE,
                phrase="evicted",
                values={"pod": pod.ref.name, "message": pod.message, "node": pod.node},
                evidence=estate.cite("pods", namespace=pod.ref.namespace),
                weight=0.75,
                since=since,
                check=f"kubectl describe pod {pod.ref.name} -n {pod.ref.namespace}",
                pods=(pod.ref,),
            )
