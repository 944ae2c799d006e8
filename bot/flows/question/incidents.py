"""Which open incidents one person may hear of outside their threads.

An incident's title says what is failing where, so it is shown to those who may read there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from bot.domain.conversation import ChannelId, MessageTs
from bot.flows.alert.scoping import may_read_there
from bot.ports.desk import OpenIncident

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.domain.registry import Registry

_LOOKED_AT = 30
"""Open incidents of which a person sees those they may read of."""


class OpenOnes(Protocol):
    """Of bot.ports.incidents.Incidents, what is needed here."""

    def open_incidents(self, *, limit: int) -> list[Incident]:
        """Return what is open, the worst and newest first."""
        ...


def open_incidents(
    incidents: OpenOnes, *, teams: frozenset[str], registry: Registry
) -> tuple[OpenIncident, ...]:
    """Return those the teams may read of, the worst and newest first; shadowed ones never."""
    return tuple(
        OpenIncident(
            incident_id=one.incident_id,
            title=one.title,
            severity=one.severity,
            opened_at=one.opened_at,
            firing=one.firing,
            channel=ChannelId(one.channel),
            ts=None if one.thread_ts is None else MessageTs(one.thread_ts),
        )
        for one in incidents.open_incidents(limit=_LOOKED_AT)
        if not one.is_shadow
        and may_read_there(one.scope, registry.access_of(teams, one.channel), registry=registry)
    )
