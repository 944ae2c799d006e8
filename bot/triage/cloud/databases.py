"""Looks at an RDS instance: what is read of it, and the sight that makes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.triage.cloud.answers import found_lines, moment_of, series_of
from bot.triage.cloud.collecting import look
from bot.triage.cloud.sight import DatabaseSight, Lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports.cloud import Content
    from bot.triage.cloud.collecting import Collector, Taken, Wanted
    from bot.triage.cloud.resource import Resource

LOG_MINUTES = 60
LOG_WORDS = ("error", "fatal", "panic", "lock", "too many connections", "slots", "no space")
# Of an instance's logs, those that tell why sessions fail.
_TELLING = frozenset({"postgresql", "error", "alert"})


def wanted(database: Resource) -> tuple[Wanted, ...]:
    """Return the reads that show an instance by itself."""
    return (look(database.place, "database", name=database.name),)


def wanted_next(database: Resource, main: Taken) -> tuple[Wanted, ...]:
    """Return the reads of the logs it sends to CloudWatch."""
    exported = [
        str(kind)
        for one in _instances(main)[:1]
        for kind in one.get("EnabledCloudwatchLogsExports") or []
    ]
    return tuple(
        look(
            database.place,
            "logs",
            group=f"/aws/rds/instance/{database.name}/{kind}",
            minutes=LOG_MINUTES,
            words=list(LOG_WORDS),
        )
        for kind in exported
        if kind in _TELLING
    )


def seen(
    database: Resource, taken: Sequence[Taken], more: Sequence[Taken], collector: Collector
) -> DatabaseSight | None:
    """Return the instance, or None when it is not there or could not be read."""
    (main,) = taken
    found = _instances(main)
    if not found:
        return None
    one = found[0]
    logs = next((entry for entry in more if entry.answered), None)
    group = f"/aws/rds/instance/{database.name}"
    events = [
        (moment_of(event.get("Date")), str(event.get("Message", "")))
        for event in main.entries("rds.describe_events", "Events")
    ]
    return DatabaseSight(
        resource=replace(database, arn=str(one.get("DBInstanceArn") or "")),
        label=main.label,
        at=collector.clock.now(),
        status=str(one.get("DBInstanceStatus") or ""),
        engine=str(one.get("Engine") or ""),
        size=str(one.get("DBInstanceClass") or ""),
        storage_gib=int(one.get("AllocatedStorage") or 0),
        endpoint=str((one.get("Endpoint") or {}).get("Address") or ""),
        events=tuple(sorted(events, key=lambda event: event[0].timestamp() if event[0] else 0)),
        series=series_of(main),
        errors=found_lines(logs, group) if logs is not None else Lines(),
        waits=_load(main, "db.wait_event"),
        statements=_load(main, "db.sql_tokenized"),
        whole=main.state is EvidenceState.OK,
    )


def _instances(main: Taken) -> list[Content]:
    return [
        one
        for params, content in main.answers("rds.describe_db_instances")
        if params.get("DBInstanceIdentifier")
        for one in content.get("DBInstances", [])
    ]


def _load(main: Taken, group: str) -> tuple[tuple[str, float], ...]:
    """Return the sessions by one dimension, as Performance Insights counts them."""
    found = []
    for params, content in main.answers("pi.describe_dimension_keys"):
        if (params.get("GroupBy") or {}).get("Group") != group:
            continue
        for key in content.get("Keys", []):
            dimensions = key.get("Dimensions") or {}
            name = next(
                (
                    str(value)
                    for member, value in dimensions.items()
                    if member.endswith((".name", ".statement"))
                ),
                "",
            )
            found.append((name, float(key.get("Total") or 0)))
    return tuple(sorted(found, key=lambda one: -one[1]))
