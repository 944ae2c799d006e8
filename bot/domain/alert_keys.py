"""What an alert names, as keys by which its incident is found.

Keys are compared by `bot.domain.correlation` and kept by the store; this module weighs nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.alert_identity import workload_of_job, workload_of_pod, workload_of_replica_set
from bot.domain.alert_words import words_of

if TYPE_CHECKING:
    from bot.domain.alert import Alert, AlertObject


class Tie(StrEnum):
    """What an alert and an incident can have in common."""

    RULE = "rule"
    """The rule's name."""
    WORKLOAD = "workload"
    """A workload, or the service or other object of that name."""
    NODE = "node"
    NAMESPACE = "namespace"
    WORD = "word"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is; an empty name is not known."""

    cluster: str = ""
    account: str = ""
    region: str = ""
    namespace: str = ""

    def contradicts(self, other: Place) -> bool:
        """Tell whether both know where they are, and it is not the same place."""
        return self.is_in_another_estate(other) or _differ(self.namespace, other.namespace)

    def is_in_another_estate(self, other: Place) -> bool:
        """Tell whether both know their cluster or account, and it is not the same."""
        return (
            _differ(self.cluster, other.cluster)
            or _differ(self.account, other.account)
            or _differ(self.region, other.region)
        )

    def shares_estate(self, other: Place) -> bool:
        """Tell whether cluster or account are known to be the same."""
        return bool(self.cluster and self.cluster == other.cluster) or bool(
            self.account and self.account == other.account and not self.is_in_another_estate(other)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One thing an alert names, by which its incident is found."""

    tie: Tie
    value: str
    place: Place
    road: str
    """How the alert came in."""
    subject: str = ""
    """With a rule: the workload or node it fired on, if it named one."""
    words: int | None = None
    """With a rule told without labels: how many words were told instead."""


def place_of(alert: Alert) -> Place:
    """Return where the alert is, as far as it says."""
    scope = alert.scope
    return Place(
        cluster=scope.cluster or "",
        account=scope.account or "",
        region=scope.region or "",
        namespace=scope.namespace or "",
    )


def workloads_of(alert: Alert) -> tuple[str, ...]:
    """Return names of workloads and services it is about, pods reduced to their owner."""
    return tuple(dict.fromkeys(filter(None, map(_workload, alert.scope.objects))))


def keys_of(alert: Alert, *, road: str) -> tuple[Key, ...]:
    """Return everything its incident shall be found by, the plainest first."""
    place = place_of(alert)
    words = words_of(alert)
    told: list[Key] = [
        Key(
            tie=Tie.RULE,
            value=alert.name,
            place=place,
            road=road,
            subject=subject,
            words=len(words) if alert.is_partial else None,
        )
        for subject in subjects_of(alert) or ("",)
    ]
    named = [(Tie.WORKLOAD, workload) for workload in workloads_of(alert)]
    named += [(Tie.NODE, node) for node in _nodes(alert)]
    named += [(Tie.NAMESPACE, place.namespace)] if place.namespace else []
    named += [(Tie.WORD, word) for word in words]
    told += [Key(tie=tie, value=value, place=place, road=road) for tie, value in named]
    return tuple(told)


def subjects_of(alert: Alert) -> tuple[str, ...]:
    """Return what a rule fired on: workloads, or else nodes."""
    return workloads_of(alert) or _nodes(alert)


def _nodes(alert: Alert) -> tuple[str, ...]:
    return tuple(thing.name for thing in alert.scope.objects if thing.kind == "node")


def _differ(one: str, other: str) -> bool:
    return bool(one and other) and one != other


_NO_WORKLOADS = frozenset({"node", "namespace", "cluster", "account", "region", "container"})


def _workload(thing: AlertObject) -> str:
    match thing.kind:
        case kind if kind in _NO_WORKLOADS:
            return ""
        case "pod":
            return workload_of_pod(thing.name)
        case "replicaset":
            return workload_of_replica_set(thing.name)
        case "job":
            return workload_of_job(thing.name)
        case _:
            return thing.name
