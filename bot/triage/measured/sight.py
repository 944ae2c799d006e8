"""The answers about one workload in numbers: its containers, its requests.

Pure. A number that is not there is None: nothing stands in for it, and no rule reads it as zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.chart import Point
from bot.triage.measured import asking
from bot.triage.measured.batch import Taken
from bot.triage.measured.series import combined, finite, mean, ratio
from bot.triage.objects import ObjectRef

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports.metrics import Labels
    from bot.triage.measures.subject import Subject

_PARTS = (asking.CPU, asking.THROTTLED, asking.MEMORY, asking.RESTARTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """One container of one pod."""

    pod: str
    name: str
    cpu: tuple[Point, ...] = ()
    """Cores."""
    throttled: tuple[Point, ...] = ()
    """Share of its periods in which it was held back."""
    memory: tuple[Point, ...] = ()
    """Working set in bytes."""
    restarts: tuple[Point, ...] = ()
    cpu_limit: float | None = None
    memory_limit: float | None = None
    memory_day_before: float | None = None
    """Mean of the same hours, for a container that was there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Requests of a workload, and what became of them."""

    rate: tuple[Point, ...] = ()
    """Each second."""
    failed: tuple[Point, ...] = ()
    """Share of them; empty where nothing tells failures from others."""
    latency: tuple[Point, ...] = ()
    """Seconds within which 95 % are answered."""
    rate_day: float | None = None
    """Mean of the same hours a day before."""
    rate_week: float | None = None
    failed_day: float | None = None
    latency_day: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Strain:
    """All that was measured of one workload."""

    object: ObjectRef
    at_s: float
    containers: tuple[Container, ...]
    load: Load
    taken: Mapping[str, Taken]

    def cite(self, *keys: str) -> tuple[str, ...]:
        """Return the labels of those answers that hold numbers."""
        looks = [self.taken[key].look for key in keys if key in self.taken]
        return tuple(
            dict.fromkeys(label for one in looks if one.has_numbers for label in one.labels)
        )


def strain_of(
    subject: Subject, taken: Mapping[str, Taken], *, at_s: float, is_first: bool
) -> Strain:
    """Return what was measured of a workload; requests are asked of the first one only."""
    own = re.compile(subject.pods)
    return Strain(
        object=ObjectRef(
            cluster=subject.cluster,
            kind=subject.kind,
            namespace=subject.namespace,
            name=subject.name,
        ),
        at_s=at_s,
        containers=_containers(taken, own.fullmatch),
        load=_load(taken) if is_first else Load(),
        taken=taken,
    )


def _containers(
    taken: Mapping[str, Taken], is_own: Callable[[str], object]
) -> tuple[Container, ...]:
    lines: dict[tuple[str, str], dict[str, tuple[Point, ...]]] = {}
    for part in _PARTS:
        for labels, points in _series(taken, part):
            lines.setdefault(_whose(labels), {})[part] = points
    limits = {
        (*_whose(labels), dict(labels).get("resource", "")): points[-1][1]
        for labels, points in _series(taken, asking.LIMITS)
    }
    before = {_whose(key): value for key, value in _baseline(taken, asking.MEMORY, 0).items()}
    return tuple(
        Container(
            pod=pod,
            name=name,
            cpu=found.get(asking.CPU, ()),
            throttled=found.get(asking.THROTTLED, ()),
            memory=found.get(asking.MEMORY, ()),
            restarts=found.get(asking.RESTARTS, ()),
            cpu_limit=limits.get((pod, name, "cpu")),
            memory_limit=limits.get((pod, name, "memory")),
            memory_day_before=before.get((pod, name)),
        )
        for (pod, name), found in sorted(lines.items())
        if is_own(pod)
    )


def _load(taken: Mapping[str, Taken]) -> Load:
    by_code = _series(taken, asking.REQUESTED)
    chosen = taken[asking.REQUESTED].chosen if asking.REQUESTED in taken else None
    rate = combined([points for _, points in by_code])
    failures = chosen.failures if chosen is not None else None
    failed: tuple[Point, ...] = ()
    day, week = (_baseline(taken, asking.REQUESTED, which) for which in (0, 1))
    failed_day = None
    if failures is not None:
        pattern, label = re.compile(failures.pattern), failures.label

        def fails(labels: Labels) -> bool:
            return pattern.fullmatch(dict(labels).get(label, "")) is not None

        failed = ratio(combined([points for labels, points in by_code if fails(labels)]), rate)
        total = _sum(day)
        failed_day = (
            sum(value for labels, value in day.items() if fails(labels)) / total if total else None
        )
    # Some histograms are of milliseconds.
    slow = taken[asking.SLOW].chosen if asking.SLOW in taken else None
    unit_s = 0.001 if slow is not None and slow.candidate.unit == "milliseconds" else 1.0
    latency = next(iter(_series(taken, asking.SLOW)), ((), ()))[1]
    latency_day = mean([(0.0, value) for value in _baseline(taken, asking.SLOW, 0).values()])
    return Load(
        rate=rate,
        failed=failed,
        latency=tuple((at, value * unit_s) for at, value in latency),
        rate_day=_sum(day),
        rate_week=_sum(week),
        failed_day=failed_day,
        latency_day=None if latency_day is None else latency_day * unit_s,
    )


def _series(taken: Mapping[str, Taken], key: str) -> list[tuple[Labels, tuple[Point, ...]]]:
    """Return the lines of an answer with their finite points, if it has any."""
    look = taken[key].look if key in taken else None
    if look is None or look.reading is None or not look.has_numbers:
        return []
    found = [(one.labels, finite(one.points)) for one in look.reading.series]
    return [(labels, points) for labels, points in found if points]


def _baseline(taken: Mapping[str, Taken], key: str, which: int) -> Mapping[Labels, float]:
    """Return the means of the day (0) or the week (1) before, by series."""
    look = taken[key].look if key in taken else None
    if look is None or look.reading is None or not look.reading.baselines:
        return {}
    return look.reading.baselines[which].means


def _sum(means: Mapping[Labels, float]) -> float | None:
    total = sum(means.values())
    return total if means and math.isfinite(total) else None


def _whose(labels: Labels) -> tuple[str, str]:
    named = dict(labels)
    return named.get("pod", ""), named.get("container", "")
