"""Orders findings: the deepest cause that explains the most, symptoms behind their causes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.verdict import Cause
from bot.triage.assembly import SYSTEM
from bot.triage.object_meta import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.triage.finding import Finding
    from bot.triage.objects import ObjectRef


NAME_SERVERS = frozenset({"coredns", "kube-dns"})
# Longer chains of services that need each other are not told apart by their depth.
MAX_CHAIN = 8


def rank(findings: Iterable[Finding]) -> list[Finding]:
    """Return one finding per object and cause, likeliest root first.

    A symptom is left out when a cause was found for the same object, or when a deeper fault (a
    node's) covers all of its pods. What another fault needs comes before that fault.
    """
    merged = _merge(findings)
    uncovered = [found for found in merged if not _is_covered(found, merged)]
    told = _without_symptoms(uncovered)
    depths = _depths(told)
    return sorted(told, key=lambda found: (-depths[id(found)], *_order(found)))


def explains(deeper: Finding, found: Finding) -> bool:
    """Tell whether the one follows from the other.

    Either the deeper one is a fault of what the other needs and does not reach, or it stops what
    was found at the same pods.
    """
    if deeper.object == found.object or deeper.object.cluster != found.object.cluster:
        return False
    if found.cause in deeper.stops and found.pods and set(found.pods) <= set(deeper.pods):
        return True
    if found.cause is Cause.DNS and is_name_server(deeper.object):
        return True
    if not found.needs:
        return False
    name, _, rest = found.needs.partition(".")
    namespace = rest.partition(".")[0] or found.object.namespace
    return (deeper.object.namespace, deeper.object.name) == (namespace, name) or (
        f"{name}.{namespace}" in deeper.hosts
    )


def is_name_server(ref: ObjectRef) -> bool:
    """Tell whether the object answers the cluster's look-ups of names."""
    return ref.namespace == SYSTEM and ref.name in NAME_SERVERS


def told_unasked(findings: Sequence[Finding]) -> list[Finding]:
    """Return what is worth telling to who asked about nothing in particular."""
    loud = [found for found in findings if not found.quiet]
    return [
        found
        for found in findings
        if not found.quiet or any(explains(found, other) for other in loud)
    ]


def _order(found: Finding) -> tuple[bool, float, int, float, str]:
    since = (found.since or EPOCH).timestamp()
    # What may well be meant comes behind what is certainly not.
    return (
        found.quiet,
        -found.weight,
        -found.affected,
        since,
        f"{found.object} {found.phrase} {found.cause}",
    )


def _merge(findings: Iterable[Finding]) -> list[Finding]:
    merged: dict[tuple[ObjectRef, Cause, str], Finding] = {}
    for found in findings:
        key = (found.object, found.cause, found.phrase)
        known = merged.get(key)
        merged[key] = found if known is None else _joined(known, found)
    return list(merged.values())


def _joined(known: Finding, found: Finding) -> Finding:
    """Return both as one; the more certain of them speaks for both."""
    first, second = (found, known) if found.weight > known.weight else (known, found)
    pods = tuple(dict.fromkeys((*first.pods, *second.pods)))
    starts = [at for at in (first.since, second.since) if at is not None]
    return replace(
        first,
        pods=pods,
        affected=max(len(pods), first.affected, second.affected),
        since=min(starts, default=None),
        evidence=tuple(dict.fromkeys((*first.evidence, *second.evidence))),
    )


def _is_covered(found: Finding, others: Sequence[Finding]) -> bool:
    return any(
        other.covers
        and other.depth > found.depth
        and found.pods
        and set(found.pods) <= set(other.pods)
        for other in others
    )


def _without_symptoms(findings: Sequence[Finding]) -> list[Finding]:
    """Return the causes, and of objects that show only symptoms the weightiest one."""
    caused = {found.object for found in findings if not found.symptom}
    worst: dict[ObjectRef, Finding] = {}
    for found in findings:
        if found.symptom and found.object not in caused:
            known = worst.get(found.object)
            if known is None or _order(found) < _order(known):
                worst[found.object] = found
    return [found for found in findings if not found.symptom or worst.get(found.object) is found]


def _depths(findings: Sequence[Finding]) -> dict[int, int]:
    """Return how deep each finding lies, by its id: deeper than those that need it.

    Those that need each other lie equally deep; longer circles are followed for MAX_CHAIN steps.
    """
    needs = [
        (id(deeper), id(found))
        for found in findings
        for deeper in findings
        if explains(deeper, found) and not explains(found, deeper)
    ]
    depths = {id(found): found.depth for found in findings}
    for _ in range(MAX_CHAIN):
        before = dict(depths)
        for deeper, shallower in needs:
            depths[deeper] = max(depths[deeper], before[shallower] + 1)
    return depths
