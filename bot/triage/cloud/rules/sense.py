"""What lines of a workload's log stand for, and since when, until when.

The log is foreign text: it may point at a cause of the closed list and be quoted, nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.domain.verdict import Cause
from bot.triage.cloud.blame import blame
from bot.triage.rules.last_words import Meaning, meaning_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.tools.log_lines import LogLine

# What was not seen for so long, with work going on, is over.
QUIET = timedelta(minutes=15)

TIMED_OUT = re.compile(r"Task timed out after (?P<seconds>\d+(?:\.\d+)?) seconds")
MEMORY = re.compile(
    r"Runtime\.OutOfMemory|signal: killed|\bMemoryError\b|heap out of memory|OutOfMemoryError"
    r"|cannot allocate memory",
    re.IGNORECASE,
)
_KEY_ERROR = re.compile(r"KeyError: '(?P<key>[^']{1,120})'")
# The last words of meaning_of fold case; a setting's name does not.
_SETTING = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*")
_REACH = frozenset({Cause.DNS, Cause.DEPENDENCY_DOWN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensed:
    """The newest line of one meaning, and how long and how often there were such lines."""

    meaning: Meaning
    line: str
    first: datetime | None
    last: datetime | None
    count: int


def sensed(lines: Sequence[LogLine], *causes: Cause) -> Sensed | None:
    """Return what most of the lines with one of these meanings say; None if none has one."""
    found: dict[tuple[Cause, str], list[tuple[Meaning, LogLine]]] = {}
    for line in lines:
        meaning = meaning_in(line.text)
        if meaning is not None and meaning.cause in causes:
            found.setdefault((meaning.cause, meaning.subject), []).append((meaning, line))
    if not found:
        return None
    # A line that names what it is about tells more than one that does not.
    told = max(found.values(), key=lambda group: (bool(group[0][0].subject), len(group)))
    times = [line.at for _, line in told if line.at is not None]
    meaning, newest = told[-1]
    return Sensed(
        meaning=meaning,
        line=newest.text.strip(),
        first=min(times, default=None),
        last=max(times, default=None),
        count=len(told),
    )


def meaning_in(text: str) -> Meaning | None:
    """Return what a line stands for; a use of nothing, or a missing key of a body, is a crash."""
    told = blame([text])
    if told is not None and told.is_null:
        return None
    key = _KEY_ERROR.search(text)
    if key is not None and not _SETTING.fullmatch(key["key"]):
        return None
    if TIMED_OUT.search(text) or MEMORY.search(text):
        return None
    return meaning_of(text)


def reaches(meaning: Meaning) -> bool:
    """Tell whether it is about something elsewhere."""
    return meaning.cause in _REACH


def matching(lines: Iterable[LogLine], pattern: re.Pattern[str]) -> list[LogLine]:
    """Return the lines a pattern is found in."""
    return [line for line in lines if pattern.search(line.text)]


def first_at(lines: Sequence[LogLine]) -> datetime | None:
    """Return the time of the oldest line that has one."""
    return min((line.at for line in lines if line.at is not None), default=None)


def last_at(lines: Sequence[LogLine]) -> datetime | None:
    """Return the time of the newest line that has one."""
    return max((line.at for line in lines if line.at is not None), default=None)
