"""The sweeper over an installation's parts: what cron runs."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from bot.entrypoints.listeners.routing import route_stored
from bot.flows.sweep import Swept, sweep

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.bootstrap.workplace import Workplace
    from bot.domain.conversation import InboundEvent

# A question that waits for so many sweeps was not heard: a free worker takes one up at once.
RING_AFTER_SWEEPS = 2


def sweep_of(place: Workplace) -> Callable[[], Swept]:
    """Return the sweep of this installation."""

    def route(event: InboundEvent) -> None:
        reply = route_stored(event, place.desk, place.alerts, rules_of=place.registry.alert_rules)
        # What the person would have been told is stale by now; what they asked for is not.
        del reply

    return partial(
        sweep,
        inbox=place.store,
        conversations=place.store,
        incidents=place.store,
        doorbell=place.doorbell,
        clock=place.clock,
        route=route,
        ring_patience=RING_AFTER_SWEEPS * timedelta(seconds=place.settings.service.sweep_s),
    )
