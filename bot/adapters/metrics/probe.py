"""Does a cluster's metrics server answer, how, and how fast?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.checkups import latency_checkup, tls_checkups
from bot.adapters.metrics.connect import endpoint_of
from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from bot.domain.metrics import MetricsEndpoint
    from bot.ports.clock import Clock
    from bot.ports.metrics import MetricsSources
    from bot.ports.probe import Probe


def metrics_probe(
    sources: MetricsSources, name: str, *, endpoint: MetricsEndpoint, clock: Clock
) -> Probe:
    """Return the probe of one cluster's metrics server."""

    def look() -> list[Checkup]:
        part = f"metrics {name}"
        tls = tls_checkups(part, endpoint_of(endpoint), clock=clock)
        return [*_server(part, sources, name, clock=clock), *tls]

    return look


def _server(part: str, sources: MetricsSources, name: str, *, clock: Clock) -> list[Checkup]:
    def count() -> float:
        return sources.reader(name).series_count("up", at=clock.now())

    try:
        targets = count()
        latency = latency_checkup(part, count, clock=clock)
    except DeniedError as error:
        step = "set the token or basic-auth variable that the registry names"
        return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
    except (UpstreamError, ToolError) as error:
        step = "check `prometheus:` of the cluster in nightdesk.yaml and the way to it"
        return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
    found = f"answers, {targets:.0f} targets"
    return [Checkup(part=part, health=Health.OK, found=found), latency]
