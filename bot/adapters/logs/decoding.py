"""Loki's JSON as the port's values; whatever does not fit is no answer of Loki.

Shapes: https://grafana.com/docs/loki/latest/reference/loki-http-api/
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from operator import attrgetter
from typing import Any

from bot.adapters.servers.shape import ShapeError
from bot.ports.logs import Labels, LogEntry

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NS_PER_US = 1_000


def entries(answer: dict[str, Any]) -> tuple[LogEntry, ...]:
    """Return the entries of all streams, oldest first; entries of one moment in their order."""
    try:
        kind, streams = answer["data"]["resultType"], answer["data"]["result"]
        if kind != "streams":
            raise ShapeError(f"a result of type {str(kind)[:20]!r}")
        found = [entry for stream in streams for entry in _stream(stream)]
    except (KeyError, TypeError, IndexError, AttributeError, OverflowError) as error:
        raise ShapeError("a result in another shape") from error
    return tuple(sorted(found, key=attrgetter("at")))


def label_sets(answer: dict[str, Any]) -> tuple[Labels, ...]:
    """Return the labels of streams."""
    found = answer.get("data")
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ShapeError("streams in another shape")
    return tuple(_labels(one) for one in found)


def _stream(stream: dict[str, Any]) -> list[LogEntry]:
    labels = _labels(stream["stream"])
    found = [LogEntry(at=_moment(pair[0]), text=_text(pair[1]), labels=labels)
             for pair in stream["values"]]  # fmt: skip
    # Whichever end was asked for first, a stream is in one direction.
    falling = any(first.at > second.at for first, second in pairwise(found))
    return found[::-1] if falling else found


def _moment(nanoseconds: Any) -> datetime:
    if not isinstance(nanoseconds, str) or not nanoseconds.isdecimal():
        raise ShapeError("a time that is no number of nanoseconds")
    return _EPOCH + timedelta(microseconds=int(nanoseconds) // _NS_PER_US)


def _text(line: Any) -> str:
    if not isinstance(line, str):
        raise ShapeError("a line that is no text")
    return line


def _labels(found: dict[str, Any]) -> Labels:
    return tuple(sorted((str(name), str(value)) for name, value in found.items()))
