"""`kubectl logs`: lines as they are while they are few, and patterns when they are many.

Whatever is not shown word for word is said and counted; secrets and invisible characters are
gone before anything is searched or shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState, Window
from bot.domain.fields import entries, number, text
from bot.domain.spans import stamp
from bot.ports.cluster import LogQuery
from bot.tools.answer import MAX_BODY_BYTES, Answer, empty, head
from bot.tools.kubectl.fields import name_of, namespace_of
from bot.tools.kubectl.log_pods import chosen
from bot.tools.log_lines import GREP_AROUND, LogLine, LogLines, found_in, log_lines
from bot.tools.log_patterns import patterns_of, told

if TYPE_CHECKING:
    from bot.ports.cluster import ClusterReader, KubeObject
    from bot.tools.kubectl.command import Logs

# Above either, a reader wants to know what there is before reading it.
CONDENSE_LINES = 100
CONDENSE_BYTES = 16 * 1024
# Shown word for word below the patterns: what happened last.
LAST_LINES = 30
# How far back --grep searches when no --tail says: about an hour of a busy proxy's lines.
SEARCH_LINES = 50_000
SEARCH_BYTES = 16 * 1024 * 1024
# When lines are so long that the newest do not come, fewer are asked for, this often at most.
_SHORTER_TAILS = 3
_SHORTER_BY = 8

_SOURCE = "logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """What was read of one container."""

    title: str
    log: LogLines | None = None
    places: tuple[int, ...] = ()
    """Which of the lines are asked for: those --grep finds, or all."""
    cut_bytes: int = 0
    tail: int = 0
    reason: ToolError | UpstreamError | None = None
    """Why there are no lines."""


def logs(command: Logs, reader: ClusterReader) -> Answer:
    """Return the log of the containers meant; EMPTY says why there are no lines."""
    selected = chosen(command, reader)
    sections = [_read(command, pod, name, reader) for pod, name in selected.places]
    failures = [one.reason for one in sections if one.reason is not None]
    if len(failures) == len(sections):
        raise next((one for one in failures if isinstance(one, UpstreamError)), failures[0])
    seen_whole = not _unseen(failures) and not any(one.cut_bytes for one in sections)
    if seen_whole and not any(one.places for one in sections):
        return empty(_SOURCE, _nothing(command, sections, selected.places[0][0]))
    bodies = [_told(command, one) for one in sections]
    whole = "\n\n".join([*selected.notes, *(body for body, _ in bodies)])
    shown, left_out = head(whole, MAX_BODY_BYTES)
    cut_bytes = left_out + sum(cut for _, cut in bodies) + sum(one.cut_bytes for one in sections)
    answer = Answer(
        source=_SOURCE,
        body=shown,
        state=EvidenceState.TRUNCATED if cut_bytes else EvidenceState.OK,
        rows=sum(len(one.places) for one in sections),
        cut_bytes=cut_bytes,
        window=_window(sections),
    )
    unseen = _unseen(failures)
    return replace(answer, state=unseen, cut_bytes=0) if unseen else answer


def _read(command: Logs, pod: KubeObject, container: str, reader: ClusterReader) -> _Section:
    run = " (previous run)" if command.previous else ""
    title = f"{name_of(pod)}/{container}{run}"
    query = LogQuery(
        namespace=namespace_of(pod) or command.namespace or "",
        pod=name_of(pod),
        container=container,
        previous=command.previous,
        tail_lines=command.tail or SEARCH_LINES,
        since_s=command.since_s,
        timestamps=True,
    )
    if command.tail is None:
        query = replace(query, limit_bytes=SEARCH_BYTES)
    asked = query.tail_lines
    try:
        found = reader.logs(query)
        first_size = len(found.text.encode(errors="replace"))
        for _ in range(_SHORTER_TAILS):
            if not found.cut or query.tail_lines <= 1:
                break
            # The server cuts off the newest lines, which are the ones that matter.
            query = replace(query, tail_lines=max(1, query.tail_lines // _SHORTER_BY))
            found = reader.logs(query)
    except (ToolError, UpstreamError) as error:
        return _Section(title=title, reason=error)
    cut_bytes = 0
    if found.cut or query.tail_lines != asked:
        cut_bytes = max(
            1, first_size - (0 if found.cut else len(found.text.encode(errors="replace")))
        )
    log = log_lines(found.text)
    if command.tail is None and len(log.lines) >= query.tail_lines:
        # Nobody chose where the search ends, so what is older is missing from the answer.
        cut_bytes = max(1, cut_bytes)
    places = found_in(log.lines, command.grep) if command.grep else range(len(log.lines))
    return _Section(
        title=title,
        log=log,
        places=tuple(places),
        cut_bytes=cut_bytes,
        tail=query.tail_lines,
    )


def _told(command: Logs, section: _Section) -> tuple[str, int]:
    """Return a section's text, and the bytes of lines that are not in it word for word."""
    if section.log is None:
        return f"== {section.title}: {section.reason}", 0
    lines = list(section.log.lines)
    title = [_title(command, section)]
    if command.grep:
        return _searched(command, section, lines, title)
    if len(lines) > CONDENSE_LINES or section.log.size_bytes > CONDENSE_BYTES:
        return _condensed(command, section, lines, title)
    return "\n".join([*title, *(_shown(command, section, line) for line in lines)]), 0


def _title(command: Logs, section: _Section) -> str:
    lines = section.log.lines if section.log else ()
    parts = [f"== {section.title}: {len(lines)} lines"]
    times = [line.at for line in lines if line.at]
    if times:
        parts.append(f"{stamp(times[0])} to {stamp(times[-1])}")
    if section.cut_bytes:
        parts.append(
            f"CUT: only the newest {section.tail} lines were read, older ones need --since"
        )
    elif len(lines) == command.tail:
        parts.append(f"older lines are beyond --tail={command.tail}")
    if section.log and section.log.invisible:
        parts.append(f"{section.log.invisible} control or invisible characters removed or escaped")
    return ", ".join(parts)


def _condensed(
    command: Logs, section: _Section, lines: list[LogLine], title: list[str]
) -> tuple[str, int]:
    patterns = patterns_of(lines)
    last = [_shown(command, section, line) for line in lines[-LAST_LINES:]]
    # The newest of very long lines are enough, too.
    while len(last) > 1 and sum(map(len, last)) > CONDENSE_BYTES:
        last = last[1:]
    body = [
        *title,
        f"CONDENSED: {len(lines)} lines in {len(patterns)} patterns, failures (!) first;",
        f"every line is counted. Whole lines: --grep=WORD, --since or --tail={CONDENSE_LINES}",
        *told(patterns),
        f"the last {len(last)} lines:",
        *last,
    ]
    size = section.log.size_bytes if section.log else 0
    return "\n".join(body), max(1, size - sum(len(line.encode()) + 1 for line in last))


def _searched(
    command: Logs, section: _Section, lines: list[LogLine], title: list[str]
) -> tuple[str, int]:
    places = section.places
    title.append(_matches(command, section))
    if len(places) > CONDENSE_LINES:
        return _condensed(command, section, [lines[place] for place in places], title)
    found, body = set(places), list[str]()
    shown = -1
    for place in places:
        start = max(shown + 1, place - GREP_AROUND)
        if body and start > shown + 1:
            body.append("--")
        shown = max(shown, min(place + GREP_AROUND, len(lines) - 1))
        body += [
            f"{'>' if near in found else ' '} {_shown(command, section, lines[near])}"
            for near in range(start, shown + 1)
        ]
    return "\n".join([*title, *body]), 0


def _shown(command: Logs, section: _Section, line: LogLine) -> str:
    prefix = f"[{section.title}] " if command.prefix else ""
    at = f"{stamp(line.at)} " if command.timestamps and line.at else ""
    return f"{prefix}{at}{line.text}"


def _matches(command: Logs, section: _Section) -> str:
    words = " or ".join(f"'{word}'" for word in command.grep)
    lines = section.log.lines if section.log else ()
    return f"{len(section.places)} of {len(lines)} lines contain {words}"


def _unseen(failures: list[ToolError | UpstreamError]) -> EvidenceState | None:
    """Return the state of containers that could not be read; None if each one answered."""
    upstream = [one for one in failures if isinstance(one, UpstreamError)]
    if not upstream:
        return None
    denied = all(isinstance(one, DeniedError) for one in upstream)
    return EvidenceState.DENIED if denied else EvidenceState.UNREACHABLE


def _window(sections: list[_Section]) -> Window | None:
    times = [line.at for one in sections if one.log for line in one.log.lines if line.at]
    return Window(start=min(times), end=max(times)) if times else None


def _nothing(command: Logs, sections: list[_Section], pod: KubeObject) -> str:
    since = f" in the last {command.since_s} s" if command.since_s else ""
    reasons = []
    for one in sections:
        found = f"no line{since}"
        if one.log and one.log.lines:
            found = f"{_matches(command, one)}{since}"
        reasons.append(f"{_title(command, one)}: {one.reason or found}")
    restarts = sum(
        number(one, "restartCount") for one in entries(pod, "status", "containerStatuses")
    )
    if restarts and not command.previous:
        reasons.append(
            f"{name_of(pod)} restarted {restarts} times"
            f" (phase {text(pod, 'status', 'phase')}); --previous shows the run before"
        )
    return "\n".join(reasons)
