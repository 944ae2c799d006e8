"""Performance Insights, which moto does not have: answered before moto, from a scenario's loads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

Object = dict[str, Any]
SERVICE = "pi"
_GROUPS = {"db.wait_event": "waits", "db.sql_tokenized": "statements"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What an instance's sessions did: a level before and after a time, and what it was made of."""

    before: float
    after: float
    since: datetime
    waits: tuple[Object, ...] = ()
    """`name`, `type` and `load` of each wait event."""
    statements: tuple[Object, ...] = ()
    """`id`, `text` and `load` of each normalised statement."""


def answered(operation: str, body: str, loads: dict[str, Load]) -> Object:
    """Return the answer to one call.

    Raises:
        KeyError: The instance has no load, or the operation none of the two there are.
    """
    wanted = json.loads(body)
    load = loads[wanted["Identifier"]]
    made = {"GetResourceMetrics": _metrics, "DescribeDimensionKeys": _keys}[operation]
    return {"Identifier": wanted["Identifier"], **made(wanted, load)}


def _metrics(wanted: Object, load: Load) -> Object:
    step = timedelta(seconds=wanted.get("PeriodInSeconds", 60))
    start, end = _time(wanted["StartTime"]), _time(wanted["EndTime"])
    count = int((end - start) / step)
    points = [
        {"Timestamp": at.timestamp(), "Value": load.after if at >= load.since else load.before}
        for at in (start + place * step for place in range(count))
    ]
    return {
        "AlignedStartTime": start.timestamp(),
        "AlignedEndTime": end.timestamp(),
        "MetricList": [
            {"Key": {"Metric": query["Metric"]}, "DataPoints": points}
            for query in wanted["MetricQueries"]
        ],
    }


def _keys(wanted: Object, load: Load) -> Object:
    group = wanted["GroupBy"]["Group"]
    entries = getattr(load, _GROUPS[group])[: wanted["GroupBy"].get("Limit", 10)]
    return {
        "AlignedStartTime": wanted["StartTime"],
        "AlignedEndTime": wanted["EndTime"],
        "Keys": [{"Dimensions": _dimensions(group, one), "Total": one["load"]} for one in entries],
    }


def _dimensions(group: str, entry: Object) -> Object:
    if group == "db.wait_event":
        return {f"{group}.name": entry["name"], f"{group}.type": entry["type"]}
    return {f"{group}.id": entry["id"], f"{group}.statement": entry["text"]}


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
