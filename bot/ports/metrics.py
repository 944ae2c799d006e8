"""Reads of one server of the Prometheus HTTP API, as tools and triage need them.

Every method raises, besides what it names:
    DeniedError: The server answered 401 or 403.
    UpstreamError: It did not answer, not in time, or not as a Prometheus server.
Label values are foreign text: whoever shows them makes them plain first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from bot.domain.chart import Point

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.evidence import Window

Labels = tuple[tuple[str, str], ...]
"""Pairs of name and value, sorted by name; equal tuples are the same series."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One series of a result; an instant result has one point, values may be NaN or infinite."""

    labels: Labels
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a query came to."""

    series: tuple[Series, ...]
    """In the server's order, which sort() and topk() decide."""
    remarks: tuple[str, ...] = ()
    """What the server has to say about the query itself."""
    missing: tuple[str, ...] = ()
    """Warnings that parts of the data did not answer, as Thanos gives them."""
    native_histograms: int = 0
    """Series left out because their samples are native histograms, not numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSets:
    """The labels of series, and whether there are more of them than the limit."""

    items: tuple[Labels, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricMeaning:
    """What a target says about a metric it exposes."""

    type: str
    """counter, gauge, histogram, summary … or unknown."""
    help: str
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An alerting rule, or a recording rule."""

    name: str
    query: str
    is_alert: bool
    group: str = ""
    for_s: float = 0.0
    labels: Labels = ()
    annotations: Labels = ()
    state: str = ""
    """inactive, pending or firing; empty for recording rules."""
    health: str = ""
    """ok, unknown or err."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveAlert:
    """A pending or firing alert, as the server that evaluates it sees it."""

    labels: Labels
    annotations: Labels
    state: str
    active_since: datetime | None
    value: str


class MetricsReader(Protocol):
    """One server; every call ends within the reader's time limit."""

    @property
    def name(self) -> str:
        """The cluster's name in the registry."""
        ...

    @property
    def scrape_interval_s(self) -> int:
        """How often its targets are scraped, for estimates."""
        ...

    def instant(self, query: str, *, at: datetime, limit: int) -> Result:
        """Return the value at a time; ToolError if the server cannot evaluate the query.

        `limit` series are asked for; not every server heeds that.
        """
        ...

    def range(self, query: str, *, window: Window, step_s: int, limit: int) -> Result:
        """Return values every `step_s` of a window; raises as `instant` does."""
        ...

    def series_count(self, selector: str, *, at: datetime) -> int:
        """Return how many series a selector has at a time."""
        ...

    def label_sets(self, selector: str, *, window: Window, limit: int) -> LabelSets:
        """Return the labels of the series a selector has in a window."""
        ...

    def label_values(
        self, label: str, *, selector: str | None, window: Window, limit: int
    ) -> tuple[str, ...]:
        """Return a label's values, `__name__` for names of metrics; ToolError for a bad label."""
        ...

    def meanings(self) -> Mapping[str, MetricMeaning]:
        """Return what is known about metrics by name; servers without metadata give nothing."""
        ...

    def rules(self) -> tuple[Rule, ...]:
        """Return all rules; a server that evaluates none gives none."""
        ...

    def alerts(self) -> tuple[ActiveAlert, ...]:
        """Return pending and firing alerts."""
        ...


class MetricsSources(Protocol):
    """The metrics servers of the registry, connected lazily."""

    def reader(self, cluster: str) -> MetricsReader:
        """Return the server with a cluster's metrics; KeyError for a cluster without one."""
        ...
