"""Looks at a CloudWatch alarm: what is read of it, the sight that makes, and what it is about."""

from __future__ import annotations

import operator
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.triage.cloud.answers import moment_of, series_of
from bot.triage.cloud.collecting import look
from bot.triage.cloud.resource import Resource, ResourceKind
from bot.triage.cloud.sight import AlarmSight

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bot.ports.cloud import CloudPlace, Content
    from bot.triage.cloud.collecting import Collector, Taken, Wanted

_BEYOND: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def wanted(alarm: Resource) -> tuple[Wanted, ...]:
    """Return the reads that show an alarm."""
    return (look(alarm.place, "alarm", name=alarm.name),)


def seen(alarm: Resource, taken: Sequence[Taken], collector: Collector) -> AlarmSight | None:
    """Return the alarm, or None when it is not there or could not be read."""
    (main,) = taken
    found = _found(main, alarm.name)
    if found is None:
        return None
    return AlarmSight(
        resource=replace(alarm, arn=str(found.get("AlarmArn") or "")),
        label=main.label,
        at=collector.clock.now(),
        state=str(found.get("StateValue") or ""),
        changed_at=moment_of(found.get("StateUpdatedTimestamp")),
        threshold=found.get("Threshold"),
        comparison=str(found.get("ComparisonOperator") or ""),
        metric=str(found.get("MetricName") or ""),
        dimensions=_dimensions(found),
        points=next((points for points in series_of(main).values() if points), ()),
        history=tuple(
            (moment_of(one.get("Timestamp")), str(one.get("HistorySummary") or ""))
            for one in main.entries("cloudwatch.describe_alarm_history", "AlarmHistoryItems")
        ),
        children=tuple(
            str(one.get("AlarmName"))
            for params, content in main.answers("cloudwatch.describe_alarms")
            if params.get("ChildrenOfAlarmName")
            for one in content.get("MetricAlarms", [])
        ),
        whole=main.state is EvidenceState.OK,
    )


def beyond(alarm: AlarmSight, value: float) -> bool | None:
    """Tell whether a value crosses the alarm's threshold; None when it cannot be said."""
    compare = _BEYOND.get(alarm.comparison)
    if compare is None or alarm.threshold is None:
        return None
    return compare(value, alarm.threshold)


def about(dimensions: Mapping[str, str], place: CloudPlace) -> Resource | None:
    """Return the resource a metric's dimensions name; None if triage knows no such kind.

    A service may come without its cluster, a target group stands for what is behind it.
    """
    if name := dimensions.get("FunctionName"):
        return Resource(place=place, kind=ResourceKind.FUNCTION, name=name)
    if name := dimensions.get("ServiceName"):
        cluster = dimensions.get("ClusterName", "")
        return Resource(place=place, kind=ResourceKind.SERVICE, name=name, cluster=cluster)
    if name := dimensions.get("DBInstanceIdentifier"):
        return Resource(place=place, kind=ResourceKind.DATABASE, name=name)
    if path := dimensions.get("LoadBalancer"):
        # app/NAME/ID
        parts = path.split("/")
        name = parts[1] if len(parts) > 1 else path
        return Resource(place=place, kind=ResourceKind.BALANCER, name=name)
    return None


def _found(main: Taken, name: str) -> Content | None:
    for params, content in main.answers("cloudwatch.describe_alarms"):
        if params.get("AlarmNames"):
            for one in (*content.get("MetricAlarms", []), *content.get("CompositeAlarms", [])):
                if one.get("AlarmName") == name:
                    return dict(one)
    return None


def _dimensions(alarm: Content) -> dict[str, str]:
    given = list(alarm.get("Dimensions") or [])
    for query in alarm.get("Metrics") or []:
        given += ((query.get("MetricStat") or {}).get("Metric") or {}).get("Dimensions") or []
    return {str(one.get("Name")): str(one.get("Value")) for one in given}
