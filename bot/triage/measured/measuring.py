"""One incident's measurements from the first question to findings, beside the lists of objects.

Where the alerts name their workloads, the server is asked while the cluster is still being looked
at. Without metrics, and without anything to measure, nothing is asked and nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.tools.promql.tool import PromqlTool
from bot.triage.finding import Finding
from bot.triage.measured import asking, demand, disks, memory, processor
from bot.triage.measured.asking import Subjects
from bot.triage.measured.batch import BUDGET_S, Batch
from bot.triage.measured.sight import strain_of
from bot.triage.measured.standing import Standing, questions, standings
from bot.triage.measured.whose import claims_of, named_by, subjects_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.agent.session import Session
    from bot.domain.alert import Alert
    from bot.domain.conversation import Scope
    from bot.domain.registry import Access
    from bot.ports.clock import Clock
    from bot.ports.metrics import MetricsSources
    from bot.triage.estate import Estate
    from bot.triage.measured.batch import Question, Taken
    from bot.triage.measures.subject import Subject
    from bot.triage.objects import ObjectRef
    from bot.triage.scene import Scene


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What metrics tell of an incident."""

    findings: tuple[Finding, ...] = ()
    standings: tuple[Standing, ...] = ()


class Gauge:
    """Measures incidents."""

    def __init__(
        self, *, sources: MetricsSources, clock: Clock, budget_s: float = BUDGET_S
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._budget_s = budget_s

    def begin(
        self, alerts: Sequence[Alert], *, scope: Scope, access: Access, onset: datetime
    ) -> Measurement:
        """Return the measurement, under way as far as the alerts themselves say of what."""
        return Measurement(
            sources=self._sources,
            clock=self._clock,
            budget_s=self._budget_s,
            alerts=alerts,
            scope=scope,
            access=access,
            onset=onset,
        )


class Measurement:
    """One incident's questions, under way."""

    def __init__(
        self,
        *,
        sources: MetricsSources,
        clock: Clock,
        budget_s: float,
        alerts: Sequence[Alert],
        scope: Scope,
        access: Access,
        onset: datetime,
    ) -> None:
        self._sources = sources
        self._clock = clock
        self._budget_s = budget_s
        self._alerts = alerts
        self._scope = scope
        self._access = access
        self._onset = onset
        self._at = clock.now().replace(microsecond=0)
        self._tool = PromqlTool(sources=sources, scope=scope, access=access, clock=clock)
        cluster = _cluster(alerts, scope)
        self._cluster = cluster if cluster is not None and self._has_metrics(cluster) else None
        self._named: tuple[Subject, ...] = ()
        self._first: Batch | None = None
        if self._cluster is not None:
            self._named = named_by(alerts, cluster=self._cluster)
            rules = questions(alerts, onset=onset, at=self._at)
            strains = asking.strains(self._subjects(self._named)) if self._named else []
            self._first = self._batch(self._cluster, [*rules, *strains])

    def abandon(self) -> None:
        """Wait for nothing that is under way."""
        if self._first is not None:
            self._first.abandon()

    def finish(self, scene: Scene, targets: Sequence[ObjectRef], session: Session) -> Measured:
        """Return what metrics say of the targets and of the alerts, all of it in the ledger.

        Raises:
            CancelledByPersonError, LeaseLostError: As the session's `check` says.
        """
        subjects = subjects_of(scene.estates, targets)
        here = next((one for one in scene.estates if one.cluster == _of(subjects)), None)
        second: Batch | None = None
        if here is not None and self._has_metrics(here.cluster):
            second = self._batch(here.cluster, self._left(here, subjects))
        try:
            taken = dict(self._first.taken(session)) if self._first is not None else {}
            taken |= second.taken(session) if second is not None else {}
        finally:
            self.abandon()
            if second is not None:
                second.abandon()
        found = self._found(here, subjects, taken) if here is not None else ()
        told = standings(self._alerts, taken, onset=self._onset, at=self._at)
        return Measured(findings=found, standings=told)

    def _left(self, estate: Estate, subjects: tuple[Subject, ...]) -> list[Question]:
        """Return what could not be asked before the cluster was looked at."""
        asked: list[Question] = []
        wanted = self._subjects(subjects)
        if set(subjects) - set(self._named):
            asked += asking.strains(wanted)
        if claims := claims_of(estate, subjects):
            names = [one.name for one in claims]
            asked.append(asking.volumes(subjects[0].namespace, names, minutes=wanted.minutes))
        return asked

    def _found(
        self, estate: Estate, subjects: tuple[Subject, ...], taken: Mapping[str, Taken]
    ) -> tuple[Finding, ...]:
        found: list[Finding] = []
        at_s = self._at.timestamp()
        # Requests were asked of the one that came first when they were.
        first = self._named[0] if set(subjects) <= set(self._named) else subjects[0]
        for subject in subjects:
            strain = strain_of(subject, taken, at_s=at_s, is_first=subject == first)
            short = [*processor.find(estate, strain), *memory.find(estate, strain)]
            found += short
            found += demand.find(estate, strain, is_short=bool(short))
        if asking.VOLUMES in taken:
            claims = claims_of(estate, subjects)
            found += disks.find(estate, taken[asking.VOLUMES], claims, at_s=at_s)
        return tuple(found)

    def _subjects(self, subjects: tuple[Subject, ...]) -> Subjects:
        return Subjects(subjects=subjects, access=self._access, at=self._at, onset=self._onset)

    def _batch(self, cluster: str, asked: Sequence[Question]) -> Batch | None:
        if not asked:
            return None
        return Batch(
            self._tool,
            cluster=cluster,
            questions=asked,
            clock=self._clock,
            budget_s=self._budget_s,
        )

    def _has_metrics(self, cluster: str) -> bool:
        try:
            self._sources.reader(cluster)
        except KeyError:
            return False
        return bool(self._access.clusters((cluster,)))


def _cluster(alerts: Sequence[Alert], scope: Scope) -> str | None:
    """Return the one cluster all alerts are of; None when that is not known before a look."""
    if len(scope.clusters) == 1:
        return scope.clusters[0]
    told = {(alert.scope.cluster or "").casefold() for alert in alerts}
    known = [one for one in scope.clusters if {one.casefold()} == told]
    return known[0] if known else None


def _of(subjects: Sequence[Subject]) -> str | None:
    return subjects[0].cluster if subjects else None
