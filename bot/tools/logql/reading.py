"""What a log query comes to: its lines told, or why there are none and what there is instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz import process as closest

from bot.domain.errors import ToolError, UpstreamError
from bot.domain.evidence import EvidenceState, Window
from bot.domain.registry import Access
from bot.domain.spans import stamp
from bot.ports.logs import LogSource
from bot.tools.answer import MAX_BODY_BYTES, Answer, empty, head
from bot.tools.logql.scoping import NAMESPACE_LABELS, namespaces_of
from bot.tools.logql.syntax import LogQuery
from bot.tools.logql.telling import MAX_VALUE_CHARS, records_of, told_log
from bot.tools.promql.durations import MINUTE_S, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.ports.logs import Labels

SOURCE = "logs"
# Loki's own default for the entries of one query.
MAX_ENTRIES = 5_000
# Enough to find the name meant among those a namespace has.
_SHOWN_LABELS, _SHOWN_VALUES = 8, 8
_CLOSEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A query that may be sent, and of whom."""

    query: LogQuery
    reader: LogSource
    window: Window
    minutes: int
    access: Access
    index: tuple[str, ...]
    """The labels streams have there."""


def read(asked: Asked) -> Answer:
    """Return the query's lines; EMPTY says what the server has instead.

    Raises:
        ToolError: The server cannot use the query.
        UpstreamError: It did not answer properly.
    """
    page = asked.reader.lines(str(asked.query), window=asked.window, limit=MAX_ENTRIES)
    streams, records = records_of(page.entries, index=asked.index, needles=asked.query.needles)
    if not records:
        return _nothing(asked, more=page.more)
    title = f"== entries: {len(records)}, streams: {len(streams)}, in the last {_span(asked)}"
    log = told_log(streams, records, title=title)
    note = ""
    if page.more:
        note = (
            f"CUT: only the newest {len(page.entries)} entries were read, those before"
            f" {stamp(page.entries[0].at)} are missing; add a filter or ask for fewer minutes\n"
        )
    text, left_out = head(note + log.text, MAX_BODY_BYTES)
    cut_bytes = max(log.cut_bytes + left_out, int(page.more))
    return Answer(
        source=SOURCE,
        body=text,
        state=EvidenceState.TRUNCATED if cut_bytes else EvidenceState.OK,
        rows=len(records),
        cut_bytes=cut_bytes,
        window=asked.window,
    )


def _nothing(asked: Asked, *, more: bool) -> Answer:
    if more:
        # The server stopped at its limit, so what it did not send may hold a line.
        return Answer(
            source=SOURCE,
            body=f"none of the newest {MAX_ENTRIES} entries can be shown; narrow the query",
            state=EvidenceState.TRUNCATED,
            rows=0,
            cut_bytes=1,
            window=asked.window,
        )
    try:
        reason = _why_empty(asked)
    except (ToolError, UpstreamError):
        # The query itself was answered; only what is there instead is not known.
        reason = f"no line in the last {_span(asked)}"
    found = empty(SOURCE, f"{reason}. This is no proof that nothing failed.")
    return Answer(
        source=found.source, body=found.body, state=found.state, rows=0, window=asked.window
    )


def _why_empty(asked: Asked) -> str:
    query, span = asked.query, _span(asked)
    streams = asked.reader.streams(query.selector, window=asked.window)
    if streams:
        what = "passes the filters" if query.stages else "was written"
        count = f"{len(streams)} stream{'' if len(streams) == 1 else 's'}"
        return f"{query.selector} has {count}, but no line {what} in the last {span}"
    within = [one for one in query.matchers if one.label in NAMESPACE_LABELS]
    missing = f"no stream has {query.selector} in the last {span}"
    if not within:
        labels = ", ".join(asked.index[: _SHOWN_LABELS * 2])
        return f"{missing}; labels there: {labels or 'none, so no logs arrive'}"
    if len(within) < len(query.matchers):
        selector = f"{{{', '.join(str(one) for one in within)}}}"
        around = asked.reader.streams(selector, window=asked.window)
        if around:
            return f"{missing}; streams with {selector} have {_values(around, within[0].label)}"
    return f"{missing}; {_namespaces(asked, within[0].label)}"


def _values(streams: Sequence[Labels], namespace: str) -> str:
    """Return which labels streams have, each with some of its values."""
    values: dict[str, dict[str, None]] = {}
    for name, value in (pair for labels in streams for pair in labels):
        if name not in {namespace, "filename"}:
            values.setdefault(name, {})[value] = None
    few = sorted(values.items(), key=lambda item: len(item[1]))[:_SHOWN_LABELS]
    shown = (
        f"{name}: {_listed(sorted(found), shown=_SHOWN_VALUES)}" for name, found in sorted(few)
    )
    return "; ".join(shown) or "no other label"


def _namespaces(asked: Asked, label: str) -> str:
    cluster = asked.reader.name
    if label not in asked.index:
        return f"no stream has the label {label}; labels there: {', '.join(asked.index)}"
    names = [
        name
        for name in asked.reader.label_values(label, window=asked.window)
        if asked.access.may_read(cluster, name)
    ]
    wanted = next(iter(namespaces_of(asked.query)), "")
    ranked = [name for name, *_ in closest.extract(wanted, names, limit=_CLOSEST)]
    return f"namespaces with logs, the closest first: {', '.join(ranked) or 'none'}"


def _listed(values: Iterable[str], *, shown: int) -> str:
    every = [value[:MAX_VALUE_CHARS] for value in values]
    rest = len(every) - shown
    return ", ".join(every[:shown]) + (f" and {rest} more" if rest > 0 else "")


def _span(asked: Asked) -> str:
    return spelled(asked.minutes * MINUTE_S)
