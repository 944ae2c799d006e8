"""Reads of one metrics server: implements bot.ports.metrics.MetricsReader.

The paths are the closed list of the read policy (rule P10); there is no way to reach another.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from bot.adapters.metrics import decoding, faults
from bot.adapters.servers.faults import RefusedError, TooLargeError
from bot.adapters.servers.shape import texts
from bot.domain.errors import ToolError
from bot.domain.metrics import LABEL_NAME
from bot.ports.metrics import LabelSets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.adapters.servers.wire import Wire
    from bot.domain.evidence import Window
    from bot.ports.metrics import ActiveAlert, MetricMeaning, Result, Rule

_API = "/api/v1"
# A thousand series of 360 points are some 12 MB.
ANSWER_MAX_BYTES = 32 * 1024 * 1024
SERVER_TIMEOUT = "10s"
"""What the server may take for a query; it stops by itself, before our own deadline."""

_T = TypeVar("_T")


class PrometheusReader:
    """One server, readable from several threads; every read ends within the wire's limit."""

    def __init__(self, wire: Wire, *, scrape_interval_s: int) -> None:
        self._wire = wire
        self._scrape_interval_s = scrape_interval_s

    @property
    def name(self) -> str:
        """The cluster's name in the registry."""
        return self._wire.cluster

    @property
    def scrape_interval_s(self) -> int:
        """How often its targets are scraped, for estimates."""
        return self._scrape_interval_s

    def instant(self, query: str, *, at: datetime, limit: int) -> Result:
        """Return the value at a time; ToolError if the server cannot evaluate the query."""
        return self._read(
            "/query",
            (("query", query), ("time", _seconds(at)), *_limits(limit)),
            decoding.result,
        )

    def range(self, query: str, *, window: Window, step_s: int, limit: int) -> Result:
        """Return values every `step_s` of a window; raises as `instant` does."""
        return self._read(
            "/query_range",
            (("query", query), *_span(window), ("step", f"{step_s}s"), *_limits(limit)),
            decoding.result,
        )

    def series_count(self, selector: str, *, at: datetime) -> int:
        """Return how many series a selector has at a time."""
        found = self.instant(f"count({selector})", at=at, limit=1).series
        return int(found[0].points[0][1]) if found else 0

    def label_sets(self, selector: str, *, window: Window, limit: int) -> LabelSets:
        """Return the labels of the series a selector has in a window."""
        # One more than wanted tells whether there are more.
        found = self._read(
            "/series",
            (("match[]", selector), *_span(window), ("limit", str(limit + 1))),
            decoding.label_sets,
        )
        return LabelSets(items=found[:limit], more=len(found) > limit)

    def label_values(
        self, label: str, *, selector: str | None, window: Window, limit: int
    ) -> tuple[str, ...]:
        """Return a label's values; ToolError for a label that cannot exist."""
        if not LABEL_NAME.fullmatch(label):
            # It becomes part of the path.
            raise ToolError("that is no name of a label", rule="P10")
        match = () if selector is None else (("match[]", selector),)
        return self._read(
            f"/label/{label}/values",
            (*match, *_span(window), ("limit", str(limit))),
            texts,
        )[:limit]

    def meanings(self) -> Mapping[str, MetricMeaning]:
        """Return what is known about metrics by name; nothing where that is not offered."""
        return self._offered("/metadata", decoding.meanings, otherwise={})

    def rules(self) -> tuple[Rule, ...]:
        """Return all rules; none where rules are not offered."""
        return self._offered("/rules", decoding.rules, otherwise=())

    def alerts(self) -> tuple[ActiveAlert, ...]:
        """Return active alerts; none where rules are not offered."""
        return self._offered("/alerts", decoding.alerts, otherwise=())

    def _offered(self, path: str, decode: Callable[[dict[str, Any]], _T], *, otherwise: _T) -> _T:
        """Read what not every server of this API has, such as a Thanos querier without rulers."""
        try:
            return self._decoded(path, (), decode)
        except RefusedError as error:
            if error.answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.NOT_IMPLEMENTED}:
                return otherwise
            raise faults.refused(error.answer, cluster=self.name) from error

    def _read(
        self,
        path: str,
        query: Sequence[tuple[str, str]],
        decode: Callable[[dict[str, Any]], _T],
    ) -> _T:
        try:
            return self._decoded(path, query, decode)
        except RefusedError as error:
            raise faults.refused(error.answer, cluster=self.name) from error

    def _decoded(
        self,
        path: str,
        query: Sequence[tuple[str, str]],
        decode: Callable[[dict[str, Any]], _T],
    ) -> _T:
        try:
            return self._wire.read(
                f"{_API}{path}", query, lambda found: decode(decoding.with_content(found))
            )
        except TooLargeError as error:
            raise ToolError(
                f"the answer of {self.name}'s metrics server is larger than"
                f" {ANSWER_MAX_BYTES >> 20} MB; aggregate, or ask for a shorter window"
            ) from error


def _seconds(at: datetime) -> str:
    return f"{at.timestamp():.3f}"


def _span(window: Window) -> tuple[tuple[str, str], ...]:
    return ("start", _seconds(window.start)), ("end", _seconds(window.end))


def _limits(limit: int) -> tuple[tuple[str, str], ...]:
    return ("timeout", SERVER_TIMEOUT), ("limit", str(limit))
