"""All rules, run over an estate."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.triage.backing import hosts_of
from bot.triage.ranking import rank
from bot.triage.rules import (
    autoscaling,
    claims,
    control_plane,
    creation,
    disruption,
    images,
    jobs,
    nodes,
    policies,
    probes,
    rollouts,
    routes,
    schedules,
    scheduling,
    services,
    startup,
    storage,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.triage.estate import Estate
    from bot.triage.finding import Finding

FAMILIES = (
    startup,
    images,
    scheduling,
    storage,
    claims,
    creation,
    probes,
    nodes,
    jobs,
    schedules,
    rollouts,
    services,
    routes,
    policies,
    autoscaling,
    disruption,
    control_plane,
)


def findings(estate: Estate) -> list[Finding]:
    """Return what is wrong, likeliest root first; empty when the rules see nothing wrong."""
    found = (one for family in FAMILIES for one in family.find(estate))
    return rank(one if one.hosts else _with_hosts(estate, one) for one in found)


def followed(estate: Estate, found: Iterable[Finding]) -> list[Finding]:
    """Return the findings, and what stands between them and the hosts they do not reach.

    Which hosts those are is known only once logs have been read.
    """
    seen = list(found)
    return rank([*seen, *(way for one in seen for way in policies.between(estate, one))])


def _with_hosts(estate: Estate, found: Finding) -> Finding:
    return replace(found, hosts=hosts_of(estate, found.object))
