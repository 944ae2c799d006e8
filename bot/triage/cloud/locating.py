"""Which resources there are, and which of them a text or an alert means.

Lists are read once for each place and kind. A list that was cut proves no absence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.ports.cloud import CloudPlace
from bot.tools.aws.answer import answered, nothing
from bot.tools.aws.looks import spelled
from bot.triage.cloud.asking import mentions
from bot.triage.cloud.collecting import Taken, Wanted, listing
from bot.triage.cloud.resource import Resource, ResourceKind, short_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.registry import Access, Account
    from bot.ports.cloud import Content
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading
    from bot.triage.cloud.collecting import Collector

# Places looked into when none is named; with more, the asker is asked.
MAX_PLACES = 6
MAX_CLUSTERS = 10
MAX_SERVICES = 50
_AT_ONCE = 10
"""Services one describe_services takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """What there is of some kinds in some places."""

    resources: tuple[Resource, ...]
    taken: tuple[Taken, ...]
    groups: tuple[tuple[Resource, str], ...] = ()
    """Services with the ARN of each target group they are behind."""
    endpoints: tuple[tuple[Resource, str], ...] = ()
    """Databases with their addresses."""

    def named(self, text: str) -> list[Resource]:
        """Return what a text names; of names inside each other, the longest."""
        found = [one for one in self.resources if mentions(text, one.name)]
        return [
            one
            for one in found
            if not any(one.name in other.name and one.name != other.name for other in found)
        ]


def places_of(
    accounts: Sequence[Account], access: Access, *, named: Sequence[str], regions: Sequence[str]
) -> list[CloudPlace]:
    """Return the places that may be meant and read, in the order of the registry."""
    return [
        CloudPlace(account=account.name, region=region)
        for account in accounts
        if access.may_read_account(account.name) and (not named or account.name in named)
        for region in account.regions
        if not regions or region in regions
    ]


def inventory(
    collector: Collector, places: Iterable[CloudPlace], kinds: Iterable[ResourceKind]
) -> Inventory:
    """Return what there is of these kinds in these places."""
    wanted = [(place, kind) for place in places for kind in dict.fromkeys(kinds)]
    taken = collector.take([_list(place, kind) for place, kind in wanted])
    found: list[Resource] = []
    groups: list[tuple[Resource, str]] = []
    endpoints: list[tuple[Resource, str]] = []
    for (place, kind), one in zip(wanted, taken, strict=True):
        for entry in _entries(one, kind):
            resource = _resource(place, kind, entry)
            found.append(resource)
            groups += [
                (resource, str(each["targetGroupArn"]))
                for each in entry.get("loadBalancers", [])
                if each.get("targetGroupArn")
            ]
            address = (entry.get("Endpoint") or {}).get("Address") if _has_endpoint(entry) else None
            if address:
                endpoints.append((resource, str(address)))
    return Inventory(
        resources=tuple(found), taken=taken, groups=tuple(groups), endpoints=tuple(endpoints)
    )


def _has_endpoint(entry: Content) -> bool:
    return isinstance(entry.get("Endpoint"), dict)


def _list(place: CloudPlace, kind: ResourceKind) -> Wanted:
    match kind:
        case ResourceKind.FUNCTION:
            return listing(place, "lambda", "list_functions")
        case ResourceKind.DATABASE:
            return listing(place, "rds", "describe_db_instances")
        case ResourceKind.BALANCER:
            return listing(place, "elbv2", "describe_load_balancers")
        case ResourceKind.ALARM:
            return listing(
                place, "cloudwatch", "describe_alarms", AlarmTypes=["MetricAlarm", "CompositeAlarm"]
            )
        case ResourceKind.SERVICE:
            return Wanted(
                place=place,
                source="aws ecs",
                query=spelled("ecs.list_services", {}),
                work=_services,
            )


def _services(reading: Reading) -> Answer:
    """Return the services of every cluster, with how many of their tasks run."""
    clusters = reading.read("ecs", "list_clusters").get("clusterArns", [])
    if len(clusters) > MAX_CLUSTERS:
        reading.gaps.append(f"services of {len(clusters) - MAX_CLUSTERS} more clusters")
    lines: list[str] = []
    for arn in clusters[:MAX_CLUSTERS]:
        cluster = short_name(str(arn))
        listed = reading.attempt(
            f"services of {cluster}", "ecs", "list_services", cluster=cluster
        ).get("serviceArns", [])
        if len(listed) > MAX_SERVICES:
            reading.gaps.append(f"{len(listed) - MAX_SERVICES} more services of {cluster}")
        for start in range(0, min(len(listed), MAX_SERVICES), _AT_ONCE):
            chunk = [str(one) for one in listed[start : start + _AT_ONCE]]
            described = reading.attempt(
                f"services of {cluster}", "ecs", "describe_services", cluster=cluster,
                services=chunk,
            )  # fmt: skip
            lines += [
                f"{cluster}/{one.get('serviceName')}: {one.get('status')}, desired"
                f" {one.get('desiredCount')}, running {one.get('runningCount')}"
                for one in described.get("services", [])
            ]
    if not lines:
        return nothing("aws ecs", "there are no services", reading)
    return answered("aws ecs", lines, reading, rows=len(lines))


def _entries(taken: Taken, kind: ResourceKind) -> list[Content]:
    match kind:
        case ResourceKind.FUNCTION:
            return taken.entries("lambda.list_functions", "Functions")
        case ResourceKind.DATABASE:
            return taken.entries("rds.describe_db_instances", "DBInstances")
        case ResourceKind.BALANCER:
            return taken.entries("elbv2.describe_load_balancers", "LoadBalancers")
        case ResourceKind.SERVICE:
            return taken.entries("ecs.describe_services", "services")
        case ResourceKind.ALARM:
            return [
                *taken.entries("cloudwatch.describe_alarms", "MetricAlarms"),
                *taken.entries("cloudwatch.describe_alarms", "CompositeAlarms"),
            ]


_NAMES = {
    ResourceKind.FUNCTION: ("FunctionName", "FunctionArn"),
    ResourceKind.DATABASE: ("DBInstanceIdentifier", "DBInstanceArn"),
    ResourceKind.BALANCER: ("LoadBalancerName", "LoadBalancerArn"),
    ResourceKind.SERVICE: ("serviceName", "serviceArn"),
    ResourceKind.ALARM: ("AlarmName", "AlarmArn"),
}


def _resource(place: CloudPlace, kind: ResourceKind, entry: Content) -> Resource:
    name, arn = _NAMES[kind]
    cluster = short_name(str(entry.get("clusterArn") or "")) if "clusterArn" in entry else ""
    return Resource(
        place=place,
        kind=kind,
        name=str(entry.get(name) or ""),
        arn=str(entry.get(arn) or ""),
        cluster=cluster,
    )
