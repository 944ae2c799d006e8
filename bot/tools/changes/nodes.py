"""Nodes that came, were cordoned, or ceased to be ready, as the nodes themselves tell it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.change import Change, ChangeSource
from bot.domain.fields import dig, entries, mapping, text
from bot.domain.spans import moment
from bot.tools.kubectl.fields import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from bot.ports.cluster import KubeObject

_INSTANCE_TYPE = "node.kubernetes.io/instance-type"
_CORDONED = "node.kubernetes.io/unschedulable"
# A node that joins is not ready until its network is.
_JOINING = timedelta(minutes=10)


def node_changes(cluster: str, nodes: Iterable[KubeObject]) -> Iterator[Change]:
    """Yield when each node joined, was cordoned, and last became ready or ceased to be."""
    for node in nodes:
        for at, what in _told(node):
            if at is not None:
                yield Change(
                    at=at,
                    what=what,
                    object=f"node/{name_of(node)}",
                    source=ChangeSource.NODE,
                    place=cluster,
                )


def _told(node: KubeObject) -> Iterator[tuple[datetime | None, str]]:
    joined_at = moment(dig(node, "metadata", "creationTimestamp"))
    size = text(mapping(node, "metadata", "labels"), _INSTANCE_TYPE)
    kubelet = text(node, "status", "nodeInfo", "kubeletVersion")
    described = ", ".join(part for part in (size, kubelet and f"kubelet {kubelet}") if part)
    yield joined_at, f"joined ({described})" if described else "joined"
    for taint in entries(node, "spec", "taints"):
        if taint.get("key") == _CORDONED:
            yield moment(dig(taint, "timeAdded")), "cordoned"
    for condition in entries(node, "status", "conditions"):
        at = moment(dig(condition, "lastTransitionTime"))
        if condition.get("type") != "Ready" or at is None:
            continue
        if condition.get("status") != "True":
            yield at, f"not ready: {' '.join(text(condition, 'message').split())}"
        elif joined_at is None or at - joined_at > _JOINING:
            yield at, "ready again"
