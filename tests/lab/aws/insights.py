"""A small Logs Insights: fields, filter, parse-free stats, sort and limit over stored events.

It refuses what it cannot evaluate, as the real one refuses what it cannot parse.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_LIKE = re.compile(r"filter\s+@message\s+(not\s+)?like\s+/((?:[^/\\]|\\.)*)/$", re.IGNORECASE)
_STATS = re.compile(r"stats\s+count\(\*\)(?:\s+as\s+(\w+))?(?:\s+by\s+(.+))?$", re.IGNORECASE)
_BIN = re.compile(r"bin\((\d+)([mh])\)$")
_SORT = re.compile(r"sort\s+(@?\w+)(?:\s+(asc|desc))?$", re.IGNORECASE)
_LIMIT = re.compile(r"limit\s+(\d+)$", re.IGNORECASE)

Row = dict[str, str]


class MalformedError(ValueError):
    """The query is none this evaluator knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One log event."""

    timestamp_ms: int
    message: str
    stream: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a query found, and how much it looked at."""

    rows: list[Row]
    matched: int
    scanned: int


def evaluate(query: str, events: list[Event]) -> Found:
    """Return the rows of a query over these events."""
    rows: list[Row] = [_row(event) for event in events]
    limit, fields, matched = 10_000, ["@timestamp", "@message"], None
    for command in (part.strip() for part in query.split("\n| ")):
        word = command.split(maxsplit=1)[0].lower() if command else ""
        if word == "fields":
            fields = [name.strip() for name in command[6:].split(",")]
        elif like := _LIKE.match(command):
            pattern = re.compile(like[2].replace("\\/", "/"))
            rows = [
                row for row in rows if bool(pattern.search(row["@message"])) is not bool(like[1])
            ]
        elif stats := _STATS.match(command):
            matched = len(rows)
            rows = _counted(rows, stats[1] or "count(*)", stats[2])
            fields = list(rows[0]) if rows else []
        elif sort := _SORT.match(command):
            rows = sorted(rows, key=lambda row: _key(row.get(sort[1], "")))
            rows = rows[::-1] if (sort[2] or "").lower() == "desc" else rows
        elif found := _LIMIT.match(command):
            limit = int(found[1])
        else:
            raise MalformedError(f"unexpected symbol found {command[:40]}")
    shown = [{name: row[name] for name in fields if name in row} for row in rows[:limit]]
    return Found(rows=shown, matched=len(rows) if matched is None else matched, scanned=len(events))


def _row(event: Event) -> Row:
    at = datetime.fromtimestamp(event.timestamp_ms / 1000, tz=UTC)
    return {
        "@timestamp": at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at.microsecond // 1000:03}",
        "@message": event.message,
        "@logStream": event.stream,
    }


def _counted(rows: list[Row], name: str, by: str | None) -> list[Row]:
    groups: dict[str, int] = {}
    for row in rows:
        key = _group(row, by) if by else ""
        groups[key] = groups.get(key, 0) + 1
    return [({by: key} if by else {}) | {name: str(count)} for key, count in groups.items()]


def _group(row: Row, by: str) -> str:
    binned = _BIN.match(by)
    if not binned:
        return row.get(by, "")
    size_s = int(binned[1]) * (60 if binned[2] == "m" else 3600)
    at = datetime.fromisoformat(row["@timestamp"]).replace(tzinfo=UTC).timestamp()
    floor = datetime.fromtimestamp(at // size_s * size_s, tz=UTC)
    return floor.strftime("%Y-%m-%d %H:%M:%S.000")


def _key(value: Any) -> tuple[int, float, str]:
    text = str(value)
    return (0, float(text), "") if text.replace(".", "", 1).isdigit() else (1, 0.0, text)
