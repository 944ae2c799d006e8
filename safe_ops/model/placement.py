"""Where pods would go when they leave a node: requests, taints, affinities, volumes.

An estimate on the careful side of what the scheduler's filters decide: spreading and other pods'
anti-affinities are not looked at, and a rule that is not known lets a pod go nowhere.
"""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from typing import TYPE_CHECKING

from safe_ops.model.drainage import label_of
from safe_ops.model.fields import dig, entries, mapping, text
from safe_ops.model.objects import (
    is_finished,
    labels_of,
    name_of,
    namespace_of,
    selects,
    uid_of,
)
from safe_ops.model.quantities import amount
from safe_ops.model.room import asked_by, free_on, takes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from safe_ops.model.plans import Json
    from safe_ops.model.surveys import ClusterSurvey, Object

_KNOWN_OPERATORS = frozenset({"In", "NotIn", "Exists", "DoesNotExist"})
# Counted by safe_ops.model.room.
_COUNTED = frozenset({"cpu", "memory"})
_NOTHING = Decimal(0)
# A node selector without terms takes no node.
_NOWHERE: Json = {"nodeSelectorTerms": []}


class _Seat:
    """A node with what it has left and the pods that stand on it, as pods are put there."""

    def __init__(self, node: Object, standing: list[Object]) -> None:
        self.node = node
        self.labels = labels_of(node)
        self.standing = standing
        self._free = free_on(node, standing)
        self._free_extras = _amounts(mapping(node, "status", "allocatable"))
        for pod in standing:
            if not is_finished(pod):
                self._take_extras(dig(pod, "spec"))

    def has_room(self, spec: Json) -> bool:
        asked = _extras(spec)
        return self._free.times(asked_by(spec)) > 0 and all(
            self._free_extras.get(key, _NOTHING) >= wanted for key, wanted in asked.items()
        )

    def seat(self, pod: Object) -> None:
        spec = dig(pod, "spec")
        self.standing.append(pod)
        self._free -= asked_by(spec)
        self._take_extras(spec)

    def _take_extras(self, spec: Json) -> None:
        for key, wanted in _extras(spec).items():
            self._free_extras[key] = self._free_extras.get(key, _NOTHING) - wanted


def stranded(leaving: Iterable[Object], *, leave: str, survey: ClusterSurvey) -> tuple[str, ...]:
    """Return the pods for which no other node has a place, as `namespace/name`, largest first.

    `leave` is the node they stand on now. Pods are put on nodes one by one, so that a place is
    given once.
    """
    standing: defaultdict[str, list[Object]] = defaultdict(list)
    for pod in survey.node_pods:
        standing[text(pod, "spec", "nodeName")].append(pod)
    seats = [_Seat(node, standing[name_of(node)]) for node in survey.nodes]
    elsewhere = [seat for seat in seats if name_of(seat.node) != leave]
    claims = {label_of(claim): claim for claim in survey.claims}
    volumes = {name_of(volume): volume for volume in survey.volumes}
    without = []
    for pod in sorted(leaving, key=_by_size, reverse=True):
        rules = _volume_rules(pod, claims, volumes)
        found = next((seat for seat in elsewhere if _fits(pod, seat, seats, rules)), None)
        if found is None:
            without.append(label_of(pod))
        else:
            found.seat(pod)
    return tuple(without)


def _by_size(pod: Object) -> tuple[Decimal, Decimal, str]:
    asked = asked_by(dig(pod, "spec"))
    return asked.memory, asked.cpu, label_of(pod)


def _fits(pod: Object, seat: _Seat, seats: list[_Seat], rules: list[Json]) -> bool:
    spec = dig(pod, "spec")
    return (
        takes(seat.node, spec)
        and seat.has_room(spec)
        and _terms_take(
            dig(spec, "affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"),
            seat.node,
        )
        and all(_terms_take(rule, seat.node) for rule in rules)
        and not _is_shunned(pod, seat, seats)
    )


def claims_of(pod: Object) -> tuple[str, ...]:
    """Return the names of the claims a pod mounts."""
    named = (
        text(volume, "persistentVolumeClaim", "claimName")
        for volume in entries(pod, "spec", "volumes")
    )
    return tuple(name for name in named if name)


def _volume_rules(
    pod: Object, claims: Mapping[str, Object], volumes: Mapping[str, Object]
) -> list[Json]:
    """Return which nodes each volume of a pod can be attached to; nowhere where it is not known."""
    bound = (
        volumes.get(text(claims.get(f"{namespace_of(pod)}/{name}"), "spec", "volumeName"))
        for name in claims_of(pod)
    )
    return [
        _NOWHERE if volume is None else dig(volume, "spec", "nodeAffinity", "required")
        for volume in bound
    ]


def _terms_take(selector: Json, node: Object) -> bool:
    """Tell whether any of a node selector's terms takes a node; no selector takes all."""
    if selector is None:
        return True
    return any(_term_takes(term, node) for term in entries(selector, "nodeSelectorTerms"))


def _term_takes(term: Object, node: Object) -> bool:
    expressions = entries(term, "matchExpressions")
    names = entries(term, "matchFields")
    if not (expressions or names):
        return False
    return _all_hold(expressions, labels_of(node)) and _all_hold(
        names, {"metadata.name": name_of(node)}
    )


def _all_hold(rules: list[Object], labels: Mapping[str, str]) -> bool:
    known = all(rule.get("operator") in _KNOWN_OPERATORS for rule in rules)
    return known and selects({"matchExpressions": rules}, labels)


def _is_shunned(pod: Object, seat: _Seat, seats: list[_Seat]) -> bool:
    """Tell whether the pod's own required anti-affinity keeps it from a node."""
    rules = entries(
        pod,
        "spec",
        "affinity",
        "podAntiAffinity",
        "requiredDuringSchedulingIgnoredDuringExecution",
    )
    return any(_meets(pod, rule, seat, seats) for rule in rules)


def _meets(pod: Object, rule: Object, seat: _Seat, seats: list[_Seat]) -> bool:
    key = text(rule, "topologyKey")
    domain = seat.labels.get(key)
    if domain is None:
        return False
    namespaces = rule.get("namespaces") or [namespace_of(pod)]
    anywhere = "namespaceSelector" in rule
    return any(
        uid_of(other) != uid_of(pod)
        and not is_finished(other)
        and (anywhere or namespace_of(other) in namespaces)
        and selects(rule.get("labelSelector"), labels_of(other))
        for beside in seats
        if beside.labels.get(key) == domain
        for other in beside.standing
    )


def _extras(spec: Json) -> dict[str, Decimal]:
    """Return what a pod asks for beside processor time and memory, such as graphics cards."""
    total: dict[str, Decimal] = {}
    for one in entries(spec, "containers"):
        for key, wanted in _uncounted(mapping(one, "resources")).items():
            total[key] = total.get(key, _NOTHING) + wanted
    for one in entries(spec, "initContainers"):
        for key, wanted in _uncounted(mapping(one, "resources")).items():
            total[key] = max(total.get(key, _NOTHING), wanted)
    return total


def _uncounted(resources: Object) -> dict[str, Decimal]:
    return _amounts(mapping(resources, "limits") | mapping(resources, "requests"))


def _amounts(given: Object) -> dict[str, Decimal]:
    read = {key: amount(value) for key, value in given.items() if key not in _COUNTED}
    return {key: found for key, found in read.items() if found is not None}
