"""An alert rule's expression evaluated again: does its condition hold, since when, how far off.

No data is told apart from not holding: a rule whose series are gone never fires, whatever happens.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.tools.promql.reading import step_for
from bot.triage.measures.condition import Condition, Span, condition_of, spans
from bot.triage.measures.figures import moment, shown, window
from bot.triage.measures.meter import Look

if TYPE_CHECKING:
    from bot.ports.metrics import Rule
    from bot.triage.language.book import Book
    from bot.triage.measures.meter import Meter

BLIND = frozenset({EvidenceState.DENIED, EvidenceState.UNREACHABLE})
OF_OBJECTS = "kube_"
"""How kube-state-metrics begins its names: they repeat what the API server says, and those of
states that nothing is in, such as a container's waiting, have no series at all."""
_HELD_STEPS = 2
"""The newest evaluation may be this many steps old: scrapes and rule evaluations lag."""


class Holds(StrEnum):
    """What evaluating a rule's expression says of now."""

    YES = "yes"
    NO = "no"
    NOTHING = "no_data"
    """It reads series that do not exist, so it could not hold whatever happens."""
    UNKNOWN = "unknown"
    """It could not be evaluated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated:
    """A rule's expression over the window."""

    look: Look
    condition: Condition
    spans: tuple[Span, ...]
    holds: Holds
    at: datetime
    minutes: int
    is_mirrored: bool
    """True when it has no data, and the cluster's own objects say what that data would."""


def evaluate(meter: Meter, rule: Rule, *, at: datetime, minutes: int) -> Evaluated:
    """Return the rule's expression over a window that ends at a time."""
    condition = condition_of(rule.query)
    look = meter.measure(condition.query, minutes=minutes)
    return judged(look, condition, at=at, minutes=minutes)


def judged(look: Look, condition: Condition, *, at: datetime, minutes: int) -> Evaluated:
    """Return what an answer over a window that ends at a time says of the condition."""
    step_s = step_for(minutes * 60)
    series = look.reading.series if look.reading is not None else ()
    found = spans(condition, series, step_s=step_s)
    fresh_s = at.timestamp() - _HELD_STEPS * step_s
    absent = look.reading.absent if look.reading is not None else ()
    is_fresh = newest(look) >= fresh_s
    if look.state in BLIND:
        holds = Holds.UNKNOWN
    elif found and found[-1][1] >= fresh_s:
        holds = Holds.YES
    elif (condition.sign and not is_fresh) or (absent and not condition.sign):
        holds = Holds.NOTHING
    else:
        holds = Holds.NO
    is_mirrored = holds is Holds.NOTHING and bool(absent)
    return Evaluated(
        look=look,
        condition=condition,
        spans=found,
        holds=holds,
        at=at,
        minutes=minutes,
        is_mirrored=is_mirrored and all(one.startswith(OF_OBJECTS) for one in absent),
    )


def newest(look: Look) -> float:
    """Return when the newest finite value is of; minus infinity without one."""
    series = look.reading.series if look.reading is not None else ()
    return max(
        (at_s for one in series for at_s, value in one.points if math.isfinite(value)),
        default=-math.inf,
    )


def in_words(book: Book, evaluated: Evaluated) -> str:
    """Return whether the condition holds, since when, and how far off the value is."""
    look, length = evaluated.look, window(evaluated.minutes)
    match evaluated.holds:
        case Holds.UNKNOWN:
            phrase = "refused" if look.state is EvidenceState.DENIED else "unreachable"
            return book.say(f"condition_{phrase}", reason=look.reason)
        case Holds.NOTHING if evaluated.is_mirrored:
            return book.say("condition_mirrored")
        case Holds.NOTHING if look.has_numbers:
            return book.say("condition_stale", at=moment(newest(look)))
        case Holds.NOTHING:
            return book.say("condition_no_data", reason=look.reason)
        case Holds.NO:
            said = (
                book.say("condition_ended", at=moment(evaluated.spans[-1][1]))
                if evaluated.spans
                else book.say("condition_never", window=length)
            )
        case _:
            start_s = evaluated.spans[-1][0]
            began_s = evaluated.at.timestamp() - evaluated.minutes * 60
            is_longer = start_s - began_s <= step_for(evaluated.minutes * 60)
            phrase = "condition_holds_longer" if is_longer else "condition_holds"
            said = book.say(phrase, at=moment(start_s), window=length)
    return " ".join([said, *_value(book, evaluated)])


def _value(book: Book, evaluated: Evaluated) -> list[str]:
    """Return what the value is beside its threshold; the series nearest to it is the last told."""
    found = evaluated.look.reading
    condition = evaluated.condition
    if found is None or not condition.sign or not found.summaries:
        return []
    is_low = condition.sign.startswith("<")
    newest = max(one.last[0] for one in found.summaries)
    values = [one.last[1] for one in found.summaries if one.last[0] == newest]
    value = min(values) if is_low else max(values)
    return [
        book.say(
            "condition_value",
            value=shown(value, ""),
            sign=condition.sign,
            threshold=shown(condition.threshold, ""),
        )
    ]
