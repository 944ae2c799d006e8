"""`aws changes`: who changed what in an account around a time, and what stacks were doing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.errors import ToolError
from bot.domain.evidence import Window
from bot.tools.aws.answer import answered, nothing
from bot.tools.aws.rendering import grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports.cloud import Content
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading

SOURCE = "changes"
MAX_STACKS = 5
TRAIL_DELAY = timedelta(minutes=15)
"""CloudTrail delivers a call within about this long; newer ones may be missing."""
_COLUMNS = ("TIME", "CHANGE", "WHAT", "BY", "RESULT")

Row = tuple[Any, ...]
"""When, what, of what, by whom and how it ended."""


def look_at_changes(reading: Reading, minutes: int, around: str | None) -> Answer:
    """Return the calls that changed something, and stacks' events, oldest first."""
    window = _window(reading, minutes, around)
    rows = sorted(
        (*calls_in(reading, window), *stack_events_in(reading, window)), key=lambda row: row[0]
    )
    span = f"{window.start:%Y-%m-%dT%H:%MZ} to {window.end:%Y-%m-%dT%H:%MZ}"
    late = reading.now() - window.end < TRAIL_DELAY
    if not rows:
        if late:
            reading.gaps.append("the newest calls; CloudTrail runs up to 15 minutes late")
        return nothing(SOURCE, f"no changes are known from {span}", reading, window=window)
    notes = ["CloudTrail runs up to 15 minutes late: the newest may be missing"] if late else []
    head = f"{len(rows)} changes from {span}, oldest first"
    table = grid(_COLUMNS, rows)
    return answered(SOURCE, [head, *notes], reading, table=table, window=window)


def _window(reading: Reading, minutes: int, around: str | None) -> Window:
    now = reading.now()
    span = timedelta(minutes=minutes)
    if around is None:
        return Window(start=now - span, end=now)
    try:
        at = datetime.fromisoformat(around)
    except ValueError:
        raise ToolError(
            f"around={around[:40]!r} is no time; write it like 2026-11-20T10:41:00Z"
        ) from None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    return Window(start=at - span, end=min(at + span, now))


def calls_in(reading: Reading, window: Window) -> list[Row]:
    """Return the calls CloudTrail knows to have changed something, in no order."""
    found = reading.attempt(
        "CloudTrail",
        "cloudtrail",
        "lookup_events",
        LookupAttributes=[{"AttributeKey": "ReadOnly", "AttributeValue": "false"}],
        StartTime=window.start,
        EndTime=window.end,
    )
    return [_call(event) for event in found.get("Events", [])]


def _call(event: Content) -> Row:
    record = event.get("CloudTrailEvent")
    told = record if isinstance(record, dict) else {}
    service = str(event.get("EventSource", "")).partition(".")[0]
    who = told.get("user arn", "").rpartition(":")[2] or event.get("Username")
    return (
        _utc(event.get("EventTime")),
        f"{service} {event.get('EventName')}",
        _names(event.get("Resources", [])),
        who,
        told.get("errorCode") or "done",
    )


def _names(resources: Sequence[Content]) -> str:
    names = [str(one.get("ResourceName")) for one in resources if one.get("ResourceName")]
    return ", ".join(dict.fromkeys(names))


def stack_events_in(reading: Reading, window: Window) -> list[Row]:
    """Return what the stacks changed last went through, in no order."""
    listed = reading.attempt("stacks", "cloudformation", "list_stacks")
    changed = [
        stack
        for stack in listed.get("StackSummaries", [])
        if _last_change(stack) >= window.start and _utc(stack.get("CreationTime")) <= window.end
    ]
    changed.sort(key=_last_change, reverse=True)
    if len(changed) > MAX_STACKS:
        names = ", ".join(str(stack.get("StackName")) for stack in changed[MAX_STACKS:])
        reading.gaps.append(f"events of {len(changed) - MAX_STACKS} more changed stacks: {names}")
    rows: list[Row] = []
    for stack in changed[:MAX_STACKS]:
        name = str(stack.get("StackName"))
        found = reading.attempt(
            f"events of stack {name}", "cloudformation", "describe_stack_events", StackName=name
        )
        rows += [
            _stack_event(event)
            for event in found.get("StackEvents", [])
            if window.start <= _utc(event.get("Timestamp")) <= window.end
        ]
    return rows


def _last_change(stack: Content) -> datetime:
    times = (stack.get("LastUpdatedTime"), stack.get("DeletionTime"), stack.get("CreationTime"))
    return max(_utc(at) for at in times)


def _stack_event(event: Content) -> Row:
    return (
        _utc(event.get("Timestamp")),
        f"stack {event.get('ResourceStatus')}",
        f"{event.get('StackName')}/{event.get('LogicalResourceId')} ({event.get('ResourceType')})",
        "cloudformation",
        event.get("ResourceStatusReason") or "",
    )


def _utc(at: Any) -> datetime:
    if not isinstance(at, datetime):
        return datetime.fromtimestamp(0, tz=UTC)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
