"""Does a cluster's Alertmanager answer, do alerts reach it, and how fast is it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.checkups import latency_checkup, tls_checkups
from bot.adapters.metrics.connect import endpoint_of
from bot.domain.errors import DeniedError, UpstreamError
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from bot.domain.alert_server import AlertmanagerEndpoint
    from bot.ports.alert_state import AlertStates, KnownAlert
    from bot.ports.clock import Clock
    from bot.ports.probe import Probe

# kube-prometheus' rule that always fires, to show that alerts get through.
_ALWAYS_FIRING = "Watchdog"


def alertmanager_probe(
    states: AlertStates, name: str, *, endpoint: AlertmanagerEndpoint, clock: Clock
) -> Probe:
    """Return the probe of one cluster's Alertmanager."""

    def look() -> list[Checkup]:
        part = f"alertmanager {name}"
        tls = tls_checkups(part, endpoint_of(endpoint), clock=clock)
        return [*_server(part, states, name, clock=clock), *tls]

    return look


def _server(part: str, states: AlertStates, name: str, *, clock: Clock) -> list[Checkup]:
    def always_firing() -> tuple[KnownAlert, ...]:
        return states.reader(name).alerts(_ALWAYS_FIRING)

    try:
        found = always_firing()
        latency = latency_checkup(part, always_firing, clock=clock)
    except DeniedError as error:
        step = "set `tenant`, or the token or basic-auth variable that the registry names"
        return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
    except UpstreamError as error:
        step = "check `alertmanager:` of the cluster in nightdesk.yaml and the way to it"
        return [Checkup(part=part, health=Health.FAILED, found=str(error), next_step=step)]
    # Its rule is common, not owed: without it nothing is wrong, and nothing is shown either.
    proof = f"{_ALWAYS_FIRING} reaches it" if found else f"no {_ALWAYS_FIRING} alert is there"
    return [Checkup(part=part, health=Health.OK, found=f"answers, {proof}"), latency]
