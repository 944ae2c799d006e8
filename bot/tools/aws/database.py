"""`aws database`: an RDS instance, what its sessions wait for and run, its room, its failovers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rapidfuzz import process

from bot.ports.cloud import MissingError
from bot.tools.aws.answer import answered, section
from bot.tools.aws.rendering import compact, grid, when
from bot.tools.aws.series import (
    Metric,
    last_minutes,
    number,
    period_for,
    points_of,
    told,
)

if TYPE_CHECKING:
    from bot.domain.chart import Point
    from bot.domain.evidence import Window
    from bot.ports.cloud import Content
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading

SOURCE = "databases"
_SHOWN = (
    "DBInstanceClass", "MultiAZ", "AvailabilityZone", "SecondaryAvailabilityZone",
    "AllocatedStorage", "MaxAllocatedStorage", "StorageType", "Iops", "StorageThroughput",
    "DBClusterIdentifier", "ReadReplicaSourceDBInstanceIdentifier",
    "ReadReplicaDBInstanceIdentifiers", "StatusInfos", "PendingModifiedValues",
    "DBParameterGroups", "LatestRestorableTime",
)  # fmt: skip
_METRICS_MINUTES = 180
_EVENT_MINUTES = 1_440
"""A day; RDS keeps events for two weeks."""
# What Performance Insights is asked for: an hour is what a page about a database is about.
_LOAD_MINUTES = 60
_LOAD_PERIOD_S = 60
_TOP = 5
_STATEMENT_CHARS = 240
_LOAD = "db.load.avg"
_METRICS = (
    ("CPUUtilization", "Average"), ("DatabaseConnections", "Maximum"),
    ("FreeStorageSpace", "Minimum"), ("FreeableMemory", "Minimum"), ("ReadLatency", "Average"),
    ("WriteLatency", "Average"), ("DiskQueueDepth", "Average"), ("ReplicaLag", "Maximum"),
)  # fmt: skip
_FAILOVER = frozenset({"failover", "availability", "recovery"})
_COLUMNS = ("TIME", "KIND", "EVENT")
_CLOSEST = 5


def look_at_database(reading: Reading, name: str) -> Answer:
    """Return an instance's state, load by wait and statement, room, events and failovers."""
    instance = _instance(reading, name)
    engine = f"{instance.get('Engine')} {instance.get('EngineVersion')}"
    since = when(instance.get("InstanceCreateTime"))
    lines = [f"{engine} instance {name}: {instance.get('DBInstanceStatus')}, made {since}"]
    lines += [
        f"  {key}: {compact(instance[key])}"
        for key in _SHOWN
        if instance.get(key) not in (None, "", {}, [])
    ]
    lines += _members(reading, instance)
    lines += _load(reading, instance)
    window = last_minutes(reading, _METRICS_MINUTES)
    lines += section(f"metrics, last {_METRICS_MINUTES} min", _metrics(reading, name, window))
    lines += _maintenance(reading, instance)
    events = _events(reading, name, instance)
    if events is None:
        lines.append("events of the last day: unknown")
        return answered(SOURCE, lines, reading, rows=len(lines), window=window)
    failovers = [event for event in events if _is_failover(event)]
    lines.append(
        f"events of the last day: {len(events)}; {len(failovers)} of them about failover or"
        " availability"
    )
    rows = grid(_COLUMNS, (_row(event) for event in events))
    return answered(SOURCE, lines, reading, table=rows, window=window)


def _instance(reading: Reading, name: str) -> Content:
    try:
        found = reading.read("rds", "describe_db_instances", DBInstanceIdentifier=name)
        return dict(found["DBInstances"][0])
    except (MissingError, IndexError):
        known = reading.read("rds", "describe_db_instances").get("DBInstances", [])
        names = [str(one.get("DBInstanceIdentifier")) for one in known]
        close = [match for match, _score, _place in process.extract(name, names, limit=_CLOSEST)]
        raise MissingError(
            f"there is no database instance {name} in this account and region"
            + (f"; closest of {len(names)}: {', '.join(close)}" if close else "; it has none")
        ) from None


def _members(reading: Reading, instance: Content) -> list[str]:
    """Return who writes and who reads in the instance's cluster, if it is in one."""
    cluster = instance.get("DBClusterIdentifier")
    if not cluster:
        return []
    found = reading.attempt(
        f"cluster {cluster}", "rds", "describe_db_clusters", DBClusterIdentifier=cluster
    ).get("DBClusters", [])
    return [
        line
        for one in found
        for line in section(
            f"cluster {cluster}: {one.get('Status')}",
            [_member(member) for member in one.get("DBClusterMembers", [])],
        )
    ]


def _member(member: Content) -> str:
    role = "writer" if member.get("IsClusterWriter") else "reader"
    return f"{member.get('DBInstanceIdentifier')}: {role}"


def _load(reading: Reading, instance: Content) -> list[str]:
    """Return the load as Performance Insights counts it: sessions at work or waiting."""
    if not instance.get("PerformanceInsightsEnabled"):
        return ["load: not known, Performance Insights is off for this instance"]
    window = last_minutes(reading, _LOAD_MINUTES)
    common = {
        "ServiceType": "RDS",
        "Identifier": str(instance.get("DbiResourceId")),
        "StartTime": window.start,
        "EndTime": window.end,
    }
    found = reading.attempt(
        "load",
        "pi",
        "get_resource_metrics",
        **common,
        MetricQueries=[{"Metric": _LOAD}],
        PeriodInSeconds=_LOAD_PERIOD_S,
    )
    lines = [
        told(f"load, active sessions, last {_LOAD_MINUTES} min", _points(series))
        for series in found.get("MetricList", [])
    ]
    for what, group in (("waits", "db.wait_event"), ("statements", "db.sql_tokenized")):
        keys = reading.attempt(
            f"top {what}",
            "pi",
            "describe_dimension_keys",
            **common,
            Metric=_LOAD,
            GroupBy={"Group": group, "Limit": _TOP},
        )
        lines += section(f"top {what}, by active sessions", [_key(key) for key in _keys(keys)])
    return lines


def _keys(content: Content) -> list[Content]:
    return sorted(content.get("Keys", []), key=lambda key: -float(key.get("Total") or 0))


def _key(key: Content) -> str:
    dimensions = key.get("Dimensions") or {}
    named = {name.rpartition(".")[2]: str(value) for name, value in dimensions.items()}
    total = number(float(key.get("Total") or 0))
    if "statement" in named:
        statement = " ".join(named["statement"].split())
        cut = "..." if len(statement) > _STATEMENT_CHARS else ""
        return f"{total} {statement[:_STATEMENT_CHARS]}{cut} (digest {named.get('id', '-')})"
    kind = f" ({named['type']})" if "type" in named else ""
    return f"{total} {named.get('name') or compact(named)}{kind}"


def _points(series: Content) -> list[Point]:
    return [
        (point["Timestamp"].timestamp(), float(point["Value"]))
        for point in series.get("DataPoints", [])
        if isinstance(point.get("Timestamp"), datetime) and point.get("Value") is not None
    ]


def _metrics(reading: Reading, name: str, window: Window) -> list[str]:
    metrics = [
        Metric(
            label=f"{metric} ({stat})",
            namespace="AWS/RDS",
            name=metric,
            dimensions=(("DBInstanceIdentifier", name),),
            stat=stat,
        )
        for metric, stat in _METRICS
    ]
    period_s = period_for(window)
    queries = [metric.query(place, period_s) for place, metric in enumerate(metrics)]
    found = points_of(reading, queries, window, what="metrics")
    if not found:
        return []
    return [told(metric.label, found.get(f"m{place}", [])) for place, metric in enumerate(metrics)]


def _maintenance(reading: Reading, instance: Content) -> list[str]:
    found = reading.attempt(
        "pending maintenance",
        "rds",
        "describe_pending_maintenance_actions",
        ResourceIdentifier=str(instance.get("DBInstanceArn")),
    )
    return section(
        "pending maintenance",
        [
            f"{action.get('Action')}: {action.get('Description', '')}, from"
            f" {when(action.get('CurrentApplyDate') or action.get('AutoAppliedAfterDate'))}"
            for one in found.get("PendingMaintenanceActions", [])
            for action in one.get("PendingMaintenanceActionDetails", [])
        ],
    )


def _events(reading: Reading, name: str, instance: Content) -> list[Content] | None:
    """Return the day's events of the instance and of its cluster, newest first; None if unread."""
    wanted = [("db-instance", name)]
    if instance.get("DBClusterIdentifier"):
        wanted.append(("db-cluster", str(instance["DBClusterIdentifier"])))
    events: list[Content] = []
    for kind, identifier in wanted:
        found = reading.attempt(
            f"events of {identifier}",
            "rds",
            "describe_events",
            SourceType=kind,
            SourceIdentifier=identifier,
            Duration=_EVENT_MINUTES,
        )
        if "Events" not in found:
            return None
        events += found["Events"]
    return sorted(events, key=_time, reverse=True)


def _time(event: Content) -> datetime:
    at = event.get("Date")
    if not isinstance(at, datetime):
        return datetime.fromtimestamp(0, tz=UTC)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _is_failover(event: Content) -> bool:
    return not _FAILOVER.isdisjoint(str(kind).casefold() for kind in _kinds(event))


def _kinds(event: Content) -> list[Any]:
    return list(event.get("EventCategories") or [])


def _row(event: Content) -> tuple[Any, ...]:
    return _time(event), ", ".join(map(str, _kinds(event))), event.get("Message")
