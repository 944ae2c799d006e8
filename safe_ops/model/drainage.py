"""Which pods a drain evicts, which it leaves and why, and whose turn each is.

Pure. Whether a pod may be evicted at all is the guards' to say; here is only what stands there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from safe_ops.model.budgets import budgets_over
from safe_ops.model.objects import (
    controller_of,
    is_finished,
    is_mirror,
    is_terminating,
    labels_of,
    name_of,
    namespace_of,
    uid_of,
)
from safe_ops.model.surveys import Object

if TYPE_CHECKING:
    from collections.abc import Iterable

    from safe_ops.model.surveys import ClusterSurvey

BUDGET_TURN = "PodDisruptionBudget "
"""How the group of evictions begins whose pace a disruption budget sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occupants:
    """The pods of a node, each in exactly one of these."""

    leaving: tuple[Object, ...]
    """To be evicted, by namespace and name."""
    daemons: tuple[Object, ...]
    """Of daemon sets, which would put them back at once."""
    mirrors: tuple[Object, ...]
    """The kubelet's own."""
    ended: tuple[Object, ...]
    """Finished, or being deleted already."""


def occupants(pods: Iterable[Object]) -> Occupants:
    """Sort the pods of a node by what a drain has to do about them."""
    ordered = sorted(pods, key=label_of)
    mirrors = tuple(pod for pod in ordered if is_mirror(pod))
    daemons = tuple(pod for pod in ordered if not is_mirror(pod) and _is_daemon(pod))
    others = [pod for pod in ordered if not is_mirror(pod) and not _is_daemon(pod)]
    ended = tuple(pod for pod in others if is_finished(pod) or is_terminating(pod))
    gone = {uid_of(pod) for pod in ended}
    leaving = tuple(pod for pod in others if uid_of(pod) not in gone)
    return Occupants(leaving=leaving, daemons=daemons, mirrors=mirrors, ended=ended)


def label_of(item: Object) -> str:
    """Return `namespace/name`."""
    return f"{namespace_of(item)}/{name_of(item)}"


def owner_in(owners: Iterable[Object], item: Object) -> Object | None:
    """Return the controller of an object from those that were read; None if it is not there."""
    reference = controller_of(item)
    if reference is None:
        return None
    return next((owner for owner in owners if uid_of(owner) == reference.get("uid")), None)


def workload_of(owners: Iterable[Object], pod: Object) -> str:
    """Return what a pod belongs to, such as `Deployment shop/cart`; a bare pod is its own.

    Of a replica set's pods that is the deployment above it, where there is one.
    """
    reference = controller_of(pod)
    if reference is None:
        return f"Pod {label_of(pod)}"
    owner = owner_in(owners, pod)
    above = controller_of(owner) if owner is not None else None
    top = above or reference
    return f"{top.get('kind')} {namespace_of(pod)}/{top.get('name')}"


def budgets_of(budgets: Iterable[Object], pod: Object) -> tuple[Object, ...]:
    """Return the disruption budgets that count a pod."""
    return budgets_over(budgets, namespace=namespace_of(pod), labels=labels_of(pod))


def turn_of(survey: ClusterSurvey, pod: Object) -> str:
    """Return the group of a pod's eviction: its budget's, or its workload's where it has none.

    Evictions of one group are made one after another, so that a budget is never asked twice at
    once, nor two pods of a workload without a budget taken together.
    """
    over = budgets_of(survey.budgets, pod)
    if over:
        return f"{BUDGET_TURN}{label_of(over[0])}"
    return workload_of(survey.owners, pod)


def _is_daemon(pod: Object) -> bool:
    reference = controller_of(pod)
    return reference is not None and reference.get("kind") == "DaemonSet"
