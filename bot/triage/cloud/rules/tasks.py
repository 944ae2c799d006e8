"""Facts about a service's tasks that several rules ask: how they end, whether they still do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.triage.cloud.measures import last, peak, total
from bot.triage.cloud.rules.sense import QUIET

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.triage.cloud.sight import ServiceSight, TaskEnd

# 128 plus SIGTERM: ECS asked the task to go, which it does at every deployment.
ASKED_TO_GO = 143
# Percent of what the task may use; below, neither is what is wrong.
CALM_PERCENT = 70.0


def is_over(sight: ServiceSight, last_seen: datetime | None) -> bool:
    """Tell whether all tasks run and it was not seen for a while."""
    runs = sight.running >= sight.desired > 0
    return runs and (last_seen is None or sight.at - last_seen >= QUIET)


def suffers(sight: ServiceSight) -> bool:
    """Tell whether anything besides its log shows that the service does not do its work."""
    errors = sight.points("HTTPCode_Target_5XX_Count", "Sum")
    recent_s = (sight.at - QUIET).timestamp()
    return (
        sight.running < sight.desired
        or any(group.unhealthy for group in sight.groups)
        or total(errors, recent_s) > 0
    )


def newest(ends: Sequence[TaskEnd]) -> datetime | None:
    """Return when the newest of these ends was."""
    return max((one.at for one in ends if one.at is not None), default=None)


def oldest(ends: Sequence[TaskEnd]) -> datetime | None:
    """Return when the oldest of these ends was."""
    return min((one.at for one in ends if one.at is not None), default=None)


def is_calm(sight: ServiceSight, metric: str) -> bool | None:
    """Tell whether a metric never came near its limit; None when it was not measured."""
    highest = peak(sight.points(metric, "Maximum") or sight.points(metric, "Average"))
    return None if highest is None else highest < CALM_PERCENT


def percent(sight: ServiceSight, metric: str) -> str:
    """Return a metric's newest mean as people say it."""
    value = last(sight.points(metric, "Average"))
    return "?" if value is None else f"{value:.0f}"


def stopped_tasks(sight: ServiceSight) -> str:
    """Return the command that shows how tasks end."""
    return (
        f"aws ecs list-tasks --cluster {sight.resource.cluster} --service-name"
        f" {sight.resource.name} --desired-status STOPPED --region {sight.resource.place.region}"
    )


def last_errors(sight: ServiceSight) -> str:
    """Return the command that shows its log's newest failures."""
    if not sight.errors.group:
        return stopped_tasks(sight)
    return (
        f"aws logs filter-log-events --log-group-name {sight.errors.group}"
        f' --filter-pattern "?error ?ERROR ?panic" --region {sight.resource.place.region}'
    )


def usage(sight: ServiceSight, metric: str) -> str:
    """Return the command that shows one of its metrics."""
    return (
        f"aws cloudwatch get-metric-statistics --namespace AWS/ECS --metric-name {metric}"
        f" --dimensions Name=ClusterName,Value={sight.resource.cluster}"
        f" Name=ServiceName,Value={sight.resource.name} --period 60 --statistics Average"
        f" --region {sight.resource.place.region}"
    )
