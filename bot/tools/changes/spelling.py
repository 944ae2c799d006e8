"""How a look at changes is asked for: the time read, and the whole of it as evidence names it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.errors import ToolError
from bot.domain.evidence import Window
from bot.domain.spans import moment, span, stamp

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

_SHOWN_CHARS = 40


def onset_of(around: str | None, *, now: datetime) -> datetime:
    """Return the time meant, now if none is.

    Raises:
        ToolError: It is no time, or one that is still to come.
    """
    if around is None:
        return now
    at = moment(around.strip())
    if at is None:
        raise ToolError(
            f"around={around[:_SHOWN_CHARS]!r} is no time; write it like 2026-11-20T10:41:00Z"
        )
    if at > now:
        raise ToolError(f"around={stamp(at)} is still to come; it is {stamp(now)} now")
    return at


def window_of(onset: datetime, *, hours_before: int, hours_after: int, now: datetime) -> Window:
    """Return the time to look at, which ends now at the latest."""
    end = min(now, onset + timedelta(hours=hours_after))
    return Window(start=onset - timedelta(hours=hours_before), end=end)


def spelled(onset: datetime, window: Window, names: Sequence[str]) -> str:
    """Return the look in its one form: `what_changed web --around=… --before=6h --after=60m`."""
    before = span((onset - window.start).total_seconds())
    after = span((window.end - onset).total_seconds())
    times = (f"--around={stamp(onset)}", f"--before={before}", f"--after={after}")
    return " ".join(("what_changed", *names, *times))
