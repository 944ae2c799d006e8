"""Time series computed on demand: a value for every scrape, as far back as anybody asks.

A track can be spoiled as real ones are: gaps, values that are no number, counters that reset.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SCRAPE_S = 15
DAY_S = 86_400.0
NAME = "__name__"

Sample = tuple[float, float]


@dataclass(slots=True, kw_only=True)
class Track:
    """One series. `begins_s` and `ends_s` bound its scrapes; both ends included."""

    labels: dict[str, str]
    value: Callable[[float], float]
    begins_s: float = -math.inf
    ends_s: float = math.inf
    gaps: list[tuple[float, float]] = field(default_factory=list)
    odd: list[tuple[float, float, float]] = field(default_factory=list)
    """From, to, and the value that stands there instead."""
    resets: list[float] = field(default_factory=list)
    _known: dict[int, float] = field(default_factory=dict, repr=False)
    """What was computed already, by the number of the scrape: rates look at each many times."""

    def window(self, start_s: float, end_s: float) -> list[Sample]:
        """Samples from start to end, both included, oldest first."""
        start_s, end_s = max(start_s, self.begins_s), min(end_s, self.ends_s)
        if start_s > end_s:
            return []
        first, last = math.ceil(start_s / SCRAPE_S), math.floor(end_s / SCRAPE_S)
        scrapes = range(first, last + 1)
        if not (self.gaps or self.odd or self.resets):
            return [(float(number * SCRAPE_S), self._value(number)) for number in scrapes]
        times = (float(number * SCRAPE_S) for number in scrapes)
        return [(at_s, self._at(at_s)) for at_s in times if not self._is_missing(at_s)]

    def _value(self, number: int) -> float:
        known = self._known.get(number)
        if known is None:
            known = self._known[number] = self.value(float(number * SCRAPE_S))
        return known

    def _is_missing(self, at_s: float) -> bool:
        return any(start <= at_s <= end for start, end in self.gaps)

    def _at(self, at_s: float) -> float:
        for start, end, instead in self.odd:
            if start <= at_s <= end:
                return instead
        value = self._value(round(at_s / SCRAPE_S))
        before = [reset for reset in self.resets if reset <= at_s]
        return value - self.value(max(before)) if before else value


class MetricStore:
    """All tracks of one server, with what is known of their metrics."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tracks: dict[str, list[Track]] = {}
        self.meanings: dict[str, dict[str, str]] = {}

    def add(
        self,
        name: str,
        labels: Mapping[str, str],
        value: Callable[[float], float],
        *,
        begins_s: float = -math.inf,
        ends_s: float = math.inf,
    ) -> Track:
        """Store a series; empty labels are left out, as Prometheus does."""
        kept = {label: text for label, text in labels.items() if text}
        track = Track(labels={NAME: name} | kept, value=value, begins_s=begins_s, ends_s=ends_s)
        with self._lock:
            self._tracks.setdefault(name, []).append(track)
        return track

    def describe(self, name: str, kind: str, help_text: str) -> None:
        """Say what a metric is."""
        self.meanings[name] = {"type": kind, "help": help_text, "unit": ""}

    def tracks(self, name: str | None = None) -> list[Track]:
        """The series of a metric, or all there are."""
        with self._lock:
            if name is not None:
                return list(self._tracks.get(name, ()))
            return [track for tracks in self._tracks.values() for track in tracks]

    def of(self, name: str, **labels: str) -> list[Track]:
        """The series of a metric that have these labels; a test spoils them."""
        wanted = labels.items()
        found = [track for track in self.tracks(name) if wanted <= track.labels.items()]
        if not found:
            raise KeyError(f"no series {name} with {labels}")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A rate in steps, with a daily wave: what a counter counts and a gauge shows.

    `steps` are (from, rate), oldest first; the first holds for all time before it.
    """

    steps: tuple[tuple[float, float], ...]
    wave: float = 0.1
    origin_s: float = 0.0

    def rate(self, at_s: float) -> float:
        """The rate at a time."""
        level = self.steps[0][1]
        for since_s, rate in self.steps[1:]:
            if since_s <= at_s:
                level = rate
        return level * (1 + self.wave * math.sin(2 * math.pi * at_s / DAY_S))

    def counter(self) -> Callable[[float], float]:
        """How much came from the origin to a time, as a function of that time."""
        rows: list[tuple[float, float, float, float]] = []
        total = 0.0
        edges = [self.origin_s, *(since for since, _ in self.steps[1:]), math.inf]
        for (_, rate), start, end in zip(self.steps, edges, edges[1:], strict=False):
            start_s = max(start, self.origin_s)
            if end <= start_s:
                continue
            swept = self._swept(start_s)
            rows.append((start_s, total, rate, swept))
            if end < math.inf:
                total += rate * (self._swept(end) - swept)
        rows.reverse()

        def counted(at_s: float) -> float:
            for start_s, before, rate, swept in rows:
                if start_s <= at_s:
                    return before + rate * (self._swept(at_s) - swept)
            return 0.0

        return counted

    def _swept(self, at_s: float) -> float:
        turn = 2 * math.pi / DAY_S
        return at_s - self.wave / turn * math.cos(turn * at_s)


def noise(at_s: float, seed: float) -> float:
    """A number from -1 to 1 that looks random and is always the same."""
    spread = math.sin(at_s * 12.9898 + seed * 78.233) * 43758.5453
    return 2 * (spread - math.floor(spread)) - 1


def matching(tracks: Iterable[Track], wants: Callable[[dict[str, str]], bool]) -> list[Track]:
    """The tracks whose labels are wanted."""
    return [track for track in tracks if wants(track.labels)]
