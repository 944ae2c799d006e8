"""What is said of any server of the registry's: does it answer, is its TLS sound, how far is it?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from bot.adapters.checkups import latency_checkup, tls_checkups
from bot.adapters.servers.connect import endpoint_of
from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.metrics import MetricsEndpoint
    from bot.ports.clock import Clock
    from bot.ports.probe import Probe

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """What a person is to do when it does not answer."""

    denied: str
    """When our credentials were the reason."""
    failed: str


def server_probe(
    part: str,
    endpoint: MetricsEndpoint,
    *,
    ask: Callable[[], _T],
    tell: Callable[[_T], Checkup],
    steps: Steps,
    clock: Clock,
) -> Probe:
    """Return the probe of one server: `ask` reads a little, `tell` judges what it read."""

    def answers() -> list[Checkup]:
        try:
            found = ask()
            latency = latency_checkup(part, ask, clock=clock)
        except (UpstreamError, ToolError) as error:
            step = steps.denied if isinstance(error, DeniedError) else steps.failed
            return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
        return [tell(found), latency]

    def look() -> list[Checkup]:
        tls = tls_checkups(part, endpoint_of(endpoint), clock=clock)
        return [*answers(), *tls]

    return look
