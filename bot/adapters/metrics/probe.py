"""Does a cluster's metrics server answer, how, and how fast?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.servers.probe import Steps, server_probe
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from bot.domain.metrics import MetricsEndpoint
    from bot.ports.clock import Clock
    from bot.ports.metrics import MetricsSources
    from bot.ports.probe import Probe

_STEPS = Steps(
    denied="set the token or basic-auth variable that the registry names",
    failed="check `prometheus:` of the cluster in nightdesk.yaml and the way to it",
)


def metrics_probe(
    sources: MetricsSources, name: str, *, endpoint: MetricsEndpoint, clock: Clock
) -> Probe:
    """Return the probe of one cluster's metrics server."""
    part = f"metrics {name}"

    def targets() -> int:
        return sources.reader(name).series_count("up", at=clock.now())

    def tell(found: int) -> Checkup:
        return Checkup(part=part, health=Health.OK, found=f"answers, {found} targets")

    return server_probe(part, endpoint, ask=targets, tell=tell, steps=_STEPS, clock=clock)
