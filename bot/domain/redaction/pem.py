"""Private keys in PEM: whole, cut off at either end, escaped on one line, or one log line a line.

What stands before the body on each line, such as a time stamp and a pod's name, stays; so do the
lines themselves. All parts of one key have the same placeholder.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.domain.redaction.placeholder import PLACEHOLDER_BEGINS
from bot.domain.redaction.rule import Rule
from bot.domain.redaction.span import Span, Subject

if TYPE_CHECKING:
    from collections.abc import Iterator

_BEGIN = re.compile(r"-{4,5} ?BEGIN ([A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?) ?-{4,5}")
_END = re.compile(r"-{4,5} ?END [A-Z0-9 ]{0,40}PRIVATE KEY")
_NEXT = re.compile(r"-{4,5} ?BEGIN ")
_LABEL_CHARS = 64
_PREFIX_CHARS = 1024
"""From BEGIN to the body; a placeholder so near means that this key is hidden already."""
_LONGEST_KEY_CHARS = 65_536
"""Of text from BEGIN to END: the 100 lines of the longest keys in use with 500 characters each."""
_BODY = re.compile(r"[A-Za-z0-9+/=]{4,}")
_RUN = re.compile(r"[A-Za-z0-9+/=]{40,}")
_SHORT_RUN = re.compile(r"[A-Za-z0-9+/=]{12,}")
"""Also a body, where BEGIN and END are both there: the last line of a key is short."""
_LEAST_LAST_CHARS = 8
"""Of a body's last line behind a prefix; what is shorter tells nothing of the key."""
_TAIL = re.compile(r"[A-Za-z0-9+/=]+(?=(?:\\{1,7}[nr]|[\"'\\,}\s])*\Z)")
_LINE = re.compile(r"[^\n]*\n?")
_GAP_LINES = 3
"""Lines without a body within a key that lost its end; then it is over."""

HEADLESS = (
    # The first bytes of DER and of OpenSSH's format, where the line before was lost.
    Rule(
        kind="private_key",
        anchors=(
            "MII", "MIGHAgEAMB", "MIG2AgEAMB", "MHcCAQEE", "MIGkAgEBBD", "MC4CAQAwBQYDK2Vw",
            "b3BlbnNzaC1rZXktdjE",
        ),
        form=r"(?:MII[A-Za-z0-9+/]{3}IBA(?:DANBg|AK[BC])|MIGHAgEAMB|MIG2AgEAMB|MHcCAQEE|MIGkAgEBBD"
        r"|MC4CAQAwBQYDK2Vw|b3BlbnNzaC1rZXktdjE)[A-Za-z0-9+/]{20,}={0,2}",
        word=True,
    ),
)  # fmt: skip


def private_keys(subject: Subject, start: int) -> Iterator[Span]:
    """Yield the bodies of private keys, from a position on, line by line."""
    text, floor = subject.text, start
    begun, ended = False, start
    at = text.find("PRIVATE KEY", start)
    while at >= 0:
        low = max(at - _LABEL_CHARS, floor)
        begin = _BEGIN.search(text, low, at + _LABEL_CHARS)
        floor = at + 1
        if begin is not None:
            spans, stop = _body(subject, begin.start(), begin.end())
            yield from spans
            floor = max(stop, floor)
            begun = True
        elif (end := _END.search(text, low, at + _LABEL_CHARS)) is not None:
            if not begun:
                yield from _beginning_lost(text, ended, end.start())
            begun, ended = False, end.end()
        at = text.find("PRIVATE KEY", floor)


def _beginning_lost(text: str, floor: int, stop: int) -> list[Span]:
    """Return the parts of a body of which only the end was read, such as by a log's tail.

    `floor` is where the key before it ended: no text is looked at twice.
    """
    parts: list[tuple[int, int]] = []
    since, floor = stop, max(floor, stop - _LONGEST_KEY_CHARS)
    high = max(text.rfind("\n", floor, stop) + 1, floor)
    if _RUN.search(text, high, stop) is not None:
        # All of the key is on the line that END stands on.
        parts, since = _in_line(text, high, stop, _RUN), high
    while high > floor:
        low = max(text.rfind("\n", floor, high - 1) + 1, floor)
        is_last = not parts and _is_last_line(text[low:high])
        if is_last or _RUN.search(text, low, high) is not None:
            parts[:0] = _in_line(text, low, high, _RUN)
            since = low
        else:
            break
        high = low
    identity = "".join(text[low:high] for low, high in parts)
    return [
        Span(start=low, end=high, kind="private_key", since=since, identity=identity)
        for low, high in parts
    ]


def _body(subject: Subject, since: int, at: int) -> tuple[list[Span], int]:
    """Return the parts of one key's body and where it ends."""
    text = subject.text
    limit = min(at + _LONGEST_KEY_CHARS, len(text))
    following = _NEXT.search(text, at, limit)
    limit = limit if following is None else following.start()
    end = _END.search(text, at, limit)
    near = min(limit if end is None else end.start(), at + _PREFIX_CHARS)
    done = text.find(PLACEHOLDER_BEGINS[0], at, near)
    if done >= 0 and _RUN.search(text, at, done) is None:
        # Hidden already, by an earlier pass.
        subject.wholes.append((since, done))
        return [], done
    if end is not None:
        stop = end.start()
        parts = _whole(text, at, stop)
    else:
        parts = _cut_off(text, at, limit)
        stop = parts[-1][1] if parts else at
    subject.wholes.append((since, limit if end is None else stop))
    identity = "".join("".join(_RUN.findall(text[low:high])) for low, high in parts)
    if parts and not identity:
        identity = text[parts[0][0] : parts[0][1]]
    spans = [
        Span(start=low, end=high, kind="private_key", since=since, identity=identity)
        for low, high in parts
    ]
    return spans, max(stop, at)


def _whole(text: str, at: int, stop: int) -> list[tuple[int, int]]:
    """Return the body between BEGIN and END."""
    if "\n" not in text[at:stop]:
        return [(at, stop)] if _BODY.search(text, at, stop) else []
    parts: list[tuple[int, int]] = []
    for found in _LINE.finditer(text, at, stop):
        if found.end() == stop and not found.group().endswith("\n"):
            # The line END stands on: what is before it is mostly the prefix of a log line.
            whole = found.start() == at and _SHORT_RUN.search(found.group()) is not None
            runs = [run.span() for run in _RUN.finditer(text, found.start(), stop)]
            parts += [found.span()] if whole else runs
            continue
        parts += _in_line(text, found.start(), found.end(), _SHORT_RUN)
    return parts


def _cut_off(text: str, at: int, limit: int) -> list[tuple[int, int]]:
    parts: list[tuple[int, int]] = []
    gap = 0
    for found in _LINE.finditer(text, at, limit):
        if found.start() == found.end():
            break
        first = found.start() <= at + 2 and _BODY.fullmatch(found.group().strip()) is not None
        long = first or _RUN.search(found.group()) is not None
        gap = 0 if long else gap + 1
        if gap > _GAP_LINES:
            break
        if long or (parts and gap == 1 and _is_last_line(found.group())):
            parts += _in_line(text, found.start(), found.end(), _RUN)
    return parts


def _is_last_line(line: str) -> bool:
    """Tell whether a short line after the long ones is a body's last, behind whatever prefix."""
    if _TAIL.fullmatch(line.strip()):
        return True
    tail = _TAIL.search(line[-200:])
    run = tail.group() if tail is not None else ""
    mixed = all(re.search(kind, run) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    return len(run) >= _LEAST_LAST_CHARS and (mixed or run.endswith("="))


def _in_line(text: str, start: int, end: int, form: re.Pattern[str]) -> list[tuple[int, int]]:
    """Return where a line's part of the body is: its end, else every long run in it."""
    line = text[start:end]
    runs = [(start + run.start(), start + run.end()) for run in form.finditer(line)]
    tail = _TAIL.search(line[-200:])
    if tail is not None:
        low = end - len(line[-200:]) + tail.start()
        high = end - len(line[-200:]) + tail.end()
        runs = (
            [run for run in runs if run[1] <= low] + [(low, high)]
            if not runs or (runs[-1][1] < high)
            else runs
        )
    return runs
