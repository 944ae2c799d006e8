"""Many log lines told by few patterns: each with its count, its first and last time, an example.

Nothing is dropped silently: every record is counted in exactly one pattern, and what is left out
of the telling is summed up at its end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from drain3.drain import Drain

from bot.domain.spans import stamp
from bot.tools.log_lines import LogLine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# More patterns than a reader takes in; the rest is counted together.
MAX_PATTERNS = 30
_MAX_CLUSTERS = 1_000
_MINED_CHARS = 600
_EXAMPLE_CHARS = 400
# A stack trace's top tells the cause.
_EXAMPLE_LINES = 12

_MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?"), "<TIME>"),
    (re.compile(r"\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\b"), "<ID>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d{1,5})?\b"), "<IP>"),
    (re.compile(r"\b(?=[a-fA-F]*\d)(?=\d*[a-fA-F])[0-9a-fA-F]{8,64}\b"), "<ID>"),
    (
        re.compile(
            r"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:ns|us|\u00b5s|ms|s|m|h|%|[kKMGT]i?B?)?(?![\w])"
        ),
        "<N>",
    ),
)


@dataclass(slots=True, kw_only=True)
class Pattern:
    """Records that differ only in numbers, ids and names."""

    example: list[LogLine]
    first: LogLine
    last: LogLine
    count: int = 0
    template: str = ""
    severe: bool = field(default=False)


def patterns_of(lines: Iterable[LogLine]) -> list[Pattern]:
    """Return the patterns, those that tell of failures first, then the frequent ones."""
    miner = Drain(
        depth=4, sim_th=0.5, max_children=100, max_clusters=_MAX_CLUSTERS, param_str="<*>"
    )
    found: dict[int, Pattern] = {}
    for record in _records(lines):
        masked = record[0].text[:_MINED_CHARS]
        for pattern, name in _MASKS:
            masked = pattern.sub(name, masked)
        cluster, _ = miner.add_log_message(masked)
        known = found.get(cluster.cluster_id)
        if known is None:
            known = Pattern(
                example=record, first=record[0], last=record[0], severe=record[0].is_severe
            )
            found[cluster.cluster_id] = known
        known.count += 1
        known.last = record[-1]
        known.template = cluster.get_template()
    return sorted(found.values(), key=lambda pattern: (not pattern.severe, -pattern.count))


def told(patterns: list[Pattern]) -> list[str]:
    """Return the patterns as lines of text."""
    lines = []
    for pattern in patterns[:MAX_PATTERNS]:
        first, last = _clock(pattern.first), _clock(pattern.last)
        when = first if first == last else f"{first}..{last}"
        mark = "!" if pattern.severe else " "
        lines.append(f"{mark}{pattern.count:>6}x  {when}  {pattern.template[:_EXAMPLE_CHARS]}")
        shown = pattern.example[: _EXAMPLE_LINES if pattern.severe else 1]
        lines += [f"          e.g. {line.text[:_EXAMPLE_CHARS]}" for line in shown[:1]]
        lines += [f"               {line.text[:_EXAMPLE_CHARS]}" for line in shown[1:]]
    rest = patterns[MAX_PATTERNS:]
    if rest:
        count = sum(pattern.count for pattern in rest)
        lines.append(f"  and {len(rest)} rarer patterns with {count} records together")
    return lines


def _records(lines: Iterable[LogLine]) -> Iterator[list[LogLine]]:
    record: list[LogLine] = []
    for line in lines:
        if record and line.continues:
            record.append(line)
            continue
        if record:
            yield record
        record = [line]
    if record:
        yield record


def _clock(line: LogLine) -> str:
    return stamp(line.at)[11:] if line.at else "-"
