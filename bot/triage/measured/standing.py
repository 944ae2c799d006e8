"""Whether alerts still stand: their rules' own conditions, evaluated again for their own labels.

That a condition does not hold is only said of one that was evaluated on data.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain.alert import Alert
from bot.domain.errors import ToolError
from bot.domain.evidence import EvidenceState
from bot.tools.promql.guard import checked
from bot.triage.measured.asking import minutes_since
from bot.triage.measured.batch import Question, Taken
from bot.triage.measures.condition import condition_of
from bot.triage.measures.evaluating import OF_OBJECTS, Evaluated, Holds, in_words, judged
from bot.triage.quoting import quoted
from bot.triage.scene import refs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.ports.metrics import Labels
    from bot.triage.language.book import Book
    from bot.triage.measures.meter import Look, Meter

MAX_CONDITIONS = 2
"""Rules of an incident that are evaluated again; of a storm the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What evaluating an alert's rule again says."""

    alert: Alert
    evaluated: Evaluated
    reads_objects: bool
    """True when the rule reads nothing but what kube-state-metrics says of objects."""

    @property
    def goes_on(self) -> bool:
        """Tell whether the condition holds now."""
        return self.evaluated.holds is Holds.YES

    @property
    def is_over(self) -> bool:
        """Tell whether it was evaluated on data and does not hold."""
        return self.evaluated.holds is Holds.NO

    @property
    def is_evaluated(self) -> bool:
        """Tell whether the server evaluated the condition, whatever came of it."""
        return self.evaluated.holds is not Holds.UNKNOWN

    @property
    def repeats_objects(self) -> bool:
        """Tell whether the cluster's own objects say what the rule would fire on."""
        return self.evaluated.is_mirrored or self.reads_objects

    @property
    def labels(self) -> tuple[str, ...]:
        """What a sentence about it cites."""
        return self.evaluated.look.labels

    def said(self, book: Book) -> str:
        """Return the sentence that says so, with its citation."""
        words = in_words(book, self.evaluated)
        return f"`{quoted(self.alert.name)}`: {words} {refs(self.labels)}"


def questions(alerts: Sequence[Alert], *, onset: datetime, at: datetime) -> list[Question]:
    """Return the questions that evaluate the rules of alerts again."""
    minutes = minutes_since(onset, at)
    queries = dict.fromkeys(_query(alert) for alert in alerts if alert.expression)
    return [_question(query, minutes) for query in list(queries)[:MAX_CONDITIONS]]


def standings(
    alerts: Sequence[Alert], taken: Mapping[str, Taken], *, onset: datetime, at: datetime
) -> tuple[Standing, ...]:
    """Return what is known of each alert whose rule was evaluated."""
    minutes = minutes_since(onset, at)
    found = []
    for alert in alerts:
        one = taken.get(_key(_query(alert))) if alert.expression else None
        if one is None or not one.looks:
            continue
        own = _own(one.look, alert)
        evaluated = judged(own, condition_of(alert.expression), at=at, minutes=minutes)
        of_objects = _reads_objects(_query(alert), at=at)
        found.append(Standing(alert=alert, evaluated=evaluated, reads_objects=of_objects))
    return tuple(found)


def _query(alert: Alert) -> str:
    return condition_of(alert.expression).query


def _reads_objects(query: str, *, at: datetime) -> bool:
    try:
        selectors = checked(query, now=at, ranged=True).selectors
    except ToolError:
        return False
    return bool(selectors) and all(one.text.startswith(OF_OBJECTS) for one in selectors)


def _key(query: str) -> str:
    return f"condition {query}"


def _question(query: str, minutes: int) -> Question:
    def ask(meter: Meter) -> Taken:
        look = meter.measure(query, minutes=minutes)
        # What the read policy does not let through was not asked, so nothing is missing of it.
        is_refused = look.state is EvidenceState.DENIED and look.reading is None
        return Taken(looks=() if is_refused else (look,))

    return Question(key=_key(query), words=query, ask=ask)


def _own(look: Look, alert: Alert) -> Look:
    """Return the answer with those series only that could be the alert's."""
    if look.reading is None:
        return look
    reading = replace(
        look.reading,
        series=tuple(one for one in look.reading.series if _agrees(one.labels, alert)),
        summaries=tuple(one for one in look.reading.summaries if _agrees(one.labels, alert)),
    )
    return replace(look, reading=reading)


def _agrees(labels: Labels, alert: Alert) -> bool:
    told = dict(alert.labels)
    if alert.scope.namespace:
        told.setdefault("namespace", alert.scope.namespace)
    return all(told.get(name, value) == value for name, value in labels)
