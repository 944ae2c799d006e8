"""Does a cluster's metrics server answer, and how fast?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from bot.ports.clock import Clock
    from bot.ports.metrics import MetricsSources
    from bot.ports.probe import Probe

# Beyond this an investigation of a dozen queries is felt; a server in the same network needs a few.
SLOW_MS = 200.0


def metrics_probe(sources: MetricsSources, name: str, *, clock: Clock) -> Probe:
    """Return the probe of one cluster's metrics server."""

    def look() -> list[Checkup]:
        part = f"metrics {name}"
        began = clock.monotonic()
        try:
            count = sources.reader(name).series_count("up", at=clock.now())
        except DeniedError as error:
            step = "set the token or basic-auth variable that the registry names"
            return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
        except (UpstreamError, ToolError) as error:
            step = "check `prometheus:` of the cluster in nightdesk.yaml and the way to it"
            return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
        took_ms = (clock.monotonic() - began) * 1000
        found = f"answers in {took_ms:.0f} ms, {count:.0f} targets"
        if took_ms > SLOW_MS:
            step = f"more than {SLOW_MS:.0f} ms a query: look at the way to it, or at its load"
            return [Checkup(part=part, health=Health.WARNING, found=found, next_step=step)]
        return [Checkup(part=part, health=Health.OK, found=found)]

    return look
