"""What moto does not have, added to it in process from the scenario.

CloudTrail look-ups, an alarm's history, Logs Insights, RDS events and the address of a function's
package are answers of ours; everything else stays moto's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from moto.awslambda.models import LambdaFunction, lambda_backends
from moto.cloudtrail.responses import CloudTrailResponse
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.exceptions import JsonRESTError
from moto.core.responses import ActionResult
from moto.logs.exceptions import ResourceNotFoundException
from moto.logs.models import logs_backends
from moto.logs.responses import LogsResponse
from moto.rds.responses import RDSResponse

from tests.lab.aws.insights import Event, Found, MalformedError, evaluate
from tests.lab.aws.performance import Load


@dataclass
class Gaps:
    """The missing state of one account and region."""

    trail: list[dict[str, Any]] = field(default_factory=list)
    """Events as LookupEvents returns them, times as seconds since the epoch."""
    alarm_history: list[dict[str, Any]] = field(default_factory=list)
    queries: dict[str, Found] = field(default_factory=dict)
    polls: dict[str, int] = field(default_factory=dict)
    slow_polls: int = 1
    """How often a query says Running before it says Complete."""
    loads: dict[str, Load] = field(default_factory=dict)
    """What Performance Insights knows, by the instance's resource id."""
    database_events: list[dict[str, Any]] = field(default_factory=list)
    maintenance: list[dict[str, Any]] = field(default_factory=list)
    packages: dict[str, bytes] = field(default_factory=dict)
    """What is handed out as a function's package instead of the one it has, by name."""
    package_url: str = ""
    """What the address of a function's package begins with; the lab's own unless a test sets it."""


GAPS: dict[tuple[str, str], Gaps] = {}
"""By account and region; the lab that runs fills it."""


def gaps_of(account: str, region: str) -> Gaps:
    """The missing state of a place, made when first asked for."""
    return GAPS.setdefault((account, region), Gaps())


def install() -> None:
    """Give moto the operations it lacks; doing it again changes nothing."""
    CloudTrailResponse.lookup_events = _lookup_events  # type: ignore[attr-defined]
    CloudWatchResponse.describe_alarm_history = _alarm_history  # type: ignore[attr-defined]
    LogsResponse.start_query = _start_query  # type: ignore[method-assign]
    LogsResponse.get_query_results = _query_results  # type: ignore[method-assign]
    RDSResponse.describe_events = _database_events  # type: ignore[method-assign]
    RDSResponse.describe_pending_maintenance_actions = _maintenance  # type: ignore[attr-defined]
    if LambdaFunction.get_code is not _code_with_address:
        _INNER["get_code"] = LambdaFunction.get_code
        LambdaFunction.get_code = _code_with_address  # type: ignore[method-assign]


_INNER: dict[str, Any] = {}
"""moto's own methods that ours call."""
PACKAGES = "/lab-packages/"
"""Below it the lab hands out packages: account, region, function."""
SIGNATURE = "X-Amz-Signature=canary0123456789abcdef0123456789abcdef0123456789abcdef01234567"
"""What makes such an address a credential."""


def package(path: str) -> bytes:
    """The package at an address of ours."""
    account, region, name = path.removeprefix(PACKAGES).split("/")
    given = gaps_of(account, region).packages.get(name)
    if given is not None:
        return given
    stored = lambda_backends[account][region].get_function(name)
    content: bytes = stored.code_bytes
    return content


def _code_with_address(self: LambdaFunction) -> dict[str, Any]:
    answer: dict[str, Any] = _INNER["get_code"](self)
    account = self.function_arn.split(":")[4]
    base = gaps_of(account, self.region).package_url
    if "ImageUri" not in answer.get("Code", {}):
        place = f"{PACKAGES}{account}/{self.region}/{self.function_name}"
        answer["Code"] = {"RepositoryType": "S3", "Location": f"{base}{place}?{SIGNATURE}"}
    return answer


def _lookup_events(self: CloudTrailResponse) -> str:
    wanted = json.loads(self.body or "{}")
    start, end = wanted.get("StartTime", 0), wanted.get("EndTime", 1e12)
    attributes = {
        one["AttributeKey"]: one["AttributeValue"] for one in wanted.get("LookupAttributes", [])
    }
    events = [
        event
        for event in gaps_of(self.current_account, self.region).trail
        if start <= event["EventTime"] <= end
        and all(str(event.get(key)) == value for key, value in attributes.items())
    ]
    events.sort(key=lambda event: -event["EventTime"])
    first, size = int(wanted.get("NextToken") or 0), int(wanted.get("MaxResults") or 50)
    answer: dict[str, Any] = {"Events": events[first : first + size]}
    if first + size < len(events):
        answer["NextToken"] = str(first + size)
    return json.dumps(answer)


def _alarm_history(self: CloudWatchResponse) -> ActionResult:
    name, kind = self._get_param("AlarmName"), self._get_param("HistoryItemType")
    items = [
        item
        for item in gaps_of(self.current_account, self.region).alarm_history
        if item["AlarmName"] == name and kind in (None, item["HistoryItemType"])
    ]
    return ActionResult({"AlarmHistoryItems": items[: int(self._get_param("MaxRecords") or 100)]})


def _start_query(self: LogsResponse) -> str:
    wanted = json.loads(self.body)
    names = wanted.get("logGroupNames") or [wanted["logGroupName"]]
    groups = logs_backends[self.current_account][self.region].groups
    if any(name not in groups for name in names):
        raise ResourceNotFoundException
    start_ms, end_ms = wanted["startTime"] * 1000, wanted["endTime"] * 1000
    events = [
        Event(timestamp_ms=event.timestamp, message=event.message, stream=stream.log_stream_name)
        for name in names
        for stream in groups[name].streams.values()
        for event in stream.events
        if start_ms <= event.timestamp <= end_ms
    ]
    try:
        found = evaluate(wanted["queryString"], events)
    except MalformedError as error:
        raise JsonRESTError("MalformedQueryException", str(error)) from error
    query_id = str(uuid4())
    gaps_of(self.current_account, self.region).queries[query_id] = found
    return json.dumps({"queryId": query_id})


def _query_results(self: LogsResponse) -> str:
    query_id = json.loads(self.body)["queryId"]
    gaps = gaps_of(self.current_account, self.region)
    polls = gaps.polls[query_id] = gaps.polls.get(query_id, 0) + 1
    found = gaps.queries[query_id]
    if polls <= gaps.slow_polls:
        return json.dumps({"results": [], "status": "Running", "statistics": {}})
    return json.dumps(
        {
            "results": [
                [{"field": name, "value": value} for name, value in row.items()]
                for row in found.rows
            ],
            "status": "Complete",
            "statistics": {
                "recordsMatched": found.matched,
                "recordsScanned": found.scanned,
                "bytesScanned": 0.0,
            },
        }
    )


def _database_events(self: RDSResponse) -> ActionResult:
    kind, name = self.params.get("SourceType"), self.params.get("SourceIdentifier")
    kind, name = (
        kind or self.params.get("source_type"),
        name or self.params.get("source_identifier"),
    )
    events = [
        event
        for event in gaps_of(self.current_account, self.region).database_events
        if kind in (None, event["SourceType"]) and name in (None, event["SourceIdentifier"])
    ]
    return ActionResult({"Events": events})


def _maintenance(self: RDSResponse) -> ActionResult:
    wanted = self.params.get("ResourceIdentifier") or self.params.get("resource_identifier")
    found = gaps_of(self.current_account, self.region).maintenance
    actions = [one for one in found if wanted in (None, one["ResourceIdentifier"])]
    return ActionResult({"PendingMaintenanceActions": actions})
