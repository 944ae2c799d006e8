"""Does a cluster's log server answer, how, and how fast?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.adapters.checkups import latency_checkup, tls_checkups
from bot.adapters.metrics.connect import endpoint_of
from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import Window
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from bot.domain.logs import LogsEndpoint
    from bot.ports.clock import Clock
    from bot.ports.logs import LogSources
    from bot.ports.probe import Probe


def logs_probe(sources: LogSources, name: str, *, endpoint: LogsEndpoint, clock: Clock) -> Probe:
    """Return the probe of one cluster's log server."""

    def look() -> list[Checkup]:
        part = f"logs {name}"
        tls = tls_checkups(part, endpoint_of(endpoint), clock=clock)
        return [*_server(part, sources, name, clock=clock), *tls]

    return look


def _server(part: str, sources: LogSources, name: str, *, clock: Clock) -> list[Checkup]:
    def labels() -> tuple[str, ...]:
        now = clock.now()
        return sources.reader(name).labels(window=Window(start=now - timedelta(hours=1), end=now))

    try:
        found = labels()
        latency = latency_checkup(part, labels, clock=clock)
    except DeniedError as error:
        step = "set `tenant`, or the token or basic-auth variable that the registry names"
        return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
    except (UpstreamError, ToolError) as error:
        step = "check `loki:` of the cluster in nightdesk.yaml and the way to it"
        return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
    if not found:
        step = "check that the collector ships logs to it, and `tenant`"
        empty = Checkup(
            part=part,
            health=Health.WARNING,
            found="answers, without any logs in the last hour",
            next_step=step,
        )
        return [empty, latency]
    return [
        Checkup(part=part, health=Health.OK, found=f"answers, {len(found)} labels"),
        latency,
    ]
