"""Which of the candidate metrics a workload has: found by looking, and the look is evidence.

Nothing is concluded from a name alone: a candidate counts when it has series of the workload.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.evidence import EvidenceState, Grid, Window
from bot.tools.answer import Answer, table_text
from bot.tools.promql.discovery import SOURCE
from bot.tools.promql.reading import Reading
from bot.tools.promql.scoping import check_selector, readable_matcher
from bot.tools.promql.selectors import NAME, in_quotes, selector_text
from bot.triage.measures.meter import Look
from bot.triage.measures.subject import NAMESPACE
from safe_ops.model.request_metrics import Candidate, Failures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.registry import Access
    from bot.ports.metrics import MetricsReader
    from bot.triage.measures.meter import Meter
    from bot.triage.measures.subject import Subject
    from safe_ops.model.request_metrics import Want

# Enough to see which labels there are; more series of one workload have no others.
_LABEL_SETS = 300
_NAMES_LIMIT = 50_000
_LOOKS_BACK = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """A metric with series of the subject."""

    candidate: Candidate
    matchers: tuple[str, ...]
    failures: Failures | None
    """Which of its labels tells failures; None when it has none of those known."""

    @property
    def selector(self) -> str:
        """The subject's series."""
        return selector_text(self.candidate.metric, self.matchers)

    @property
    def failed(self) -> str:
        """The subject's series of failed requests; all of them where no label tells."""
        if self.failures is None:
            return self.selector
        wanted = f"{self.failures.label}=~{in_quotes(self.failures.pattern)}"
        return selector_text(self.candidate.metric, (*self.matchers, wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What looking for a metric came to."""

    look: Look
    chosen: Chosen | None


def choose(
    meter: Meter,
    subject: Subject,
    candidates: Sequence[Candidate],
    *,
    access: Access,
    at: datetime,
    words: str,
) -> Choice:
    """Return the first candidate that has series of the subject in the last hour."""
    found: list[Chosen] = []

    def read(reader: MetricsReader) -> Reading:
        window = Window(start=at - _LOOKS_BACK, end=at)
        visible = readable_matcher(access, reader.name)
        if visible is not None:
            equal = ((NAMESPACE, subject.namespace),)
            check_selector(f"{{{subject.matchers[0]}}}", equal, access, reader.name)
        names = set(
            reader.label_values(
                NAME,
                selector=f"{{{visible}}}" if visible else None,
                window=window,
                limit=_NAMES_LIMIT,
            )
        )
        rows: list[tuple[str, str, str]] = []
        for candidate in candidates:
            chosen, said = None, "there is no such metric"
            if candidate.metric in names:
                chosen, said = _tried(candidate, subject, reader, window, is_narrow=bool(visible))
            rows.append((candidate.metric, said, candidate.reason))
            if chosen is not None:
                found.append(chosen)
                break
        return Reading(answer=_answer(rows, is_found=bool(found)))

    look = meter.find(read, words=lambda: words, source=SOURCE)
    return Choice(look=look, chosen=found[0] if found else None)


def _answer(rows: list[tuple[str, str, str]], *, is_found: bool) -> Answer:
    grid = Grid(columns=("METRIC", "FOUND", "TRIED BECAUSE"), rows=tuple(rows))
    head = [] if is_found else ["no metric that counts this was found; that is not zero:"]
    return Answer(
        source=SOURCE,
        body="\n".join([*head, table_text(grid)]),
        state=EvidenceState.OK if is_found else EvidenceState.EMPTY,
        rows=len(rows) if is_found else 0,
        grid=grid,
    )


def _tried(
    candidate: Candidate,
    subject: Subject,
    reader: MetricsReader,
    window: Window,
    *,
    is_narrow: bool,
) -> tuple[Chosen | None, str]:
    """Return the metric as it is to be queried, and what was found in words."""
    ways = candidate.ways
    if subject.kind == NAMESPACE:
        ways = tuple(dict.fromkeys((way[0],) for way in ways if "{namespace}" in way[0].value))
    if is_narrow:
        # Whoever may read some namespaces only has to name one in the label itself.
        ways = tuple(way for way in ways if any(want.label == NAMESPACE for want in way))
        if not ways:
            return None, "its labels do not say which namespace the asker may read"
    for way in ways:
        matchers = tuple(_matcher(want, subject) for want in (*way, *candidate.fixed))
        selector = selector_text(candidate.metric, matchers)
        sets = reader.label_sets(selector, window=window, limit=_LABEL_SETS)
        if not sets.items:
            continue
        present = {label for labels in sets.items for label, _ in labels}
        failures = next((one for one in candidate.failures if one.label in present), None)
        if all(want.is_pattern for want in way):
            # A query needs one label with a plain value: the first that the pattern found.
            wanted = way[0].label
            value = min(dict(labels)[wanted] for labels in sets.items)
            matchers = (f"{wanted}={in_quotes(value)}", *matchers[1:])
        chosen = Chosen(candidate=candidate, matchers=matchers, failures=failures)
        count = f"{len(sets.items)}{'+' if sets.more else ''}"
        return chosen, f"{count} series of {chosen.selector}"
    return None, f"no series of {subject.name}"


def _matcher(want: Want, subject: Subject) -> str:
    def plain(text: str) -> str:
        return re.escape(text).replace(r"\-", "-") if want.is_pattern else text

    # Braces of regular expressions would be taken for fields by str.format.
    value = (
        want.value.replace("{namespace}", plain(subject.namespace))
        .replace("{name}", plain(subject.name))
        .replace("{pods}", subject.pods)
    )
    return f"{want.label}{'=~' if want.is_pattern else '='}{in_quotes(value)}"
