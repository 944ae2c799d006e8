"""Findings of measurements beside those of objects: one fault seen from two sides is told once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.verdict import Cause

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.triage.finding import Finding

_BESIDE = 0.6
"""What its objects say of a workload is surer than what its measurements let one suppose."""
_KILLED_TOO = 0.9
"""A climb, and kills for memory, agree and know nothing of each other."""


def joined(found: Sequence[Finding], measured: Sequence[Finding]) -> list[Finding]:
    """Return all findings, those that are one fault as one; they are not ranked yet."""
    known = list(found)
    for one in measured:
        same = [other for other in known if _is_same(other, one)]
        if one.cause is Cause.MEMORY_LEAK and same:
            known = [other for other in known if other not in same]
            known.append(_killed_by(one, same))
        elif same:
            known = [_seen_twice(other, one) if other in same else other for other in known]
        elif any(_is_cause_of(other, one) for other in known):
            known.append(replace(one, weight=min(one.weight, _BESIDE)))
        else:
            known.append(one)
    return known


def _is_same(found: Finding, measured: Finding) -> bool:
    if measured.cause is Cause.STORAGE:
        return found.cause is Cause.STORAGE and bool(set(found.pods) & set(measured.pods))
    causes = {measured.cause}
    if measured.cause is Cause.MEMORY_LEAK:
        causes.add(Cause.OUT_OF_MEMORY)
    if measured.cause is Cause.UNKNOWN:
        return False
    return found.object == measured.object and found.cause in causes


def _is_cause_of(found: Finding, measured: Finding) -> bool:
    """Tell whether objects give a cause for the same workload."""
    return (
        not measured.symptom
        and not (found.symptom or found.quiet)
        and found.cause is not Cause.UNKNOWN
        and found.object == measured.object
    )


def _killed_by(leak: Finding, kills: Sequence[Finding]) -> Finding:
    evidence = [label for one in kills for label in one.evidence]
    pods = [pod for one in kills for pod in one.pods]
    return replace(
        leak,
        evidence=tuple(dict.fromkeys((*leak.evidence, *evidence))),
        pods=tuple(dict.fromkeys((*leak.pods, *pods))),
        weight=max(leak.weight, _KILLED_TOO),
    )


def _seen_twice(found: Finding, measured: Finding) -> Finding:
    return replace(found, evidence=tuple(dict.fromkeys((*found.evidence, *measured.evidence))))
