"""`aws logs`: a log group searched by Logs Insights; many lines come as few patterns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from rapidfuzz import process

from bot.domain.errors import ToolError, UpstreamError
from bot.domain.evidence import Window
from bot.ports.cloud import MissingError
from bot.tools.aws.answer import answered, nothing
from bot.tools.aws.rendering import grid
from bot.tools.log_lines import LogLine, log_lines
from bot.tools.log_patterns import patterns_of, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports.cloud import Content
    from bot.tools.answer import Answer
    from bot.tools.aws.reading import Reading

SOURCE = "logs"
MAX_WORDS = 8
MAX_RECORDS = 1_000
# As many are told line by line; more come as patterns.
_FEW_LINES = 40
# Insights answers most queries over a day in a few seconds.
_PATIENCE_S = 25.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 2.0
_RUNNING = frozenset({"Scheduled", "Running", "Unknown"})
_CLOSEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSearch:
    """What to look for in which group."""

    group: str
    minutes: int
    words: tuple[str, ...] = ()
    """Lines with any of them, case aside; all lines when there are none."""
    query: str | None = None
    """A whole Insights query instead."""

    @property
    def insights(self) -> str:
        """The query to run."""
        if self.query is not None:
            return self.query
        parts = ["fields @timestamp, @message"]
        if self.words:
            either = "|".join(_literal(word) for word in self.words)
            parts.append(f"filter @message like /(?i)({either})/")
        return "\n| ".join([*parts, "sort @timestamp desc", f"limit {MAX_RECORDS}"])


def search_logs(reading: Reading, search: LogSearch) -> Answer:
    """Return the lines a search finds, or the table its query makes."""
    if search.query is not None and search.words:
        raise ToolError("give words or a query, not both")
    end = reading.now()
    window = Window(start=end - timedelta(minutes=search.minutes), end=end)
    try:
        done = run_query(reading, search.group, search.insights, window)
    except MissingError:
        raise _unknown_group(reading, search.group) from None
    rows = [_fields(row) for row in done.get("results", [])]
    scanned = int((done.get("statistics") or {}).get("recordsScanned") or 0)
    matched = int((done.get("statistics") or {}).get("recordsMatched") or len(rows))
    head = f"{search.group}, last {search.minutes} min: {matched} of {scanned} records match"
    if not rows:
        return nothing(SOURCE, head, reading, window=window)
    if matched > len(rows) and search.query is None:
        reading.cut = True
        head += f"; the newest {len(rows)} are told"
    if all("@message" in row for row in rows):
        lines = _log_lines(rows)
        return answered(SOURCE, [head, *tell(lines)], reading, rows=len(lines), window=window)
    columns = list(dict.fromkeys(key for row in rows for key in row))
    table = grid(columns, ([row.get(column) for column in columns] for row in rows))
    return answered(SOURCE, [head], reading, table=table, window=window)


def run_query(reading: Reading, group: str, query: str, window: Window) -> Content:
    """Return the finished results of an Insights query; what it has so far when it takes too long.

    Raises:
        MissingError: There is no such group.
        UpstreamError: The query failed, or found nothing in the time it may take.
    """
    started = reading.read(
        "logs",
        "start_query",
        logGroupNames=[group],
        startTime=int(window.start.timestamp()),
        endTime=int(window.end.timestamp()),
        queryString=query,
    )
    deadline_s = reading.clock.monotonic() + _PATIENCE_S
    pause_s = _FIRST_PAUSE_S
    while True:
        done = reading.read("logs", "get_query_results", queryId=started["queryId"])
        status = str(done.get("status", "Unknown"))
        if status == "Complete":
            return done
        if status not in _RUNNING:
            raise UpstreamError(
                f"the log query ended as {status}; ask for a shorter span or fewer words",
                system="aws logs",
            )
        if reading.clock.monotonic() >= deadline_s:
            if not done.get("results"):
                raise UpstreamError(
                    f"the log query was not done in {_PATIENCE_S:g} s; ask for a shorter span",
                    system="aws logs",
                )
            reading.gaps.append(
                f"the rest of the log query, which was not done in {_PATIENCE_S:g} s"
            )
            return done
        reading.clock.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


def tell(lines: Sequence[LogLine]) -> list[str]:
    """Return log lines as they are when few, as patterns with counts when many."""
    if len(lines) > _FEW_LINES:
        return ["as patterns, those that tell of failures first:", *told(patterns_of(lines))]
    return [f"{line.at:%Y-%m-%dT%H:%M:%SZ} {line.text}" if line.at else line.text for line in lines]


def timed_lines(events: Sequence[tuple[datetime, str]]) -> list[LogLine]:
    """Return events as log lines without secrets, oldest first."""
    ordered = sorted(events, key=lambda event: event[0])
    text = "\n".join(
        f"{at:%Y-%m-%dT%H:%M:%S.%fZ} {line}"
        for at, message in ordered
        for line in (message.rstrip("\n").split("\n") or [""])
    )
    return list(log_lines(text).lines)


def _log_lines(rows: Sequence[dict[str, str]]) -> list[LogLine]:
    return timed_lines(
        [(_moment(row.get("@timestamp", "")), row.get("@message", "")) for row in rows]
    )


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        return datetime.fromtimestamp(0, tz=UTC)


def _fields(row: Sequence[dict[str, Any]]) -> dict[str, str]:
    return {
        str(cell.get("field")): str(cell.get("value", ""))
        for cell in row
        if cell.get("field") != "@ptr"
    }


def _literal(word: str) -> str:
    return re.escape(word).replace("/", "\\/").replace("\\ ", " ")


def _unknown_group(reading: Reading, group: str) -> MissingError:
    found = reading.read("logs", "describe_log_groups")
    names = [str(one.get("logGroupName")) for one in found.get("logGroups", [])]
    close = [match for match, _score, _place in process.extract(group, names, limit=_CLOSEST)]
    return MissingError(
        f"there is no log group {group} in this account and region"
        + (f"; closest of {len(names)}: {', '.join(close)}" if close else "; it has none at all")
    )
