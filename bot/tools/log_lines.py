"""Log text taken apart into lines: each plain, without secrets, and with its time."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.secret_text import mask
from bot.domain.spans import moment
from bot.tools.plain_text import plain_counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Longer lines are bodies and dumps; their beginning says what they are.
MAX_LINE_CHARS = 2_000
# Lines around each one that --grep finds, as `grep -C` would show.
GREP_AROUND = 2

_TIMED = re.compile(r"(\d{4}-\d\d-\d\dT\S{8,30}) (.*)", re.DOTALL)
_SEVERE = re.compile(
    r"(?i)\b(?:error|err|fatal|panic|exception|critical|traceback|fail(?:ed|ure|ing)?|denied"
    r"|refused|killed|oom|unable|cannot|timed out|timeout|unavailable|no such|not found)\b"
)
_CONTINUES = re.compile(r"\s+\S|Caused by:|\.\.\. \d+ more|During handling of|goroutine \d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLine:
    """One line; `at` is None when the server gave no time for it."""

    text: str
    at: datetime | None = None
    rest: str = field(default="", repr=False)
    """What a long line has behind its cut, masked as well."""

    @property
    def whole(self) -> str:
        """The line without its cut, masked: for searching, too long to show."""
        return self.text[:MAX_LINE_CHARS] + self.rest if self.rest else self.text

    @property
    def is_severe(self) -> bool:
        """Whether its words tell of a failure."""
        return _SEVERE.search(self.text) is not None

    @property
    def continues(self) -> bool:
        """Whether it belongs to the line before it, as a stack trace's lines do."""
        return _CONTINUES.match(self.text) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogLines:
    """All lines of one container, oldest first."""

    lines: tuple[LogLine, ...]
    invisible: int
    """Control sequences removed and invisible characters escaped."""
    size_bytes: int


def log_lines(text: str) -> LogLines:
    """Return a log's lines; each is expected to start with the server's time stamp."""
    raw = text.split("\n")
    if raw and not raw[-1]:
        raw.pop()
    times: list[datetime | None] = []
    contents: list[str] = []
    for line in raw:
        timed = _TIMED.match(line)
        at = moment(timed[1]) if timed else None
        times.append(at)
        contents.append(timed[2] if timed and at else line)
    whole, invisible = plain_counted("\n".join(contents))
    # One pass over everything, because a key may go over many lines.
    shown = mask(whole).split("\n") if contents else []
    return LogLines(
        lines=tuple(
            LogLine(text=_short(content), at=at, rest=content[MAX_LINE_CHARS:])
            for content, at in zip(shown, times, strict=True)
        ),
        invisible=invisible,
        size_bytes=len(whole.encode()),
    )


def found_in(lines: Sequence[LogLine], texts: Iterable[str]) -> list[int]:
    """Return the places of the lines that contain one of the texts, case aside.

    Lines are masked by then: what is masked is found by nobody, so it cannot be guessed by
    searching for one beginning of it after another.
    """
    wanted = [text.casefold() for text in texts]
    return [
        place
        for place, line in enumerate(lines)
        if any(text in line.whole.casefold() for text in wanted)
    ]


def _short(line: str) -> str:
    if len(line) <= MAX_LINE_CHARS:
        return line
    return f"{line[:MAX_LINE_CHARS]} \u2026(+{len(line) - MAX_LINE_CHARS} characters)"
