"""RDS: instances that are full, or whose connections or processors are used up."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.cloud.finding import Advice, CloudFinding, Statement
from bot.triage.cloud.measures import held_above, last, peak
from bot.triage.cloud.rules.sense import QUIET, first_at, last_at, matching
from bot.triage.cloud.sight import DatabaseSight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.cloud.sight import Sight

_GIB = 1024**3
_FULL_SHARE = 0.05
_NOTHING_SHARE = 0.01
_SATURATED_PERCENT = 90.0
_LEAST_POINTS = 3
# PostgreSQL's and MySQL's words, and those of their poolers.
TOO_MANY = re.compile(
    r"too many (?:clients|connections)|remaining connection slots are reserved"
    r"|max_connections|no more connections allowed|MaxClientsInSessionMode",
    re.IGNORECASE,
)
_NO_SPACE = re.compile(r"no space left on device|could not extend file|disk is full", re.IGNORECASE)


def find(sight: Sight) -> Iterator[CloudFinding]:
    """Yield each limit an instance is at."""
    if not isinstance(sight, DatabaseSight):
        return
    for rule in (_storage, _connections, _processors):
        found = rule(sight)
        if found is not None:
            yield found


def _storage(sight: DatabaseSight) -> CloudFinding | None:
    free = last(sight.points("FreeStorageSpace", "Minimum"))
    lines = matching(sight.errors.lines, _NO_SPACE)
    share = free / (sight.storage_gib * _GIB) if free is not None and sight.storage_gib else None
    is_full = sight.status == "storage-full"
    is_low = share is not None and share < _FULL_SHARE
    if not (is_full or is_low):
        return None
    low_from = [
        at_s
        for at_s, value in sight.points("FreeStorageSpace", "Minimum")
        if value < _FULL_SHARE * sight.storage_gib * _GIB
    ]
    more = max(sight.storage_gib + 10, -(-sight.storage_gib * 3 // 2))
    region = sight.resource.place.region
    return CloudFinding(
        resource=sight.resource,
        cause=Cause.STORAGE,
        category=Category.CAPACITY,
        statement=Statement(
            phrase="aws_storage_full",
            values={
                "object": sight.resource.name,
                "free": "?" if free is None else f"{free / _GIB:.1f}",
                "size": str(sight.storage_gib),
                "status": sight.status,
            },
            evidence=tuple(dict.fromkeys((sight.label, *((sight.errors.label,) if lines else ())))),
        ),
        weight=0.95 if is_full or lines or (share or 0.0) < _NOTHING_SHARE else 0.85,
        since=_at(low_from[0]) if low_from else first_at(lines),
        depth=3,
        check=_describe(sight),
        relief=(
            Advice(
                action="aws_storage_action",
                risk="aws_storage_risk",
                undo="aws_storage_undo",
                values={"object": sight.resource.name, "new": str(more), "region": region},
                check=_describe(sight),
            ),
        ),
    )


def _connections(sight: DatabaseSight) -> CloudFinding | None:
    lines = matching(sight.errors.lines, TOO_MANY)
    if not lines:
        return None
    highest = peak(sight.points("DatabaseConnections", "Maximum"))
    seen = last_at(lines)
    return CloudFinding(
        resource=sight.resource,
        cause=Cause.CONNECTION_LIMIT,
        category=Category.CAPACITY,
        statement=Statement(
            phrase="aws_connections",
            values={
                "object": sight.resource.name, "count": str(len(lines)),
                "highest": "?" if highest is None else f"{highest:.0f}",
                "line": lines[-1].text.strip(), "size": sight.size,
            },
            evidence=tuple(dict.fromkeys((sight.errors.label, sight.label))),
        ),
        weight=0.9 if highest is not None else 0.8,
        since=first_at(lines),
        over=seen is not None and sight.at - seen >= QUIET,
        depth=3,
        check=_metric(sight, "DatabaseConnections"),
    )  # fmt: skip


def _processors(sight: DatabaseSight) -> CloudFinding | None:
    points = sight.points("CPUUtilization", "Average")
    high = [at_s for at_s, value in points if value >= _SATURATED_PERCENT]
    if len(high) < _LEAST_POINTS:
        return None
    holds_s = held_above(points, _SATURATED_PERCENT, least=_LEAST_POINTS)
    began_s = high[0] if holds_s is None else holds_s
    more: tuple[Statement, ...] = ()
    if sight.statements:
        more = (
            Statement(
                phrase="aws_top_statement",
                values={
                    "line": sight.statements[0][0], "load": f"{sight.statements[0][1]:.1f}",
                },
                evidence=(sight.label,),
            ),
        )  # fmt: skip
    return CloudFinding(
        resource=sight.resource,
        cause=Cause.CPU_SATURATED,
        category=Category.CAPACITY,
        statement=Statement(
            phrase="aws_database_cpu",
            values={
                "object": sight.resource.name,
                "cpu": f"{peak(points) or 0:.0f}",
                "size": sight.size,
            },
            evidence=(sight.label,),
        ),
        weight=0.85 if more else 0.75,
        since=_at(began_s),
        over=holds_s is None,
        depth=2,
        check=_metric(sight, "CPUUtilization"),
        more=more,
    )


def _describe(sight: DatabaseSight) -> str:
    return (
        f"aws rds describe-db-instances --db-instance-identifier {sight.resource.name}"
        f" --region {sight.resource.place.region}"
    )


def _metric(sight: DatabaseSight, metric: str) -> str:
    return (
        f"aws cloudwatch get-metric-statistics --namespace AWS/RDS --metric-name {metric}"
        f" --dimensions Name=DBInstanceIdentifier,Value={sight.resource.name} --period 60"
        f" --statistics Maximum --region {sight.resource.place.region}"
    )


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
