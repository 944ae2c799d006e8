"""How many requests something gets, how many fail, how long they take, and by which metric."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState
from bot.domain.registry import Access
from bot.tools.promql.durations import spelled
from bot.tools.promql.reading import step_for
from bot.tools.promql.units import SECONDS
from bot.triage.language.book import Book
from bot.triage.measures.candidates import DURATIONS
from bot.triage.measures.choosing import choose
from bot.triage.measures.figures import RATIO, Quantity, course, shown, unseen, value_of
from bot.triage.measures.meter import Meter
from bot.triage.measures.subject import Subject
from bot.triage.measures.usage import RATE_S, Told
from bot.triage.quoting import quoted
from bot.triage.scene import refs
from safe_ops.model.request_metrics import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.triage.measures.choosing import Choice, Chosen
    from bot.triage.measures.meter import Look
    from safe_ops.model.request_metrics import Candidate

ERRORS, LATENCY, TRAFFIC = "error_rate", "latency", "traffic"
_TRAFFIC = Quantity(phrase="what_traffic", unit="/s")
_ERRORS = Quantity(phrase="what_errors", unit=RATIO)
# Nineteen of twenty requests are at least as fast; the median beside it tells a slow tail from
# a service that is slow as a whole.
_QUANTILE, _MEDIAN = 0.95, 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question about requests."""

    book: Book
    meter: Meter
    subject: Subject
    access: Access
    at: datetime
    minutes: int

    @property
    def range(self) -> str:
        """The range of each rate: no step of the window goes unseen."""
        return spelled(max(RATE_S, step_for(self.minutes * 60)))


def requests(asked: Asked, kinds: Sequence[str]) -> Told:
    """Return what was asked of a subject's requests, each part with the metric it was read from."""
    lines: list[str] = []
    looks: list[Look] = []
    if counted := [kind for kind in (TRAFFIC, ERRORS) if kind in kinds]:
        choice = _choice(asked, REQUESTS, "requests")
        looks.append(choice.look)
        lines.append(_source(asked, choice, "what_requests"))
        if choice.chosen is not None:
            told = _counted(asked, choice.chosen, counted, choice.look)
            lines += told.lines
            looks += told.looks
    if LATENCY in kinds:
        choice = _choice(asked, DURATIONS, "durations")
        looks.append(choice.look)
        lines.append(_source(asked, choice, "what_latency"))
        if choice.chosen is not None:
            told = _timed(asked, choice.chosen)
            lines += told.lines
            looks += told.looks
    return Told(lines=tuple(lines), looks=tuple(looks))


def _choice(asked: Asked, candidates: Sequence[Candidate], words: str) -> Choice:
    name = asked.subject.name
    return choose(
        asked.meter,
        asked.subject,
        candidates,
        access=asked.access,
        at=asked.at,
        words=f"{words} of {name}",
    )


def _source(asked: Asked, choice: Choice, phrase: str) -> str:
    """Return which metric is used, or that there is none, which says nothing about its value."""
    book, look = asked.book, choice.look
    name = quoted(asked.subject.name)
    if choice.chosen is not None:
        said = book.say("measured_by", object=name, selector=quoted(choice.chosen.selector))
    elif look.state is EvidenceState.EMPTY:
        metrics = [one.metric for one in (REQUESTS if phrase == "what_requests" else DURATIONS)]
        said = book.say("no_metric", object=name, what=book.say(phrase), tried=", ".join(metrics))
    else:
        said = unseen(book, look, what=book.say(phrase), name=asked.subject.name)
    return f"{said} {refs(look.labels)}"


def _counted(asked: Asked, chosen: Chosen, kinds: Sequence[str], source: Look) -> Told:
    looks: list[Look] = []
    rate = f"sum(rate({chosen.selector}[{asked.range}]))"
    # Without its traffic, an error ratio of nothing at all could not be told from a good one.
    traffic = asked.meter.measure(rate, minutes=asked.minutes, compare=TRAFFIC in kinds)
    lines = [_line(asked, traffic, _TRAFFIC)]
    looks.append(traffic)
    if ERRORS in kinds:
        told = _failing(asked, chosen, rate, source)
        lines += told.lines
        looks += told.looks
    lines += _resets(asked, chosen, looks)
    return Told(lines=tuple(lines), looks=tuple(looks))


def _failing(asked: Asked, chosen: Chosen, rate: str, source: Look) -> Told:
    book, name = asked.book, asked.subject.name
    if chosen.failures is None:
        tried = ", ".join(one.label for one in chosen.candidate.failures)
        said = book.say("no_failure_label", metric=chosen.candidate.metric, tried=tried)
        return Told(lines=(f"{said} {refs(source.labels)}",), looks=())
    failed = f"sum(rate({chosen.failed}[{asked.range}]))"
    look = asked.meter.measure(f"{failed} / {rate}", minutes=asked.minutes, compare=True)
    absent = look.reading.absent if look.reading is not None else ()
    if look.state is EvidenceState.EMPTY and absent == (chosen.failed,):
        # A counter's series begins with the first request of its kind.
        said = book.say("no_failures", object=quoted(name), selector=quoted(chosen.failed))
        return Told(lines=(f"{said} {refs(look.labels)}",), looks=(look,))
    return Told(lines=(_line(asked, look, _ERRORS),), looks=(look,))


def _timed(asked: Asked, chosen: Chosen) -> Told:
    inner = f"sum by (le) (rate({chosen.selector}[{asked.range}]))"
    slow = asked.meter.measure(
        f"histogram_quantile({_QUANTILE}, {inner})", minutes=asked.minutes, compare=True
    )
    unit = "milliseconds" if chosen.candidate.unit == "milliseconds" else SECONDS
    lines = [_line(asked, slow, Quantity(phrase="what_p95", unit=unit))]
    looks = [slow]
    if slow.has_numbers:
        middle = asked.meter.measure(f"histogram_quantile({_MEDIAN}, {inner})")
        looks.append(middle)
        if (value := value_of(middle)) is not None:
            said = asked.book.say("median", value=shown(value, unit))
            lines.append(f"{said} {refs(middle.labels)}")
    return Told(lines=tuple(lines), looks=tuple(looks))


def _resets(asked: Asked, chosen: Chosen, looks: list[Look]) -> list[str]:
    """Return that counters began anew, where they did: rates allow for it, totals do not."""
    length = spelled(asked.minutes * 60)
    look = asked.meter.measure(f"sum(resets({chosen.selector}[{length}]))")
    count = value_of(look)
    if not count:
        return []
    looks.append(look)
    said = asked.book.say("counters_reset", count=f"{count:.0f}")
    return [f"{said} {refs(look.labels)}"]


def _line(asked: Asked, look: Look, quantity: Quantity) -> str:
    sentences = course(asked.book, look, quantity, name=asked.subject.name, minutes=asked.minutes)
    return f"{' '.join(sentences)} {refs(look.labels)}"
