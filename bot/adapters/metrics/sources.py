"""The registry's metrics servers, which speak Prometheus' API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.metrics.faults import SERVER
from bot.adapters.metrics.reader import ANSWER_MAX_BYTES, PrometheusReader
from bot.adapters.servers.kept import KeptServers
from bot.adapters.servers.wire import Wire

if TYPE_CHECKING:
    from bot.adapters.servers.wire import Reach
    from bot.ports.metrics import MetricsSources


class PrometheusSources(KeptServers[PrometheusReader]):
    """Implements bot.ports.metrics.MetricsSources."""

    def _over(self, reach: Reach) -> PrometheusReader:
        wire = Wire(reach, faults=SERVER, limit_bytes=ANSWER_MAX_BYTES)
        return PrometheusReader(wire, scrape_interval_s=reach.endpoint.scrape_interval_s)


if TYPE_CHECKING:
    _keeps_its_promise: type[MetricsSources] = PrometheusSources
