"""Looks at resources and at what they hang together with, round by round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.spans import moment, stamp
from bot.ports.cloud import CloudPlace
from bot.triage.cloud import alarms, balancers, databases, functions, services
from bot.triage.cloud.collecting import Taken, look
from bot.triage.cloud.locating import inventory
from bot.triage.cloud.resource import Resource, ResourceKind
from bot.triage.cloud.sight import (
    AlarmSight,
    BalancerSight,
    FunctionSight,
    ServiceSight,
    Sight,
    Write,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from bot.triage.cloud.collecting import Collector, Wanted

# From an alarm over a load balancer and its service to the database behind.
MAX_ROUNDS = 4
MAX_RESOURCES = 8
CHANGES_MINUTES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was looked at, and what of it could be seen."""

    sights: tuple[Sight, ...]
    asked: tuple[Resource, ...]
    """The resources it began with."""
    unseen: tuple[tuple[Resource, Taken], ...]
    """Those that are not there or could not be read, with the read that tells."""


def look_around(collector: Collector, asked: Sequence[Resource]) -> Seen:
    """Return the resources and those they hang together with."""
    sights: list[Sight] = []
    unseen: list[tuple[Resource, Taken]] = []
    known: set[tuple[str, str, str, str]] = set()
    wave = list(asked)
    for _ in range(MAX_ROUNDS):
        wave = [one for one in wave if one.key not in known][: MAX_RESOURCES - len(known)]
        if not wave:
            break
        known |= {one.key for one in wave}
        found = _look(collector, wave)
        for resource, sight, main in found:
            if sight is not None:
                sights.append(sight)
            else:
                unseen.append((resource, main))
        wave = _neighbours(collector, [sight for _, sight, _ in found if sight is not None])
    return Seen(sights=tuple(sights), asked=tuple(asked), unseen=tuple(unseen))


def writes_around(collector: Collector, places: Iterable[str], at: datetime) -> list[Write]:
    """Return who changed what around a time, in each place (as `account/region`)."""
    wanted = []
    titles = list(dict.fromkeys(places))
    for title in titles:
        account, _, region = title.partition("/")
        place = CloudPlace(account=account, region=region)
        wanted.append(look(place, "changes", minutes=CHANGES_MINUTES, around=stamp(at)))
    found = collector.take(wanted)
    return [
        write for title, one in zip(titles, found, strict=True) for write in writes_of(one, title)
    ]


def writes_of(taken: Taken, place: str) -> list[Write]:
    """Return the changes one look listed, oldest first."""
    grid = taken.evidence.observation.grid
    if grid is None:
        return []
    found = []
    for when, what, subject, by, result in (row for row in grid.rows if len(row) == len(_COLUMNS)):
        at = moment(when)
        if at is not None:
            found.append(
                Write(
                    at=at,
                    what=what,
                    subject=subject,
                    by=by,
                    result=result,
                    label=taken.label,
                    place=place,
                )
            )
    return found


_COLUMNS = ("TIME", "CHANGE", "WHAT", "BY", "RESULT")


def _look(
    collector: Collector, wave: Sequence[Resource]
) -> list[tuple[Resource, Sight | None, Taken]]:
    first = [_wanted(one) for one in wave]
    collector.take([each for group in first for each in group])
    mains = [collector.take(group) for group in first]
    then = [_wanted_next(one, taken[0]) for one, taken in zip(wave, mains, strict=True)]
    collector.take([each for group in then for each in group])
    return [
        (one, _sight(one, taken, collector.take(more), collector), taken[0])
        for one, taken, more in zip(wave, mains, then, strict=True)
    ]


def _wanted(resource: Resource) -> tuple[Wanted, ...]:
    match resource.kind:
        case ResourceKind.FUNCTION:
            return functions.wanted(resource)
        case ResourceKind.SERVICE:
            return services.wanted(resource)
        case ResourceKind.DATABASE:
            return databases.wanted(resource)
        case ResourceKind.BALANCER:
            return balancers.wanted(resource)
        case ResourceKind.ALARM:
            return alarms.wanted(resource)


def _wanted_next(resource: Resource, main: Taken) -> tuple[Wanted, ...]:
    if resource.kind is ResourceKind.SERVICE:
        return services.wanted_next(resource, main)
    if resource.kind is ResourceKind.DATABASE:
        return databases.wanted_next(resource, main)
    return ()


def _sight(
    resource: Resource, taken: Sequence[Taken], more: Sequence[Taken], collector: Collector
) -> Sight | None:
    match resource.kind:
        case ResourceKind.FUNCTION:
            return functions.seen(resource, taken, collector)
        case ResourceKind.SERVICE:
            return services.seen(resource, taken, more, collector)
        case ResourceKind.DATABASE:
            return databases.seen(resource, taken, more, collector)
        case ResourceKind.BALANCER:
            return balancers.seen(resource, taken, collector)
        case ResourceKind.ALARM:
            return alarms.seen(resource, taken, collector)


def _neighbours(collector: Collector, sights: Sequence[Sight]) -> list[Resource]:
    """Return what these hang together with: an alarm's resource, services behind, databases."""
    found: list[Resource] = []
    for sight in sights:
        place = sight.resource.place
        if isinstance(sight, AlarmSight):
            found += _of_alarm(collector, sight)
        elif isinstance(sight, BalancerSight):
            behind = inventory(collector, [place], [ResourceKind.SERVICE])
            names = {group.name for group in sight.groups}
            found += [
                service
                for service, arn in behind.groups
                # arn:…:targetgroup/NAME/ID
                if arn.partition("targetgroup/")[2].partition("/")[0] in names
            ]
        elif isinstance(sight, FunctionSight | ServiceSight) and _names_hosts(sight):
            known = inventory(collector, [place], [ResourceKind.DATABASE])
            found += [
                database
                for database, address in known.endpoints
                if any(address in value for value in sight.variables.values())
            ]
    return found


def _names_hosts(sight: FunctionSight | ServiceSight) -> bool:
    return any(".rds." in value for value in sight.variables.values())


def _of_alarm(collector: Collector, sight: AlarmSight) -> list[Resource]:
    place = sight.resource.place
    children = [
        Resource(place=place, kind=ResourceKind.ALARM, name=name) for name in sight.children
    ]
    target = alarms.about(sight.dimensions, place)
    if target is None:
        return children
    if target.kind is ResourceKind.SERVICE and not target.cluster:
        known = inventory(collector, [place], [ResourceKind.SERVICE])
        return [one for one in known.resources if one.name == target.name][:1]
    return [target]
