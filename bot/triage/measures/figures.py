"""Measurements in sentences: now, mean, extremes, trend, the day and week before, what is missing.

Pure. A value that is not there is said to be missing; nothing is made of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.tools.promql.durations import HOUR_S, spelled
from bot.tools.promql.numbers import number, percent, stamp
from bot.tools.promql.units import BYTES, SECONDS
from bot.triage.quoting import quoted

if TYPE_CHECKING:
    from bot.tools.promql.render import Baseline
    from bot.tools.promql.summary import Summary
    from bot.triage.language.book import Book
    from bot.triage.measures.meter import Look

RATIO = "ratio"
_SIZES = ((2**40, "Ti"), (2**30, "Gi"), (2**20, "Mi"), (2**10, "Ki"))
_SUFFIXES = {SECONDS: " s", "cores": "", "/s": "/s", "milliseconds": " ms"}
_UNSEEN = {
    EvidenceState.DENIED: "measure_refused",
    EvidenceState.UNREACHABLE: "measure_unreachable",
    EvidenceState.EMPTY: "measure_empty",
}
MAX_CHANGES = 2
_THREE_DIGITS = 999.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """What a value is a value of."""

    phrase: str
    """Key of its name in the phrase book."""
    unit: str


def shown(value: float, unit: str) -> str:
    """Return a value as people say it: `128Mi`, `0.04 (4%)`, `0.12 s`."""
    if not math.isfinite(value):
        return number(value)
    if unit == BYTES:
        for size, name in _SIZES:
            if abs(value) >= size:
                # Three digits that count, as the evidence has them; 1023 of them are four.
                whole = value / size
                return f"{whole:.3g}{name}" if abs(whole) < _THREE_DIGITS else f"{whole:.0f}{name}"
        return number(value)
    if unit == RATIO:
        return f"{number(value)} ({value:.2%})"
    return f"{number(value)}{_SUFFIXES.get(unit, '')}"


def share(value: float, whole: float) -> str:
    """Return a value as a percentage of a whole that is not zero."""
    return f"{value / whole:.0%}"


def moment(at_s: float) -> str:
    """Return a whole time in UTC."""
    return stamp(datetime.fromtimestamp(at_s, tz=UTC))


def window(minutes: int) -> str:
    """Return a window's length, in hours as far as it has whole ones."""
    return f"{minutes // 60}h" if minutes * 60 % HOUR_S == 0 else spelled(minutes * 60)


def course(book: Book, look: Look, quantity: Quantity, *, name: str, minutes: int) -> list[str]:
    """Return the sentences on one line over a window, or why there are none.

    Args:
        book: The language.
        look: An answer whose first series is the line.
        quantity: What is measured.
        name: Whose it is; foreign text.
        minutes: The window's length.
    """
    what = book.say(quantity.phrase)
    found = look.reading.summaries if look.reading is not None else ()
    if not (look.has_numbers and found):
        return [unseen(book, look, what=what, name=name)]
    first = found[0]
    unit = quantity.unit
    said = [
        book.say(
            "measure",
            object=quoted(name),
            what=what,
            now=shown(first.last[1], unit),
            window=window(minutes),
            mean=shown(first.mean, unit),
            max=shown(first.highest[1], unit),
            at=moment(first.highest[0]),
            min=shown(first.lowest[1], unit),
            trend=book.say(f"trend_{first.trend.direction.value}"),
        )
    ]
    said += [
        book.say(
            "measure_changed",
            before=shown(change.before, unit),
            after=shown(change.after, unit),
            at=moment(change.at_s),
        )
        for change in first.changes[-MAX_CHANGES:]
    ]
    if look.reading is not None and look.reading.baselines:
        said.append(_compared(book, look.reading.baselines, first, unit))
    return [*said, *_holes(book, first)]


def unseen(book: Book, look: Look, *, what: str, name: str) -> str:
    """Return why there is no value: refused, no answer, no data, or nothing but NaN."""
    series = look.reading.series if look.reading is not None else ()
    if look.state is EvidenceState.EMPTY and series:
        return book.say("measure_no_number", object=quoted(name), what=what)
    phrase = _UNSEEN.get(look.state, "measure_empty")
    return book.say(phrase, object=quoted(name), what=what, reason=look.reason)


def value_of(look: Look) -> float | None:
    """Return the one number of an instant; None if there is none that is finite."""
    if look.reading is None or not look.has_numbers:
        return None
    values = [one.points[-1][1] for one in look.reading.series]
    return next((value for value in values if math.isfinite(value)), None)


def _compared(book: Book, baselines: tuple[Baseline, ...], first: Summary, unit: str) -> str:
    day, week = (_baseline(book, one, first, unit) for one in baselines)
    return book.say("measure_compared", day=day, week=week)


def _baseline(book: Book, baseline: Baseline, first: Summary, unit: str) -> str:
    if baseline.problem:
        return book.say("baseline_unread", reason=quoted(baseline.problem))
    base = baseline.means.get(first.labels)
    if base is None:
        return book.say("baseline_empty")
    difference = percent(first.mean, base).removeprefix("now ")
    if not difference.endswith("%"):
        return shown(base, unit)
    return f"{shown(base, unit)} ({difference})"


def _holes(book: Book, first: Summary) -> list[str]:
    said = []
    if first.begins_s is not None:
        said.append(book.say("measure_begins", at=moment(first.begins_s)))
    if first.ends_s is not None:
        said.append(book.say("measure_ends", at=moment(first.ends_s)))
    said += [
        book.say("measure_gap", start=moment(gap.start_s), end=moment(gap.end_s))
        for gap in first.gaps
    ]
    if first.not_a_number or first.infinite:
        count = str(first.not_a_number + first.infinite)
        said.append(book.say("measure_nan", count=count))
    return said
