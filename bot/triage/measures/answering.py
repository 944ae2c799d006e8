"""Questions about measurements from the looked-at cluster to the verdict.

Whose measurements are meant was found out before; which cluster has a metrics server is seen here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.agent.session import Session
from bot.domain.evidence import EvidenceState
from bot.domain.verdict import Cause, Status, Verdict
from bot.tools.promql.rules import MAX_SPAN_S
from bot.tools.promql.tool import PromqlTool
from bot.triage.brief import TriageBrief
from bot.triage.intent import Intent, Wish
from bot.triage.language.book import Book, open_book
from bot.triage.measures import requests as counting
from bot.triage.measures import usage as using
from bot.triage.measures.alarm import read_rules
from bot.triage.measures.alarming import DEFAULT_MINUTES, AlarmAsked, alarm_verdict
from bot.triage.measures.figures import window
from bot.triage.measures.meter import Meter
from bot.triage.measures.subject import NODE
from bot.triage.quoting import plain_line, quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.ports.clock import Clock
    from bot.tools.promql.pacing import PacedMetrics
    from bot.triage.measures.alarm import Rules
    from bot.triage.measures.subject import Subject
    from bot.triage.measures.usage import Told
    from bot.triage.objects import ObjectRef
    from bot.triage.scene import Scene

# Each takes about ten queries, and a person has sixty a minute.
MAX_SUBJECTS = 3
USUAL_MINUTES = 3 * 60
MAX_MINUTES = MAX_SPAN_S // 60

_BLIND = frozenset({EvidenceState.DENIED, EvidenceState.UNREACHABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """One question about measurements."""

    intent: Intent
    brief: TriageBrief
    session: Session

    @property
    def book(self) -> Book:
        """The asker's language."""
        return open_book(self.intent.language)

    def minutes(self, usual: int) -> int:
        """Return the window it asks for, as far as one query may look back."""
        hours = self.intent.hours
        return usual if hours is None else min(hours * 60, MAX_MINUTES)

    @property
    def is_capped(self) -> bool:
        """Tell whether it asks for more than one query may look back."""
        return self.intent.hours is not None and self.intent.hours * 60 > MAX_MINUTES


class Measures:
    """Answers questions about measurements by rules."""

    def __init__(self, *, metrics: PacedMetrics, clock: Clock) -> None:
        self._metrics = metrics
        self._clock = clock

    def of_subjects(self, asked: Measuring, subjects: Sequence[Subject]) -> Verdict:
        """Return what was asked of the subjects: their usage, or their requests.

        Without any, it says that the question names none.

        Raises:
            CancelledByPersonError, LeaseLostError: As the session's `check` says.
        """
        told: list[Told] = []
        lines: list[str] = [] if subjects else [asked.book.say("measure_whose")]
        for subject in subjects[:MAX_SUBJECTS]:
            meter = self.meter(asked, subject.cluster)
            if meter is None:
                lines.append(asked.book.say("no_server", cluster=subject.cluster))
                continue
            one = self._one(asked, meter, subject)
            told.append(one)
            lines += one.lines
        if left := [quoted(one.name) for one in subjects[MAX_SUBJECTS:]]:
            lines.append(asked.book.say("not_measured", objects=", ".join(left)))
        if asked.is_capped:
            lines.append(asked.book.say("window_capped", window=window(MAX_MINUTES)))
        return _verdict(lines, told, subjects)

    def alarm(
        self,
        asked: Measuring,
        *,
        scene: Scene | None,
        targets: tuple[ObjectRef, ...],
        judged: Callable[[tuple[ObjectRef, ...]], Verdict],
    ) -> Verdict:
        """Return whether the alarm that the question names is real.

        Args:
            asked: The question.
            scene: The clusters as they were seen; None if none could be.
            targets: Objects it names.
            judged: What the rules say of objects; of everything looked at, without any.

        Raises:
            CancelledByPersonError, LeaseLostError: As the session's `check` says.
        """
        found = self._ruled(asked)
        if found is None:
            clusters = ", ".join(asked.brief.scope.clusters)
            return _verdict([asked.book.say("no_server", cluster=clusters)], (), ())
        meter, rules = found
        return alarm_verdict(
            AlarmAsked(
                book=asked.book,
                meter=meter,
                words=asked.intent.names,
                access=asked.brief.access,
                at=self._clock.now().replace(microsecond=0),
                minutes=asked.minutes(DEFAULT_MINUTES),
                scene=scene,
                judged=judged,
                targets=targets,
            ),
            rules,
        )

    def _ruled(self, asked: Measuring) -> tuple[Meter, Rules] | None:
        """Return the cluster whose rules know the alarm, one where it is active before others."""
        brief = asked.brief
        texts = tuple(text for text in (brief.text, brief.subject) if text)
        at = self._clock.now().replace(microsecond=0)
        known: list[tuple[Meter, Rules]] = []
        for cluster in brief.access.clusters(brief.scope.clusters):
            meter = self.meter(asked, cluster)
            if meter is not None:
                known.append((meter, read_rules(meter, texts, access=brief.access, at=at)))
        active = [pair for pair in known if pair[1].named is not None and pair[1].named.active]
        named = [pair for pair in known if pair[1].named is not None]
        return next(iter((*active, *named, *known)), None)

    def _one(self, asked: Measuring, meter: Meter, subject: Subject) -> Told:
        measures = asked.intent.measures
        minutes = asked.minutes(USUAL_MINUTES)
        if asked.intent.wish is Wish.USAGE:
            wanted = [name for name in (using.CPU, using.MEMORY) if name in measures]
            resources = wanted or [using.CPU, using.MEMORY]
            return using.usage(asked.book, meter, subject, resources=resources, minutes=minutes)
        if subject.kind == NODE:
            said = asked.book.say("no_requests_of_node", object=quoted(subject.name))
            return using.Told(lines=(said,), looks=())
        return counting.requests(
            counting.Asked(
                book=asked.book,
                meter=meter,
                subject=subject,
                access=asked.brief.access,
                at=self._clock.now().replace(microsecond=0),
                minutes=minutes,
            ),
            measures,
        )

    def meter(self, asked: Measuring, cluster: str) -> Meter | None:
        """Return what measures a cluster; None when the registry has no server for it."""
        sources = self._metrics.of(asked.brief.person)
        try:
            sources.reader(cluster)
        except KeyError:
            return None
        tool = PromqlTool(
            sources=sources,
            scope=asked.brief.scope,
            access=asked.brief.access,
            clock=self._clock,
        )
        return Meter(tool, cluster=cluster, session=asked.session, clock=self._clock)


def _verdict(lines: Sequence[str], told: Sequence[Told], subjects: Sequence[Subject]) -> Verdict:
    looks = [look for one in told for look in one.looks]
    labels = tuple(dict.fromkeys(label for look in looks for label in look.labels))
    is_measured = any(one.is_measured for one in told)
    is_whole = is_measured and not any(look.state in _BLIND for look in looks)
    status = Status.CONFIRMED if is_whole else Status.LIKELY
    namespace = next((one.namespace for one in subjects if one.namespace), "")
    where = f"-n {namespace}" if namespace else "-A"
    return Verdict(
        status=status if is_measured else Status.INCONCLUSIVE,
        summary="\n".join(lines),
        object=subjects[0].ref if len(subjects) == 1 else None,
        cause=Cause.NONE if is_measured else Cause.UNKNOWN,
        evidence=labels,
        next_checks=()
        if is_measured
        else tuple(plain_line(one) for one in (f"kubectl top pods {where}", "nightdesk doctor")),
    )
