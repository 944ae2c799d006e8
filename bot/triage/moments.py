"""When a question means: yesterday, before 14:00, since 9; resolved to times in UTC.

Hours are UTC: who asks lives anywhere, and the answer names its times in full.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.domain.evidence import Window
from bot.triage.language.book import says, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.triage.language.book import Book

# `14:00`, `14h30`, `14 Uhr`, `2pm`; `14h` alone may be a length, which the word before it tells.
_CLOCK = re.compile(
    r"(?<![\w:.-])(?P<hour>[01]?\d|2[0-4])"
    r"(?:(?::|h)(?P<minute>[0-5]\d)(?:\s?h)?|\s?(?P<mark>uhr|h|heures?|horas?)\b)?"
    r"(?:\s?(?P<half>[ap])\.?m\b\.?)?(?![\w:])",
    re.IGNORECASE,
)
_HALF_DAY_H = 12
# Words that may stand between `before` and the time, as in "antes de las 14".
_REACH = 3
# Between a number and its unit these say a length from now back, not a time of day.
_LENGTHS = frozenset({"vor", "seit", "nach"})


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A stretch of time as a question gives it; every part may be missing."""

    day: int | None = None
    """Days back: 0 today, 1 yesterday."""
    before: time | None = None
    after: time | None = None
    is_asked: bool = False
    """True when the question wants to know the time itself."""

    @property
    def is_said(self) -> bool:
        """Tell whether it names a stretch at all."""
        return any(part is not None for part in (self.day, self.before, self.after))

    def window(self, now: datetime, *, usual: timedelta) -> Window:
        """Return the stretch in UTC, never beyond now.

        Times without a day are the latest that have been. Without a beginning it begins with the
        day that was named, or `usual` before its end.
        """
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        start_of_day = midnight - timedelta(days=self.day or 0)
        end = start_of_day + timedelta(days=1) if self.day else now
        if self.before is not None:
            end = self._latest(self.before, start_of_day, now)
        start = end - usual if self.day is None else start_of_day
        if self.after is not None:
            start = self._latest(self.after, start_of_day, end)
        return Window(start=min(start, now), end=min(end, now))

    def _latest(self, at: time, start_of_day: datetime, limit: datetime) -> datetime:
        found = start_of_day.replace(hour=at.hour, minute=at.minute)
        return found if self.day is not None or found <= limit else found - timedelta(days=1)


def when_meant(text: str, book: Book) -> When:
    """Return the stretch of time a question names in the book's language."""
    words = words_of(text)
    day = 1 if says(words, book.asks["yesterday"]) else None
    if day is None and says(words, book.asks["today"]):
        day = 0
    before = after = None
    for at, lead in _times(text):
        if before is None and says(lead, book.asks["before"]):
            before = at
        elif after is None and says(lead, book.asks["after"]):
            after = at
    return When(day=day, before=before, after=after, is_asked=says(words, book.asks["when"]))


def _times(text: str) -> Iterable[tuple[time, tuple[str, ...]]]:
    """Yield the times of day in a text, each with the few words before it."""
    for found in _CLOCK.finditer(text):
        lead = words_of(text[: found.start()])[-_REACH:]
        mark = (found["mark"] or "").casefold()
        is_marked = bool(found["minute"] or mark or found["half"])
        is_length = mark not in {"", "uhr"} and bool(_LENGTHS & set(lead))
        if not is_marked or is_length:
            continue
        hour = int(found["hour"]) % 24
        if found["half"]:
            hour = hour % _HALF_DAY_H + (_HALF_DAY_H if found["half"].casefold() == "p" else 0)
        yield time(hour=hour, minute=int(found["minute"] or 0)), lead
