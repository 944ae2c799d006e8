"""Triage of an incident: what rules can say of its alerts, from cluster and cloud, at once.

That nothing is failing does not mean that an alert is over: what rules did not measure they do not
call healthy. The first card and, without a model, the verdict are made of this.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from bot.domain.alert import Alert, AlertSource
from bot.domain.conversation import Scope
from bot.domain.evidence import Evidence
from bot.domain.registry import Access
from bot.domain.spans import stamp
from bot.domain.verdict import Cause, Status, Verdict
from bot.triage import absence, health, telling
from bot.triage.alert_targets import namespaces_of, targets_of, values_told
from bot.triage.judging import MAX_STEPS, Judge
from bot.triage.language.book import open_book
from bot.triage.measured.batch import BUDGET_S
from bot.triage.measured.joining import joined
from bot.triage.measured.measuring import Gauge
from bot.triage.measured.over import unless_active
from bot.triage.quoting import quoted
from bot.triage.ranking import rank, told_unasked
from bot.triage.rulebook import findings
from bot.triage.scene import Scene, refs
from bot.triage.surroundings import (
    Around,
    about,
    calls_in,
    changes_around,
    lines_of,
    triggers_in,
    with_changes,
)
from bot.triage.survey import Survey, read_names, readable_namespaces, survey
from bot.triage.topology.incidents import topology_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.agent.session import Session
    from bot.domain.change import Change
    from bot.ports.clock import Clock
    from bot.ports.cluster import Clusters
    from bot.ports.metrics import MetricsSources
    from bot.triage.cloud.inquiry import CloudTriage
    from bot.triage.finding import Finding
    from bot.triage.measured.measuring import Measured, Measurement
    from bot.triage.objects import ObjectRef

LANGUAGE = "en"
"""Alerts ask in no language."""
MAX_CLUSTERS = 5
MAX_CLOUD_ALERTS = 3
"""Alerts of an incident that are looked up in the cloud; of a storm the first."""
MAX_FINDINGS = 8
MAX_NAMED = 3
_BEST_FIRST = (Status.CONFIRMED, Status.LIKELY, Status.INCONCLUSIVE, Status.HEALTHY)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertBrief:
    """One incident for the rules."""

    alerts: tuple[Alert, ...]
    scope: Scope
    accounts: tuple[str, ...]
    access: Access
    onset: datetime
    """The earliest time an alert says it began, else when it came."""
    still_active: tuple[str, ...] = ()
    """Names of alerts that the server that evaluates them says are active now."""
    inactive: tuple[str, ...] = ()
    """Names of alerts whose rule it has, and which are not active now."""
    is_guess: bool = False
    """True when no alert names a cluster or account that is known: the scope is a guess."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What triage found."""

    verdict: Verdict
    """Its status is the rules' own; coverage and confidence are the caller's."""
    findings: tuple[str, ...] = ()
    """A line each, with labels, likeliest root first."""
    topology: tuple[str, ...] = ()
    changes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sight:
    """The clusters of an incident, as far as they could be seen."""

    surveys: tuple[Survey, ...]
    unread: tuple[Evidence, ...]
    asked: tuple[str, ...]
    """Clusters looked at, whether they answered or not."""
    also: tuple[str, ...] = ()
    """Namespaces looked at beside those of the alerts."""

    @property
    def namespaces(self) -> tuple[tuple[str | None, ...], ...]:
        """What was looked at of each cluster."""
        return tuple(one.namespaces for one in self.surveys)


class IncidentTriage:
    """Looks at what alerts are about."""

    def __init__(
        self,
        *,
        clusters: Clusters,
        metrics: MetricsSources,
        cloud: CloudTriage,
        clock: Clock,
        measure_s: float = BUDGET_S,
    ) -> None:
        """Look with these; `measure_s` is how long measurements may take, all of them together."""
        self._clusters = clusters
        self._cloud = cloud
        self._clock = clock
        self._judge = Judge(clusters=clusters, clock=clock)
        self._gauge = Gauge(sources=metrics, clock=clock, budget_s=measure_s)

    def look(self, brief: AlertBrief, session: Session) -> Looked:
        """Return what rules make of the incident; every sentence cites the ledger.

        Raises:
            CancelledByPersonError: Somebody stopped the run.
            LeaseLostError: Another worker has the run.
        """
        clouds = self._in_clouds(brief, session)
        changed: tuple[Change, ...] = ()
        if clouds and not _is_about_cluster(brief.alerts):
            looked = _of_cloud(clouds)
        else:
            looked, changed = self._in_clusters(brief, session)
            verdicts = (looked.verdict, *clouds)
            best = min(verdicts, key=lambda one: _BEST_FIRST.index(one.status))
            looked = replace(looked, verdict=best)
        calls = calls_in(session.ledger())
        near = (*changed, *about(calls, looked.verdict.object))
        return replace(
            looked,
            verdict=with_changes(looked.verdict, near, onset=brief.onset),
            changes=lines_of((*changed, *calls, *triggers_in(clouds)), onset=brief.onset),
        )

    def _in_clouds(self, brief: AlertBrief, session: Session) -> list[Verdict]:
        found = []
        for alert in brief.alerts[:MAX_CLOUD_ALERTS]:
            verdict = self._cloud.investigate(alert, access=brief.access, session=session)
            if verdict is not None:
                found.append(verdict)
        return found

    def _in_clusters(
        self, brief: AlertBrief, session: Session
    ) -> tuple[Looked, tuple[Change, ...]]:
        measurement = self._gauge.begin(
            brief.alerts, scope=brief.scope, access=brief.access, onset=brief.onset
        )
        try:
            return self._looked(brief, measurement, session)
        finally:
            measurement.abandon()

    def _looked(
        self, brief: AlertBrief, measurement: Measurement, session: Session
    ) -> tuple[Looked, tuple[Change, ...]]:
        book = open_book(LANGUAGE)
        sight = self._see(brief, session)
        if not sight.surveys:
            if sight.unread:
                blind = absence.blind(book, clusters=sight.asked, unread=sight.unread)
                return Looked(verdict=blind), ()
            return Looked(verdict=_nothing_readable(brief)), ()
        scene = Scene(book=book, surveys=sight.surveys, unread=sight.unread)
        targets = targets_of(brief.alerts, scene.estates)
        measured = measurement.finish(scene, targets, session)
        found = _found(scene, measured)
        own = self._own(scene, targets, found, session)
        for _ in range(MAX_STEPS):
            elsewhere = _needed_elsewhere(own, scene)
            if not elsewhere:
                break
            farther = self._see(brief, session, also=(*sight.also, *elsewhere))
            if farther.namespaces == sight.namespaces:
                break
            sight = farther
            scene = Scene(book=book, surveys=sight.surveys, unread=sight.unread)
            found = _found(scene, measured)
            own = self._own(scene, targets, found, session)
        if own:
            verdict = telling.faults(scene, [*own, *_nearby(own, found)])
        else:
            verdict = self._without_own(
                scene, targets, found, brief=brief, measured=measured, session=session
            )
        looked = Looked(
            verdict=verdict,
            findings=tuple(
                f"{one.state.value}: {one.statement} {refs(one.evidence)}"
                for one in verdict.hypotheses[:MAX_FINDINGS]
            ),
            topology=topology_of(scene.estates, targets, own),
        )
        around = Around(onset=brief.onset, access=brief.access, session=session, clock=self._clock)
        objects = (*targets, *(one.object for one in (own or found)[:2]))
        return looked, changes_around(self._clusters, sight.surveys, objects, around)

    def _own(
        self,
        scene: Scene,
        targets: tuple[ObjectRef, ...],
        found: list[Finding],
        session: Session,
    ) -> list[Finding]:
        """Return the faults of what the alerts are about, with what they follow from."""
        own = self._judge.own(scene, targets, found)
        return self._judge.deepened(scene, own, found, session) if own else []

    def _see(self, brief: AlertBrief, session: Session, *, also: tuple[str, ...] = ()) -> _Sight:
        surveys: list[Survey] = []
        unread: list[Evidence] = []
        asked = brief.scope.clusters[:MAX_CLUSTERS]
        wanted = namespaces_of(brief.alerts) or tuple(filter(None, (brief.scope.namespace,)))
        told = () if wanted else values_told(brief.alerts)
        for cluster in asked:
            reader = self._clusters.reader(cluster)
            names = read_names(reader, brief.access, session=session, clock=self._clock)
            if names.is_silent:
                unread += [names.evidence] if names.evidence is not None else []
                continue
            there = [name for name in wanted if name in names.known or not names.are_known]
            there = there or [name for name in told if name in names.known]
            if wanted and not there:
                continue
            there += [name for name in also if name in names.known and there]
            listed = readable_namespaces(names, brief.access, there, cluster=cluster)
            if not listed:
                continue
            seen = survey(
                reader,
                namespaces=listed,
                nodes=brief.access.may_read(cluster, None),
                believed=not names.are_known,
                session=session,
                clock=self._clock,
            )
            if seen.is_blind:
                unread += seen.gaps
            else:
                surveys.append(seen)
        return _Sight(surveys=tuple(surveys), unread=tuple(unread), asked=asked, also=also)

    def _without_own(
        self,
        scene: Scene,
        targets: tuple[ObjectRef, ...],
        found: list[Finding],
        *,
        brief: AlertBrief,
        measured: Measured,
        session: Session,
    ) -> Verdict:
        """Return the verdict where no fault is one of what the alerts are about."""
        others = told_unasked(found)
        if targets:
            well = health.no_fault(scene, targets)
            nearby = telling.named(one.object for one in others)
            return unless_active(well, brief, measured.standings, scene.book, others=nearby)
        if others:
            told = telling.faults(scene, self._judge.with_logs(scene, others, session))
            return _not_surely_its(told, brief) if _names_objects(brief.alerts) else told
        well = health.nothing_failing(scene)
        absent = _objects_named(brief.alerts)
        return unless_active(well, brief, measured.standings, scene.book, others="", absent=absent)


def _nearby(own: Sequence[Finding], found: Sequence[Finding]) -> list[Finding]:
    """Return what is failing beside objects that show nothing but symptoms: it may be the cause."""
    if any(not one.symptom for one in own):
        return []
    seen = {one.object for one in own}
    return [one for one in told_unasked(found) if one.object not in seen and not one.symptom]


def _found(scene: Scene, measured: Measured) -> list[Finding]:
    """Return what objects and measurements say is wrong, likeliest root first."""
    of_objects = [entry for estate in scene.estates for entry in findings(estate)]
    return rank(joined(of_objects, measured.findings))


def _needed_elsewhere(found: Sequence[Finding], scene: Scene) -> tuple[str, ...]:
    """Return namespaces that were not looked at, and that faults say they need something of."""
    seen = {name for one in scene.surveys for name in one.namespaces}
    if None in seen:
        return ()
    named = [one.needs.split(".")[1:2] for one in found if one.needs]
    return tuple(dict.fromkeys(name for parts in named for name in parts if name not in seen))


def _is_about_cluster(alerts: Sequence[Alert]) -> bool:
    """Tell whether an alert of the incident names a place in a cluster."""
    return any(alert.scope.cluster or alert.scope.namespace for alert in alerts)


def _names_objects(alerts: Sequence[Alert]) -> bool:
    return any(alert.scope.objects for alert in alerts)


def _of_cloud(verdicts: list[Verdict]) -> Looked:
    best = min(verdicts, key=lambda one: _BEST_FIRST.index(one.status))
    return Looked(
        verdict=best,
        findings=tuple(
            f"{one.state.value}: {one.statement} {refs(one.evidence)}"
            for one in best.hypotheses[:MAX_FINDINGS]
        ),
    )


def _objects_named(alerts: Sequence[Alert]) -> str:
    names = dict.fromkeys(
        one.name for alert in alerts for one in alert.scope.objects if one.kind != "container"
    )
    return ", ".join(f"`{quoted(name)}`" for name in list(names)[:MAX_NAMED])


def _not_surely_its(verdict: Verdict, brief: AlertBrief) -> Verdict:
    """Return a verdict on other objects than the alert's, which may have nothing to do with it.

    A rule names its objects exactly: what is near them is a hint. People do not.
    """
    by_person = all(alert.source is AlertSource.PERSON for alert in brief.alerts)
    status = Status.LIKELY if by_person else Status.INCONCLUSIVE
    if _BEST_FIRST.index(verdict.status) >= _BEST_FIRST.index(status):
        return verdict
    return replace(
        verdict,
        status=status,
        caveats=(*verdict.caveats, "It is near the alert's objects, but none of them."),
    )


def _nothing_readable(brief: AlertBrief) -> Verdict:
    named = ", ".join(namespaces_of(brief.alerts)) or "what the alert names"
    return Verdict(
        status=Status.INCONCLUSIVE,
        summary=f"Nothing of {named} could be looked at since {stamp(brief.onset)}: no cluster or"
        " account that may be read here has it.",
        cause=Cause.UNKNOWN,
        next_checks=("nightdesk doctor", "kubectl get namespaces"),
    )
