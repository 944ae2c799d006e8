"""Answers the common questions by rules: the whole answer when no model is there to give one."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.triage import absence, changes, health, telling
from bot.triage.intent import Wish, understand
from bot.triage.judging import Judge
from bot.triage.language.book import open_book
from bot.triage.measures.answering import Measures, Measuring
from bot.triage.measures.subject import namespace_subject, subject_of
from bot.triage.places import (
    Wanted,
    names_in,
    namespaces_meant,
    objects_meant,
    unknown_names,
)
from bot.triage.ranking import rank, told_unasked
from bot.triage.rulebook import findings
from bot.triage.scene import Scene
from bot.triage.survey import Names, Survey, read_names, readable_namespaces, survey
from bot.triage.topology import answering

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.agent.session import Session
    from bot.domain.verdict import Verdict
    from bot.ports.clock import Clock
    from bot.ports.cluster import Clusters
    from bot.tools.promql.pacing import PacedMetrics
    from bot.triage.brief import TriageBrief
    from bot.triage.cloud.inquiry import CloudTriage
    from bot.triage.finding import Finding
    from bot.triage.intent import Intent
    from bot.triage.objects import ObjectRef

# A question that names more clusters than this is about the first of them.
MAX_CLUSTERS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One cluster, as far as the question let it be looked at."""

    cluster: str
    names: Names
    wanted: Wanted = field(default_factory=Wanted)
    survey: Survey | None = None


class RuleAnswerer:
    """Answers from facts and rules; needs no model, costs nothing."""

    def __init__(
        self,
        *,
        clusters: Clusters,
        metrics: PacedMetrics,
        clock: Clock,
        cloud: CloudTriage | None = None,
    ) -> None:
        self._clusters = clusters
        self._cloud = cloud
        self._clock = clock
        self._measures = Measures(metrics=metrics, clock=clock)
        self._judge_of = Judge(clusters=clusters, clock=clock)

    def answer(self, brief: TriageBrief, session: Session) -> Verdict:
        """Return a verdict whose every sentence cites the ledger; coverage is the caller's.

        Raises:
            CancelledByPersonError: Somebody stopped the run.
            LeaseLostError: Another worker has the run.
        """
        told = self._cloud.answer(brief, session) if self._cloud is not None else None
        if told is not None:
            return told
        intent = understand(brief.text)
        book = open_book(intent.language)
        if intent.wish is Wish.UNCLEAR and not (intent.names or intent.near):
            return absence.cannot(book)
        looks = [
            self._look(cluster, intent, brief, session)
            for cluster in brief.scope.clusters[:MAX_CLUSTERS]
        ]
        surveys = [look.survey for look in looks if look.survey is not None]
        seen = tuple(one for one in surveys if not one.is_blind)
        unread = [one for look in looks if look.names.is_silent and (one := look.names.evidence)]
        unread += [gap for one in surveys if one.is_blind for gap in one.gaps]
        if seen:
            scene = Scene(book=book, surveys=seen, unread=tuple(unread))
            return self._judge(scene, intent, brief, looks, session)
        if intent.wish is Wish.ALARM:
            asked = Measuring(intent=intent, brief=brief, session=session)
            return self._alarm(None, asked, ())
        if unread:
            return absence.blind(book, clusters=[look.cluster for look in looks], unread=unread)
        absent = [name for look in looks for name in look.wanted.absent]
        if absent:
            known = [name for look in looks for name in look.names.known]
            return absence.no_namespace(
                book,
                absent[0],
                clusters=[look.cluster for look in looks],
                known=known,
                cited=_labels(looks),
            )
        return absence.refused(book, brief, [look.wanted.namespaces for look in looks])

    def _look(self, cluster: str, intent: Intent, brief: TriageBrief, session: Session) -> _Look:
        reader = self._clusters.reader(cluster)
        names = read_names(reader, brief.access, session=session, clock=self._clock)
        if names.is_silent:
            return _Look(cluster=cluster, names=names)
        wanted = namespaces_meant(
            intent, names.known, default=brief.scope.namespace, complete=names.are_known
        )
        refused = [name for name in wanted.absent if not brief.access.may_read(cluster, name)]
        if wanted.absent and not wanted.namespaces:
            # What may not be read is not said to be missing.
            told = Wanted(namespaces=tuple(refused)) if refused else wanted
            return _Look(cluster=cluster, names=names, wanted=told)
        listed = readable_namespaces(names, brief.access, wanted.namespaces, cluster=cluster)
        if not listed:
            return _Look(cluster=cluster, names=names, wanted=wanted)
        seen = survey(
            reader,
            namespaces=listed,
            nodes=brief.access.may_read(cluster, None),
            believed=not names.are_known,
            session=session,
            clock=self._clock,
        )
        return _Look(cluster=cluster, names=names, wanted=wanted, survey=seen)

    def _judge(
        self,
        scene: Scene,
        intent: Intent,
        brief: TriageBrief,
        looks: Sequence[_Look],
        session: Session,
    ) -> Verdict:
        namespaces = [name for look in looks for name in look.wanted.namespaces]
        targets = objects_meant(intent, scene.estates, not_these=namespaces)
        known = {*brief.scope.clusters, *brief.aliases, *namespaces}
        known |= {word for word in intent.places if any(_means(word, one) for one in namespaces)}
        # Whoever asks for a measurement has somebody in mind, as whoever asks why has.
        named = replace(intent, wish=Wish.WHY) if intent.has_subject else intent
        unknown = unknown_names(named, known={name.casefold() for name in known}, targets=targets)
        if intent.wish is Wish.ALARM:
            return self._alarm(
                scene, Measuring(intent=intent, brief=brief, session=session), targets
            )
        if intent.has_subject and (targets or not unknown):
            asked = Measuring(intent=intent, brief=brief, session=session)
            return self._of_subject(scene, asked, looks, targets)
        if intent.wish is Wish.CHANGED:
            if unknown and not targets:
                return self._nobody(scene, unknown[0], looks, ())
            return changes.told(scene, targets, hours=intent.hours, when=intent.when)
        found = [entry for estate in scene.estates for entry in findings(estate)]
        if targets:
            return self._judge_of.of_targets(scene, targets, rank(found), session)
        if unknown:
            clusters = [look.cluster for look in looks]
            is_place = unknown[0] in intent.places
            if is_place and not any(brief.access.may_read(one, unknown[0]) for one in clusters):
                return absence.refused(scene.book, brief, [unknown[:1]] * len(clusters))
            return self._nobody(scene, unknown[0], looks, rank(found))
        if intent.wish is Wish.UNCLEAR and not namespaces:
            return absence.cannot(scene.book)
        found = told_unasked(found)
        if found:
            return telling.faults(scene, self._judge_of.with_logs(scene, rank(found), session))
        return health.nothing_failing(scene)

    def _of_subject(
        self,
        scene: Scene,
        asked: Measuring,
        looks: Sequence[_Look],
        targets: tuple[ObjectRef, ...],
    ) -> Verdict:
        if asked.intent.wish is Wish.TOPOLOGY:
            return self._dependencies(scene, asked, targets)
        return self._measured(asked, looks, targets)

    def _measured(
        self, asked: Measuring, looks: Sequence[_Look], targets: tuple[ObjectRef, ...]
    ) -> Verdict:
        """Return what is measured of the targets, else of the namespaces looked at by name."""
        places = [(look.cluster, name) for look in looks for name in look.wanted.namespaces]
        subjects = [subject_of(ref) for ref in targets]
        subjects = subjects or [namespace_subject(cluster, name) for cluster, name in places]
        return self._measures.of_subjects(asked, subjects)

    def _dependencies(
        self, scene: Scene, asked: Measuring, targets: tuple[ObjectRef, ...]
    ) -> Verdict:
        """Return what the targets depend on, or what depends on them, as the question looks."""
        if not targets:
            return answering.nobody_named(scene)
        found = rank([entry for estate in scene.estates for entry in findings(estate)])
        access = asked.brief.access
        return answering.told(
            scene,
            answering.Asked(
                targets=targets,
                direction=asked.intent.direction,
                found=tuple(self._judge_of.told_by_logs(scene, targets, found, asked.session)),
            ),
            meter_of=lambda cluster: self._measures.meter(asked, cluster),
            is_wide=lambda cluster: access.may_read(cluster, None),
        )

    def _alarm(
        self,
        scene: Scene | None,
        asked: Measuring,
        targets: tuple[ObjectRef, ...],
    ) -> Verdict:
        def judged(objects: tuple[ObjectRef, ...]) -> Verdict:
            if scene is None:
                return absence.cannot(asked.book)
            found = rank([entry for estate in scene.estates for entry in findings(estate)])
            if objects:
                return self._judge_of.of_targets(scene, objects, found, asked.session)
            found = told_unasked(found)
            return telling.faults(scene, found) if found else health.nothing_failing(scene)

        return self._measures.alarm(asked, scene=scene, targets=targets, judged=judged)

    def _nobody(
        self, scene: Scene, name: str, looks: Sequence[_Look], found: Sequence[Finding]
    ) -> Verdict:
        candidates = [one for look in looks for one in look.names.known]
        return absence.nobody(
            scene,
            name,
            known=[*candidates, *names_in(scene.estates)],
            cited=_labels(looks),
            found=found,
        )


def _labels(looks: Sequence[_Look]) -> tuple[str, ...]:
    return tuple(look.names.evidence.label for look in looks if look.names.evidence is not None)


def _means(word: str, namespace: str) -> bool:
    return namespace == word or namespace.startswith(f"{word}-")
