"""Looks at a load balancer: what is read of it, and the sight that makes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.triage.cloud.answers import groups_of, series_of
from bot.triage.cloud.collecting import look
from bot.triage.cloud.sight import BalancerSight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.triage.cloud.collecting import Collector, Taken, Wanted
    from bot.triage.cloud.resource import Resource


def wanted(balancer: Resource) -> tuple[Wanted, ...]:
    """Return the reads that show a load balancer."""
    return (look(balancer.place, "load_balancer", name=balancer.name),)


def seen(balancer: Resource, taken: Sequence[Taken], collector: Collector) -> BalancerSight | None:
    """Return the load balancer, or None when it is not there or could not be read."""
    (main,) = taken
    found = main.entries("elbv2.describe_load_balancers", "LoadBalancers")
    own = [one for one in found if one.get("LoadBalancerName") == balancer.name]
    if not own:
        return None
    return BalancerSight(
        resource=replace(balancer, arn=str(own[0].get("LoadBalancerArn") or "")),
        label=main.label,
        at=collector.clock.now(),
        groups=groups_of(main),
        series=series_of(main),
        whole=main.state is EvidenceState.OK,
    )
