"""Scaling, and what happened to nodes, as events tell it: for about an hour, then they are gone."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.change import Change, ChangeSource
from bot.domain.fields import mapping, number, text
from bot.tools.kubectl.events import happened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from bot.ports.cluster import KubeObject

EVENTS_KEPT = timedelta(hours=1)
"""kube-apiserver's default for --event-ttl."""
# A rollout moves replicas from one ReplicaSet to the next for as long as that.
_ROLLING = timedelta(minutes=15)
_SCALE = frozenset(
    {"SuccessfulRescale", "ScalingReplicaSet", "DeploymentRollback", "TriggeredScaleUp",
     "EvictedByVPA"}
)  # fmt: skip
_NODE = frozenset(
    {"NodeNotSchedulable", "NodeSchedulable", "Rebooted", "RemovingNode", "DeletingNode",
     "ScaleDown", "Drain", "NodeNotReady"}
)  # fmt: skip


def happenings(
    cluster: str, events: Iterable[KubeObject], rollouts: Sequence[Change]
) -> Iterator[Change]:
    """Yield what events tell; what merely carries out one of the rollouts is left out."""
    for event in events:
        at, reason = happened(event), text(event, "reason")
        about = mapping(event, "involvedObject")
        source = _source(reason)
        if at is None or source is None:
            continue
        name = f"{text(about, 'kind').lower()}/{text(about, 'name')}"
        namespace = text(about, "namespace") if source is ChangeSource.SCALE else ""
        if reason == "ScalingReplicaSet" and _is_rolling(rollouts, namespace, name, at):
            continue
        times = number(event, "series", "count") or number(event, "count", default=1)
        message = " ".join(text(event, "message", default=text(event, "note")).split())
        yield Change(
            at=at,
            what=f"{reason}: {message}" + (f" ({times} times)" if times > 1 else ""),
            object=name,
            source=source,
            place=cluster,
            namespace=namespace,
            actor=text(event, "source", "component") or text(event, "reportingComponent"),
        )


def _source(reason: str) -> ChangeSource | None:
    if reason in _SCALE:
        return ChangeSource.SCALE
    return ChangeSource.NODE if reason in _NODE else None


def _is_rolling(rollouts: Sequence[Change], namespace: str, name: str, at: datetime) -> bool:
    return any(
        one.object == name
        and one.namespace == namespace
        and -timedelta(minutes=1) <= at - one.at <= _ROLLING
        for one in rollouts
    )
