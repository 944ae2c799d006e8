"""The sweeper over an installation's parts: what cron runs."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bot.entrypoints.listeners.deps import whisper
from bot.entrypoints.listeners.routing import route_stored
from bot.flows.sweep import Swept, sweep
from safe_ops.errors import AuditError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.bootstrap.operations import Office
    from bot.bootstrap.workplace import Workplace
    from bot.domain.conversation import InboundEvent

log = structlog.get_logger()

# A question that waits for so many sweeps was not heard: a free worker takes one up at once.
RING_AFTER_SWEEPS = 2


def sweep_of(place: Workplace, office: Office) -> Callable[[], Swept]:
    """Return the sweep of this installation."""

    def route(event: InboundEvent) -> None:
        reply = route_stored(
            event,
            place.desk,
            place.alerts,
            rules_of=place.registry.alert_rules,
            operations=office.desk,
        )
        # What a person would have been told is mostly stale by now; what they asked for is not.
        if reply is not None and reply.lasts:
            whisper(place.gateway, reply.actor, reply.card)

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


def operations_sweep_of(office: Office) -> Callable[[], None]:
    """Return the sweep of guarded operations: time limits, sequels, reminders, cards, audit."""

    def run() -> None:
        office.sweep.run()
        office.sequels.run()
        office.reminders.run()
        office.cards.catch_up()
        try:
            office.delivery.catch_up()
        except AuditError as error:
            log.warning("audit_not_delivered", reason=str(error))

    return run
