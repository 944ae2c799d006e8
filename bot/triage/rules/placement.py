"""Which demand of a pod excludes the nodes, by comparing the pod with the nodes there are."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.tools.kubectl.quantity import amount

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.triage.estate import Estate, Node, Pod
    from bot.triage.finding import Finding

# Words of the scheduler's plug-ins, the most particular first.
# https://github.com/kubernetes/kubernetes/tree/master/pkg/scheduler/framework/plugins
_SAID = (
    (re.compile(r"topology spread", re.IGNORECASE), "no_spread"),
    (re.compile(r"anti-affinity", re.IGNORECASE), "no_company"),
    (re.compile(r"node\(s\) were unschedulable", re.IGNORECASE), "all_cordoned"),
    (re.compile(r"free ports", re.IGNORECASE), "no_port"),
)
_PRESSURE = "node.kubernetes.io/"


def sharpened(estate: Estate, pod: Pod, found: Finding) -> Finding:
    """Return the finding with the demand no node meets; as it was if there is no single one."""
    nodes = estate.nodes
    if nodes:
        for phrase, values in (
            *_too_big(pod, nodes),
            *_no_label(pod, nodes),
            *_no_toleration(pod, nodes),
        ):
            is_size = phrase == "too_big"
            return replace(
                found,
                phrase=phrase,
                cause=Cause.UNSCHEDULABLE_CAPACITY if is_size else Cause.UNSCHEDULABLE_CONSTRAINT,
                category=Category.CAPACITY if is_size else Category.CONFIGURATION,
                values={**found.values, **values},
                evidence=(*found.evidence, *_cited(estate, found)),
                weight=0.95,
            )
    if found.cause is Cause.UNSCHEDULABLE_CONSTRAINT:
        for words, phrase in _SAID:
            if words.search(found.values["message"]):
                return replace(found, phrase=phrase)
    return found


def _cited(estate: Estate, found: Finding) -> tuple[str, ...]:
    template = estate.cite(f"{found.object.kind}s", namespace=found.object.namespace)
    return (*template, *estate.cite("nodes"))


def _too_big(pod: Pod, nodes: tuple[Node, ...]) -> Iterable[tuple[str, dict[str, str]]]:
    for resource in sorted({name for one in pod.spec.containers for name in one.requests}):
        asked = [amount(one.requests.get(resource, "0")) or 0 for one in pod.spec.containers]
        rooms = [(amount(node.room.get(resource)), node) for node in nodes]
        known = [(room, node) for room, node in rooms if room is not None]
        if len(known) == len(nodes) and sum(asked) > max(room for room, _ in known):
            largest = max(known, key=lambda pair: pair[0])[1]
            told = [
                one.requests[resource] for one in pod.spec.containers if resource in one.requests
            ]
            yield (
                "too_big",
                {
                    "resource": resource,
                    "asked": " + ".join(told),
                    "room": largest.room[resource],
                },
            )


def _no_label(pod: Pod, nodes: tuple[Node, ...]) -> Iterable[tuple[str, dict[str, str]]]:
    for key, value in pod.spec.node_selector:
        if not any(node.labels.get(key) == value for node in nodes):
            there = sorted({node.labels[key] for node in nodes if key in node.labels})
            yield (
                "no_label",
                {"wanted": f"{key}={value}", "labels": ", ".join(there) or "-"},
            )


def _no_toleration(pod: Pod, nodes: tuple[Node, ...]) -> Iterable[tuple[str, dict[str, str]]]:
    """Yield the taints that keep the pod away, when each node it could go to has one."""
    fitting = [node for node in nodes if set(pod.spec.node_selector) <= set(node.labels.items())]
    kept = [
        next(
            (
                taint
                for taint in node.taints
                if taint.effect in {"NoSchedule", "NoExecute"} and not pod.spec.tolerates(taint)
            ),
            None,
        )
        for node in fitting
    ]
    taints = [one for one in kept if one is not None and not one.key.startswith(_PRESSURE)]
    if fitting and len(taints) == len(fitting):
        told = ", ".join(sorted({str(one) for one in taints}))
        yield "no_toleration", {"taints": told, "count": str(len(fitting))}
