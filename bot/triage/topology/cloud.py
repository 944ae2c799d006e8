"""What depends on what in a cloud account: balancers, target groups, services, alarms, sources.

Made of lists, and of what was seen of the resources that were asked about; no call is made for a
relation alone except the list of target groups and that of event sources.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.domain.topology import Direction, Edge, EdgeKind, Topology, Vertex
from bot.domain.verdict import Cause, Status, Verdict
from bot.triage.cloud.alarms import about
from bot.triage.cloud.collecting import listing
from bot.triage.cloud.locating import inventory
from bot.triage.cloud.looking import look_around
from bot.triage.cloud.resource import Resource, ResourceKind, short_name
from bot.triage.cloud.sight import DatabaseSight, FunctionSight, ServiceSight
from bot.triage.quoting import quoted
from bot.triage.scene import refs
from bot.triage.topology.answering import DEPTH, MAX_LINES, word_of
from bot.triage.topology.graphing import above, below
from bot.triage.topology.lines import lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.ports.cloud import CloudPlace
    from bot.triage.cloud.collecting import Collector, Taken
    from bot.triage.cloud.locating import Inventory
    from bot.triage.cloud.looking import Seen
    from bot.triage.cloud.telling import Telling

_KINDS = {
    ResourceKind.FUNCTION: "function",
    ResourceKind.SERVICE: "service",
    ResourceKind.DATABASE: "database",
    ResourceKind.BALANCER: "load balancer",
    ResourceKind.ALARM: "alarm",
}
_GROUP = "target group"
_WHOLE = frozenset({EvidenceState.OK, EvidenceState.EMPTY})
_LISTED = (ResourceKind.SERVICE, ResourceKind.BALANCER, ResourceKind.ALARM)


def vertex_of(resource: Resource) -> Vertex:
    """Return a resource's vertex; a service is named with its cluster."""
    inside = f"{resource.cluster}/" if resource.cluster else ""
    return Vertex(
        place=resource.place.title, kind=_KINDS[resource.kind], name=f"{inside}{resource.name}"
    )


def told(
    collector: Collector,
    telling: Telling,
    direction: Direction,
    meant: Sequence[Resource],
) -> Verdict:
    """Return what the resources depend on or what depends on them, and what nobody could see.

    Raises:
        CancelledByPersonError, LeaseLostError: As the session's `check` says.
    """
    edges: list[Edge] = []
    for place in dict.fromkeys(one.place for one in meant):
        edges += _of_place(collector, place)
    edges += _of_sights(look_around(collector, meant))
    graph = Topology(edges=tuple(edges))
    labels = tuple(one.label for one in collector.taken if one.answered)
    ways = (Direction.UP, Direction.DOWN) if direction is Direction.BOTH else (direction,)
    said: list[tuple[str, tuple[str, ...]]] = []
    for one in meant:
        for way in ways:
            said += _way(telling, graph, one, way, labels)
    said.append((telling.book.say("topology_cloud_unseen"), labels))
    lines = [f"{line} {refs(cited)}".rstrip() for line, cited in said]
    unread = [one for one in collector.taken if one.state not in _WHOLE]
    if unread:
        sources = dict.fromkeys(one.evidence.observation.source for one in unread)
        lines.append(telling.book.say("not_read", gaps=", ".join(sources)))
    return Verdict(
        status=Status.LIKELY,
        summary="\n".join(lines),
        object=str(meant[0]) if len(meant) == 1 else None,
        cause=Cause.NONE,
        evidence=tuple(dict.fromkeys(label for _, cited in said for label in cited)),
        nothing_to_do=True,
    )


def _way(
    telling: Telling,
    graph: Topology,
    resource: Resource,
    direction: Direction,
    labels: tuple[str, ...],
) -> list[tuple[str, tuple[str, ...]]]:
    start = vertex_of(resource)
    is_up = direction is Direction.UP
    edges = (above if is_up else below)(graph, [start], depth=DEPTH)
    key = "topology_up" if is_up else "topology_down"
    values = {"object": quoted(str(start)), "place": resource.place.title}
    if not edges:
        return [(telling.book.say(f"{key}_none", **values), labels)]
    lines = lines_of(
        edges, [start], direction=direction, say=lambda kind: word_of(telling.book, kind)
    )
    said: list[tuple[str, tuple[str, ...]]] = [(telling.book.say(key, **values), ())]
    said += [(f"• `{one.text}`", one.evidence) for one in lines[:MAX_LINES]]
    if left := lines[MAX_LINES:]:
        said.append((telling.book.say("topology_more", count=str(len(left))), labels))
    return said


def _of_place(collector: Collector, place: CloudPlace) -> Iterator[Edge]:
    groups, sources = collector.take(
        [
            listing(place, "elbv2", "describe_target_groups"),
            listing(place, "lambda", "list_event_source_mappings"),
        ]
    )
    known = inventory(collector, [place], _LISTED)
    yield from _balanced(place, known, groups)
    yield from _watched(place, known)
    for mapping in sources.entries("lambda.list_event_source_mappings", "EventSourceMappings"):
        source, function = mapping.get("EventSourceArn"), mapping.get("FunctionArn")
        if source and function:
            # arn:aws:lambda:REGION:ACCOUNT:function:NAME[:ALIAS]
            name = str(function).partition(":function:")[2].partition(":")[0]
            service = str(source).split(":")[2]
            yield Edge(
                source=Vertex(
                    place=place.title, kind=f"{service} source", name=short_name(str(source))
                ),
                target=Vertex(place=place.title, kind=_KINDS[ResourceKind.FUNCTION], name=name),
                kind=EdgeKind.ROUTES_TO,
                detail=str(mapping.get("State") or ""),
                evidence=(sources.label,),
            )


def _balanced(place: CloudPlace, known: Inventory, groups: Taken) -> Iterator[Edge]:
    """Yield the ways from load balancers over target groups to services."""
    balancers = {one.arn: one for one in known.resources if one.kind is ResourceKind.BALANCER}
    named: dict[str, Vertex] = {}
    for group in groups.entries("elbv2.describe_target_groups", "TargetGroups"):
        arn = str(group.get("TargetGroupArn") or "")
        name = str(group.get("TargetGroupName") or "")
        named[arn] = Vertex(place=place.title, kind=_GROUP, name=name)
        for balancer in group.get("LoadBalancerArns") or ():
            own = balancers.get(str(balancer))
            if own is not None:
                yield Edge(
                    source=vertex_of(own),
                    target=named[arn],
                    kind=EdgeKind.ROUTES_TO,
                    evidence=(groups.label,),
                )
    labels = tuple(one.label for one in known.taken if any(one.answers("ecs.describe_services")))
    for service, arn in known.groups:
        if arn in named:
            yield Edge(
                source=named[arn],
                target=vertex_of(service),
                kind=EdgeKind.BEHIND,
                evidence=(groups.label, *labels),
            )


def _watched(place: CloudPlace, known: Inventory) -> Iterator[Edge]:
    """Yield which alarm watches which resource, by the dimensions of its metric."""
    services = {one.name: one for one in known.resources if one.kind is ResourceKind.SERVICE}
    for taken in known.taken:
        for alarm in taken.entries("cloudwatch.describe_alarms", "MetricAlarms"):
            given = alarm.get("Dimensions") or ()
            dimensions = {str(one.get("Name")): str(one.get("Value")) for one in given}
            target = about(dimensions, place)
            if target is None:
                continue
            if target.kind is ResourceKind.SERVICE and not target.cluster:
                target = services.get(target.name, target)
            name = str(alarm.get("AlarmName") or "")
            yield Edge(
                source=vertex_of(Resource(place=place, kind=ResourceKind.ALARM, name=name)),
                target=vertex_of(target),
                kind=EdgeKind.WATCHES,
                detail=str(alarm.get("StateValue") or ""),
                evidence=(taken.label,),
            )


def _of_sights(seen: Seen) -> Iterator[Edge]:
    """Yield what the configuration of functions and services names: secrets, and databases."""
    databases = [one for one in seen.sights if isinstance(one, DatabaseSight)]
    for sight in seen.sights:
        if not isinstance(sight, FunctionSight | ServiceSight):
            continue
        own = vertex_of(sight.resource)
        for secret in sight.secrets:
            yield Edge(
                source=own,
                target=Vertex(place=own.place, kind="secret", name=secret.name),
                kind=EdgeKind.USES,
                detail=secret.state,
                evidence=(sight.secrets_label or sight.label,),
            )
        for database in databases:
            host = database.endpoint.partition(":")[0]
            if host and any(host in value for value in sight.variables.values()):
                yield Edge(
                    source=own,
                    target=vertex_of(database.resource),
                    kind=EdgeKind.USES,
                    evidence=(sight.label, database.label),
                )
