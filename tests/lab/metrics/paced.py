"""Metrics servers as the rules get them in tests: real readers over the lab, paced in process."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from bot.adapters.metrics.sources import PrometheusSources
from bot.adapters.query_pace import SharedPace
from bot.domain.metrics import MetricsEndpoint
from bot.tools.promql.pacing import PacedMetrics

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.ports.clock import Clock
    from tests.lab.metrics.server import MetricsLab


def paced(
    servers: Mapping[str, MetricsLab], *, clock: Clock, timeout_s: float = 5.0
) -> PacedMetrics:
    """Readers of servers by cluster, with a pace of their own."""
    ids = itertools.count(1)
    pace = SharedPace(None, clock=clock, new_id=lambda: str(next(ids)))
    return PacedMetrics(unpaced(servers, clock=clock, timeout_s=timeout_s), pace=pace)


def unpaced(
    servers: Mapping[str, MetricsLab], *, clock: Clock, timeout_s: float = 5.0
) -> PrometheusSources:
    """Readers of servers by cluster, as incidents use them: nobody in particular asks."""
    return PrometheusSources(
        {name: MetricsEndpoint(url=server.url) for name, server in servers.items()},
        clock=clock,
        secret_of=lambda _: None,
        timeout_s=timeout_s,
    )


def no_metrics(clock: Clock) -> PacedMetrics:
    """An estate without any metrics server."""
    return paced({}, clock=clock)
