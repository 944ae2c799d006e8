"""Metrics servers as one person may use them: what makes a server evaluate takes a place first.

Counts, labels and rules are answered from an index and take none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.conversation import PersonId
    from bot.domain.evidence import Window
    from bot.ports.metrics import (
        ActiveAlert,
        LabelSets,
        MetricMeaning,
        MetricsReader,
        MetricsSources,
        Result,
        Rule,
    )
    from bot.ports.pace import QueryPace


class PacedMetrics:
    """The metrics servers, and the pace at which people may query them."""

    def __init__(self, sources: MetricsSources, *, pace: QueryPace) -> None:
        self._sources = sources
        self._pace = pace

    def of(self, person: PersonId) -> MetricsSources:
        """Return the servers for what is asked in this person's name."""
        return _PacedSources(self._sources, self._pace, person)


class _PacedSources:
    def __init__(self, sources: MetricsSources, pace: QueryPace, person: PersonId) -> None:
        self._sources = sources
        self._pace = pace
        self._person = person

    def reader(self, cluster: str) -> MetricsReader:
        """Return the cluster's server; KeyError for a cluster without one."""
        return _PacedReader(self._sources.reader(cluster), self._pace, self._person)


class _PacedReader:
    """Implements bot.ports.metrics.MetricsReader over another one."""

    def __init__(self, reader: MetricsReader, pace: QueryPace, person: PersonId) -> None:
        self._reader = reader
        self._pace = pace
        self._person = person

    @property
    def name(self) -> str:
        return self._reader.name

    @property
    def scrape_interval_s(self) -> int:
        return self._reader.scrape_interval_s

    def instant(self, query: str, *, at: datetime, limit: int) -> Result:
        with self._pace.place(self._person):
            return self._reader.instant(query, at=at, limit=limit)

    def range(self, query: str, *, window: Window, step_s: int, limit: int) -> Result:
        with self._pace.place(self._person):
            return self._reader.range(query, window=window, step_s=step_s, limit=limit)

    def series_count(self, selector: str, *, at: datetime) -> int:
        return self._reader.series_count(selector, at=at)

    def label_sets(self, selector: str, *, window: Window, limit: int) -> LabelSets:
        return self._reader.label_sets(selector, window=window, limit=limit)

    def label_values(
        self, label: str, *, selector: str | None, window: Window, limit: int
    ) -> tuple[str, ...]:
        return self._reader.label_values(label, selector=selector, window=window, limit=limit)

    def meanings(self) -> Mapping[str, MetricMeaning]:
        return self._reader.meanings()

    def rules(self) -> tuple[Rule, ...]:
        return self._reader.rules()

    def alerts(self) -> tuple[ActiveAlert, ...]:
        return self._reader.alerts()
