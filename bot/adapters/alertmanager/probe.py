"""Does a cluster's Alertmanager answer, do alerts reach it, and how fast is it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.adapters.servers.probe import Steps, server_probe
from bot.ports.probe import Checkup, Health

if TYPE_CHECKING:
    from bot.domain.alert_server import AlertmanagerEndpoint
    from bot.ports.alert_state import AlertStates, KnownAlert
    from bot.ports.clock import Clock
    from bot.ports.probe import Probe

# kube-prometheus' rule that always fires, to show that alerts get through.
_ALWAYS_FIRING = "Watchdog"
_STEPS = Steps(
    denied="set `tenant`, or the token or basic-auth variable that the registry names",
    failed="check `alertmanager:` of the cluster in nightdesk.yaml and the way to it",
)


def alertmanager_probe(
    states: AlertStates, name: str, *, endpoint: AlertmanagerEndpoint, clock: Clock
) -> Probe:
    """Return the probe of one cluster's Alertmanager."""
    part = f"alertmanager {name}"

    def always_firing() -> tuple[KnownAlert, ...]:
        return states.reader(name).alerts(_ALWAYS_FIRING)

    def tell(found: tuple[KnownAlert, ...]) -> Checkup:
        # Its rule is common, not owed: without it nothing is wrong, and nothing is shown either.
        proof = f"{_ALWAYS_FIRING} reaches it" if found else f"no {_ALWAYS_FIRING} alert is there"
        return Checkup(part=part, health=Health.OK, found=f"answers, {proof}")

    return server_probe(part, endpoint, ask=always_firing, tell=tell, steps=_STEPS, clock=clock)
