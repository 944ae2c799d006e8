"""Does a cluster's log server answer, how, and how fast?"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.adapters.servers.probe import Steps, server_probe
from bot.domain.evidence import Window
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from bot.domain.logs import LogsEndpoint
    from bot.ports.clock import Clock
    from bot.ports.logs import LogSources
    from bot.ports.probe import Probe

_STEPS = Steps(
    denied="set `tenant`, or the token or basic-auth variable that the registry names",
    failed="check `loki:` of the cluster in nightdesk.yaml and the way to it",
)


def logs_probe(sources: LogSources, name: str, *, endpoint: LogsEndpoint, clock: Clock) -> Probe:
    """Return the probe of one cluster's log server."""
    part = f"logs {name}"

    def labels() -> tuple[str, ...]:
        now = clock.now()
        return sources.reader(name).labels(window=Window(start=now - timedelta(hours=1), end=now))

    def tell(found: tuple[str, ...]) -> Checkup:
        if found:
            return Checkup(part=part, health=Health.OK, found=f"answers, {len(found)} labels")
        return Checkup(
            part=part,
            health=Health.WARNING,
            found="answers, without any logs in the last hour",
            next_step="check that the collector ships logs to it, and `tenant`",
        )

    return server_probe(part, endpoint, ask=labels, tell=tell, steps=_STEPS, clock=clock)
