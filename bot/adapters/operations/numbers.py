"""Single numbers from a cluster's metrics server, for guards and verification."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bot.domain.errors import BotError
from safe_ops.errors import UpstreamError
from safe_ops.model.plans import System

if TYPE_CHECKING:
    from bot.ports.clock import Clock
    from bot.ports.metrics import MetricsSources
    from safe_ops.model.plans import Place
    from safe_ops.ports.reach import Metrics

SERIES_ASKED = 2
"""One is wanted; a second shows that the query was not as narrow as it had to be."""


class ServerNumbers:
    """safe_ops.ports.reach.Metrics over the registry's metrics servers."""

    def __init__(self, sources: MetricsSources, *, clock: Clock) -> None:
        self._sources = sources
        self._clock = clock

    def value(self, place: Place, promql: str) -> float | None:
        """Return the value of an instant query with at most one series; None for none or NaN.

        Raises:
            UpstreamError: Metrics are not connected, do not answer, or answer with more.
        """
        system = f"metrics of {place.name}"
        if place.system is not System.KUBERNETES:
            raise UpstreamError(f"no metrics server is connected for {place.name}", system=system)
        try:
            reader = self._sources.reader(place.name)
        except KeyError:
            raise UpstreamError(
                f"no metrics server is connected for {place.name}: add `prometheus` to its entry"
                " in nightdesk.yaml",
                system=system,
            ) from None
        try:
            result = reader.instant(promql, at=self._clock.now(), limit=SERIES_ASKED)
        except BotError as error:
            raise UpstreamError(str(error), system=system) from error
        if result.missing:
            raise UpstreamError(
                f"{system} answered in part only: {result.missing[0]}", system=system
            )
        if len(result.series) > 1:
            raise UpstreamError(f"{system} has more than one series for {promql}", system=system)
        if not result.series or not result.series[0].points:
            return None
        _, found = result.series[0].points[-1]
        return found if math.isfinite(found) else None


if TYPE_CHECKING:
    _keeps_its_promise: type[Metrics] = ServerNumbers
