"""Entries of many streams told as one log: word for word while they are few, else as patterns.

Secrets and invisible characters are gone before a line is counted as matching, and one entry
cannot pass for several: its inner lines are indented.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.spans import stamp
from bot.tools.log_lines import LogLine, log_lines
from bot.tools.log_patterns import patterns_of, told
from bot.tools.plain_text import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.ports.logs import Labels, LogEntry

# Above either, a reader wants to know what there is before reading it; as for `kubectl logs`.
CONDENSE_LINES = 100
CONDENSE_BYTES = 16 * 1024
LAST_LINES = 30
MAX_STREAMS = 20
MAX_VALUE_CHARS = 120
# They tell of the collector or of the line, not of who wrote it.
_NO_IDENTITY = frozenset({"filename", "detected_level", "level", "stream", "flags", "logtag"})
_INDENT = "\n    "


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One entry, ready to be shown."""

    lines: tuple[LogLine, ...]
    stream: int
    """Which of the streams wrote it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A log's text, and how much of it is not there word for word."""

    text: str
    cut_bytes: int = 0


def records_of(
    entries: Sequence[LogEntry], *, index: Iterable[str], needles: Sequence[Sequence[str]] = ()
) -> tuple[tuple[Labels, ...], tuple[Record, ...]]:
    """Return the streams there are, and their records, oldest first.

    Args:
        entries: Oldest first.
        index: The labels that make a stream; others were taken from lines.
        needles: For each of them, the texts of which a record has to show one. A record that
            only its secret made match is left out, as if it had not.
    """
    names = frozenset(index) - _NO_IDENTITY
    by_stream: dict[Labels, list[LogEntry]] = {}
    for entry in entries:
        identity = tuple((name, value) for name, value in entry.labels if name in names)
        by_stream.setdefault(identity, []).append(entry)
    # Written as records are: inner lines indented, nothing blank at their end.
    shown = [[plain(text).replace("\n", _INDENT).rstrip() for text in texts] for texts in needles]
    found: list[Record] = []
    streams: list[Labels] = []
    for identity, own in by_stream.items():
        kept = [one for one in _records(own, len(streams)) if _shows(one, shown)]
        if kept:
            streams.append(identity)
            found += kept
    return tuple(streams), tuple(sorted(found, key=_written_s))


def told_log(streams: Sequence[Labels], records: Sequence[Record], *, title: str) -> Told:
    """Return the records as text under a title and the streams they are from."""
    head = [f"{title}, {_span(records)}", *_stream_lines(streams, records)]
    several = len(streams) > 1
    lines = [_shown(one, several=several) for one in records]
    size = sum(len(line.encode(errors="replace")) + 1 for line in lines)
    count = sum(len(one.lines) for one in records)
    if count <= CONDENSE_LINES and size <= CONDENSE_BYTES:
        return Told(text="\n".join([*head, *lines]))
    patterns = patterns_of(line for one in records for line in one.lines)
    last = lines[-LAST_LINES:]
    # The newest of very long lines are enough, too.
    while len(last) > 1 and sum(map(len, last)) > CONDENSE_BYTES:
        last = last[1:]
    body = [
        *head,
        f"CONDENSED: {len(records)} entries in {len(patterns)} patterns, failures (!) first;",
        'every one is counted. Whole lines: a filter such as |= "word", or fewer minutes',
        *told(patterns),
        f"the last {len(last)} entries:",
        *last,
    ]
    left_out = size - sum(len(line.encode(errors="replace")) + 1 for line in last)
    return Told(text="\n".join(body), cut_bytes=max(1, left_out))


def labels_text(labels: Iterable[tuple[str, str]]) -> str:
    """Return labels as people read them, values cut."""
    return ", ".join(f"{name}={value[:MAX_VALUE_CHARS]}" for name, value in labels)


def _records(entries: Sequence[LogEntry], stream: int) -> list[Record]:
    """Return one stream's records; it is masked as a whole, as a key may go over many entries."""
    text = "\n".join(
        f"{one.at.isoformat()} {one.text.rstrip().replace(chr(10), _INDENT)}" for one in entries
    )
    found: list[list[LogLine]] = []
    for line in log_lines(text).lines:
        if line.at is not None or not found:
            found.append([])
        found[-1].append(line)
    return [Record(lines=tuple(lines), stream=stream) for lines in found]


def _written_s(record: Record) -> float:
    at = record.lines[0].at
    return at.timestamp() if at else 0.0


def _shows(record: Record, needles: Sequence[Sequence[str]]) -> bool:
    """Tell whether a record has what every `|=` asked for, now that its secrets are gone.

    The server matched before masking, so without this a secret could be guessed by one `|=` after
    another. Expressions (`|~`), what lines must not hold (`!=`) and label filters stay the
    server's: only sending a query without them would close that, at the price of reading all. Rule
    LQ8 refuses those that name a secret, and metric queries, which count lines that nobody sees,
    are refused altogether (LQ4).
    """
    whole = "\n".join(line.whole for line in record.lines)
    return all(any(text in whole for text in texts) for texts in needles)


def _shown(record: Record, *, several: bool) -> str:
    first = record.lines[0]
    name = f"S{record.stream + 1} " if several else ""
    return "\n".join(
        [f"{stamp(first.at)} {name}{first.text}", *(line.text for line in record.lines[1:])]
    )


def _span(records: Sequence[Record]) -> str:
    return f"{stamp(records[0].lines[0].at)} to {stamp(records[-1].lines[0].at)}"


def _stream_lines(streams: Sequence[Labels], records: Sequence[Record]) -> list[str]:
    shared = set(streams[0]).intersection(*streams[1:])
    lines = [f"from {labels_text(sorted(shared)) or 'streams without a common label'}"]
    if len(streams) == 1:
        return lines
    counts = [0] * len(streams)
    for record in records:
        counts[record.stream] += 1
    ranked = sorted(range(len(streams)), key=lambda place: -counts[place])
    for place in ranked[:MAX_STREAMS]:
        own = labels_text(pair for pair in streams[place] if pair not in shared)
        lines.append(f"  S{place + 1}: {counts[place]} entries, {own or 'no further label'}")
    rest = ranked[MAX_STREAMS:]
    if rest:
        count = sum(counts[place] for place in rest)
        lines.append(f"  and {len(rest)} more streams with {count} entries together")
    return lines
