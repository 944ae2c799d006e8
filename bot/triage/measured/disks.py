"""Volumes: full, or so soon that somebody has to know today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.tools.promql.durations import DAY_S
from bot.triage.finding import Finding
from bot.triage.measured.series import finite, line, lives, now
from bot.triage.measured.weighing import moment_of, share, span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.chart import Point
    from bot.triage.estate import Estate
    from bot.triage.measured.batch import Taken
    from bot.triage.objects import ObjectRef

FULL_FROM = 0.97
"""As the alert most clusters have asks for it."""
_NEARLY_FROM = 0.85
_NEARLY_WITHIN_S = 4 * DAY_S
_HALF = 0.5
_LEAST_FIT = 0.5
"""Disks fill in steps, as files are rotated and compacted."""


def find(
    estate: Estate, taken: Taken, claims: Sequence[ObjectRef], *, at_s: float
) -> Iterator[Finding]:
    """Yield each of the claims whose volume is full or is about to be."""
    look = taken.look
    if look.reading is None or not look.has_numbers:
        return
    for one in look.reading.series:
        name = dict(one.labels).get("persistentvolumeclaim", "")
        ref = next((claim for claim in claims if claim.name == name), None)
        points = finite(one.points)
        level = now(points, at_s=at_s)
        if ref is None or level is None:
            continue
        left_s = time_to_full(points, level=level)
        if level >= FULL_FROM or (left_s is not None and _is_soon(level, left_s)):
            yield _finding(estate, ref, taken, points, level=level, left_s=left_s)


def time_to_full(points: Sequence[Point], *, level: float) -> float | None:
    """Return in how many seconds it is full if it goes on so; None when it does not fill.

    What was freed, as by a cleaning up, begins anew.
    """
    *_, newest = lives(points) or ((),)
    found = line(newest)
    if found is None or found.per_s <= 0 or found.fit < _LEAST_FIT:
        return None
    return max(0.0, 1.0 - level) / found.per_s


def _is_soon(level: float, left_s: float) -> bool:
    return (level >= _NEARLY_FROM and left_s <= _NEARLY_WITHIN_S) or (
        level >= _HALF and left_s <= DAY_S
    )


def _finding(
    estate: Estate,
    ref: ObjectRef,
    taken: Taken,
    points: Sequence[Point],
    *,
    level: float,
    left_s: float | None,
) -> Finding:
    is_full = level >= FULL_FROM
    pods = [
        pod.ref
        for pod in estate.pods
        if pod.ref.namespace == ref.namespace and ref.name in pod.claims and not estate.is_over(pod)
    ]
    return Finding(
        object=ref,
        cause=Cause.STORAGE,
        category=Category.CAPACITY,
        phrase="volume_full" if is_full else "volume_fills",
        values={
            "share": share(level),
            "left": span(left_s) if left_s is not None else "",
            "workload": _owner(estate, pods) or ref.name,
        },
        evidence=taken.look.labels,
        weight=0.88 if is_full else 0.75,
        affected=max(1, len(pods)),
        since=moment_of(points[0][0]),
        check=f"kubectl describe pvc {ref.name} -n {ref.namespace}",
        pods=tuple(pods),
    )


def _owner(estate: Estate, pods: Sequence[ObjectRef]) -> str:
    owners = (estate.workload_of(pod) for ref in pods if (pod := estate.pod(ref)) is not None)
    return next((owner.name for owner in owners), "")
