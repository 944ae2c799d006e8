"""Room for pods: what a pod asks for, what nodes have left, how many more would fit.

An estimate by requests, as the scheduler's fit filter counts them, with node selectors and taints;
affinities, volumes' zones and spreading are not looked at, so the truth is never more than this.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING

from safe_ops.model.fields import dig, entries, mapping, text
from safe_ops.model.objects import holds, is_finished, labels_of, name_of
from safe_ops.model.quantities import amount, cores, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from safe_ops.model.plans import Json
    from safe_ops.model.surveys import Object

_BARRING = frozenset({"NoSchedule", "NoExecute"})
_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Processor time in cores, memory in bytes, and places for pods."""

    cpu: Decimal = _NOTHING
    memory: Decimal = _NOTHING
    pods: int = 0

    def __add__(self, other: Room) -> Room:
        return Room(
            cpu=self.cpu + other.cpu,
            memory=self.memory + other.memory,
            pods=self.pods + other.pods,
        )

    def __sub__(self, other: Room) -> Room:
        return Room(
            cpu=self.cpu - other.cpu,
            memory=self.memory - other.memory,
            pods=self.pods - other.pods,
        )

    @property
    def says(self) -> str:
        """Return it in words, such as `500m of processor time, 1Gi of memory`."""
        return f"{cores(self.cpu)} of processor time, {size(self.memory)} of memory"

    def times(self, asked: Room) -> int:
        """Return how often `asked` fits in here."""
        fits = [self.pods // asked.pods] if asked.pods else []
        fits += [int(self.cpu // asked.cpu)] if asked.cpu else []
        fits += [int(self.memory // asked.memory)] if asked.memory else []
        return max(0, min(fits, default=0))


def asked_by(spec: Json) -> Room:
    """Return what a pod with this specification asks of a node.

    Containers and side-cars together, or the largest init container beside the side-cars started
    before it, and the runtime's overhead: as the scheduler counts.
    """
    return _summed(spec, _requests)


def limited_to(spec: Json) -> Room:
    """Return the limits of a pod with this specification, summed up as `asked_by` does."""
    return _summed(spec, lambda container: _amounts(dig(container, "resources", "limits")))


def _summed(spec: Json, of: Callable[[Object], Room]) -> Room:
    main = sum((of(one) for one in entries(spec, "containers")), Room())
    sidecars, peak = Room(), Room()
    for one in entries(spec, "initContainers"):
        if one.get("restartPolicy") == "Always":
            sidecars += of(one)
            peak = _largest(peak, sidecars)
        else:
            peak = _largest(peak, sidecars + of(one))
    return replace(_largest(main + sidecars, peak) + _amounts(dig(spec, "overhead")), pods=1)


def allocatable(node: Object) -> Room:
    """Return what a node gives to pods."""
    given = mapping(node, "status", "allocatable")
    return replace(_amounts(given), pods=int(amount(given.get("pods")) or 0))


def takes(node: Object, spec: Json) -> bool:
    """Tell whether a node would take a pod of this specification, room aside."""
    if dig(node, "spec", "unschedulable") is True or not holds(node, "Ready"):
        return False
    labels = labels_of(node)
    if any(labels.get(key) != value for key, value in mapping(spec, "nodeSelector").items()):
        return False
    tolerations = entries(spec, "tolerations")
    return all(
        any(_tolerates(one, taint) for one in tolerations)
        for taint in entries(node, "spec", "taints")
        if taint.get("effect") in _BARRING
    )


def free_on(node: Object, pods: Iterable[Object]) -> Room:
    """Return what a node has left beside those of the pods that are bound to it."""
    bound = (
        asked_by(dig(pod, "spec"))
        for pod in pods
        if text(pod, "spec", "nodeName") == name_of(node) and not is_finished(pod)
    )
    return allocatable(node) - sum(bound, Room())


def more_pods(spec: Json, *, nodes: Iterable[Object], pods: Iterable[Object]) -> int:
    """Return how many more pods of this specification the nodes have room for."""
    standing = tuple(pods)
    asked = asked_by(spec)
    return sum(free_on(node, standing).times(asked) for node in nodes if takes(node, spec))


def _requests(container: Object) -> Room:
    resources = mapping(container, "resources")
    # A limit without a request is the request too: the API fills it in for containers.
    return _amounts(mapping(resources, "limits") | mapping(resources, "requests"))


def _amounts(given: Json) -> Room:
    return Room(
        cpu=amount(dig(given, "cpu")) or _NOTHING, memory=amount(dig(given, "memory")) or _NOTHING
    )


def _largest(one: Room, other: Room) -> Room:
    return Room(cpu=max(one.cpu, other.cpu), memory=max(one.memory, other.memory))


def _tolerates(toleration: Object, taint: Object) -> bool:
    if toleration.get("effect") not in {None, "", taint.get("effect")}:
        return False
    exists = toleration.get("operator") == "Exists"
    if not toleration.get("key"):
        return exists
    if toleration.get("key") != taint.get("key"):
        return False
    return exists or (toleration.get("value") or "") == (taint.get("value") or "")
