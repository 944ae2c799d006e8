"""Timing two things in turn, so that both suffer alike from what else the machine does."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Sample:
    """Durations of one thing, in seconds."""

    seconds: list[float] = field(default_factory=list)

    def time(self, act: Callable[[], object]) -> None:
        """Add how long `act` takes."""
        began = time.perf_counter()
        act()
        self.seconds.append(time.perf_counter() - began)

    @property
    def median_s(self) -> float:
        return median(self.seconds)

    def percentile_s(self, percent: int) -> float:
        """The duration that this share of them did not exceed."""
        ordered = sorted(self.seconds)
        # Nearest rank: always a duration that occurred.
        return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]


def in_turn(times: int, *acts: Callable[[], object]) -> list[Sample]:
    """Return one sample for each act; the first round, which warms caches, is not counted."""
    samples = [Sample() for _ in acts]
    for number in range(times + 1):
        for act, sample in zip(acts, samples, strict=True):
            (sample if number else Sample()).time(act)
    return samples
