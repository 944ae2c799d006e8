"""Pods that no node takes: too little room, or constraints that exclude every node."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding
from bot.triage.rules.placement import sharpened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate, Pod

# What the scheduler says of volumes is told by the storage rules.
VOLUME = re.compile(r"persistentvolumeclaim|volume node affinity|volume binding", re.IGNORECASE)

_PARTS = re.compile(r"(\d+) ((?:node\(s\) )?[^,]+)")
_ROOM = re.compile(r"insufficient|too many pods", re.IGNORECASE)
_LOST = re.compile(r"node\.kubernetes\.io/(?:not-ready|unreachable)", re.IGNORECASE)
_AFTER = re.compile(r"\.? preemption:.*", re.IGNORECASE | re.DOTALL)


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each pod the scheduler cannot place."""
    for pod in estate.pods:
        if pod.unschedulable and not estate.is_over(pod) and not VOLUME.search(pod.unschedulable):
            yield sharpened(estate, pod, _judge(estate, pod))


def _judge(estate: Estate, pod: Pod) -> Finding:
    message = _AFTER.sub("", pod.unschedulable)
    lacking = _counted(message, _ROOM)
    lost = _counted(message, _LOST)
    others = _counted(message, re.compile("")) - lacking - lost
    if lacking and lacking >= others:
        phrase, cause, category = "no_room", Cause.UNSCHEDULABLE_CAPACITY, Category.CAPACITY
    elif lost and lost >= others:
        phrase, cause, category = "no_node_fits", Cause.NODE_FAULT, Category.INFRASTRUCTURE
    else:
        phrase, cause = "no_node_fits", Cause.UNSCHEDULABLE_CONSTRAINT
        category = Category.CONFIGURATION
    return Finding(
        object=estate.workload_of(pod),
        cause=cause,
        category=category,
        phrase=phrase,
        values={"pod": pod.ref.name, "message": message},
        evidence=estate.cite("pods", namespace=pod.ref.namespace),
        weight=0.9,
        since=estate.onset(pod, "FailedScheduling", known=[pod.created_at]),
        check=f"kubectl describe pod {pod.ref.name} -n {pod.ref.namespace}",
        pods=(pod.ref,),
    )


def _counted(message: str, reasons: re.Pattern[str]) -> int:
    """Return how many nodes the scheduler refused for such a reason."""
    told = message.partition(":")[2]
    return sum(int(number[:9]) for number, why in _PARTS.findall(told) if reasons.search(why))
