"""What stands around an alert's objects: who leads to whom, and what changed near the onset."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.agent.session import Session
from bot.domain.change import Change, ChangeSource, nearest
from bot.domain.evidence import EvidenceState, Window
from bot.domain.registry import Access
from bot.domain.spans import moment, stamp
from bot.domain.verdict import Status, TimelinePoint, Verdict
from bot.ports.clock import Clock
from bot.tools.aws.changes import SOURCE as CALLS
from bot.tools.aws.tool import TOOL_NAME as AWS
from bot.tools.changes.looking import Look, look_at_cluster
from bot.triage.cloud.collecting import Taken
from bot.triage.cloud.looking import writes_of
from bot.triage.quoting import quoted
from bot.triage.rules.rollouts import rollouts
from bot.triage.scene import refs
from bot.triage.survey import Survey, entered

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.evidence import Evidence
    from bot.ports.cluster import Clusters
    from bot.triage.estate import Estate
    from bot.triage.objects import ObjectRef

MAX_LINES = 20
MAX_PLACES = 3
"""Namespaces of an incident whose changes are looked at closely: those of its objects."""
MAX_POINTS = 3
"""Changes that a verdict's own time line gets beside what its rules dated."""
# A change this long before the onset may still be what brought it: a leak takes hours.
BEFORE, AFTER = timedelta(hours=24), timedelta(hours=1)
# What comes longer before an onset is seldom seen as its cause without more to tell it.
JUST_BEFORE = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The time looked at, and with whose rights."""

    onset: datetime
    access: Access
    session: Session
    clock: Clock

    @property
    def window(self) -> Window:
        """From a day before the onset to an hour after it, or to now."""
        end = min(self.clock.now(), self.onset + AFTER)
        return Window(start=self.onset - BEFORE, end=max(end, self.onset))


def changes_around(
    clusters: Clusters,
    surveys: Sequence[Survey],
    objects: Iterable[ObjectRef],
    around: Around,
) -> tuple[Change, ...]:
    """Return what changed near the onset, in no order; each change cites the ledger.

    The namespaces of the objects are looked at closely; of others, rollouts are told as the survey
    knows them.

    Raises:
        CancelledByPersonError, LeaseLostError: As the session's `check` says.
    """
    found: list[Change] = []
    places = dict.fromkeys((one.cluster, one.namespace) for one in objects if one.namespace)
    seen: set[tuple[str, str]] = set()
    for cluster, namespace in list(places)[:MAX_PLACES]:
        survey = next((one for one in surveys if one.estate.cluster == cluster), None)
        # A cluster that has just been silent would keep the card waiting once more.
        if survey is None or not _answers(survey):
            continue
        around.session.check()
        found += _looked_at(clusters, cluster, namespace, around)
        seen.add((cluster, namespace))
    known = rolled_out([one.estate for one in surveys], window=around.window)
    return (*found, *(one for one in known if (one.place, one.namespace) not in seen))


def _looked_at(
    clusters: Clusters, cluster: str, namespace: str, around: Around
) -> Iterable[Change]:
    look = Look(
        namespace=namespace,
        onset=around.onset,
        window=around.window,
        wide=around.access.may_read(cluster, None),
    )
    looked = look_at_cluster(clusters.reader(cluster), look, around.clock)
    name = f"triage-{cluster}-{namespace}-changes"
    label = entered(around.session, name, looked.observation).label
    return [replace(one, evidence=(label,)) for one in looked.changes]


def _answers(survey: Survey) -> bool:
    return all(one.observation.state is not EvidenceState.UNREACHABLE for one in survey.gaps)


def rolled_out(estates: Iterable[Estate], *, window: Window) -> list[Change]:
    """Return the rollouts of Deployments that a survey knows."""
    return [
        Change(
            at=change.at,
            what=f"revision {change.revision.number}: {', '.join(change.revision.images)}",
            object=f"deployment/{workload.ref.name}",
            source=ChangeSource.ROLLOUT,
            place=estate.cluster,
            namespace=workload.ref.namespace,
            evidence=estate.cite("replicasets", namespace=workload.ref.namespace),
        )
        for estate in estates
        for workload in estate.workloads
        if workload.ref.kind == "deployment"
        for change in rollouts(estate, workload.ref)
        if window.start <= change.at <= window.end
    ]


def calls_in(ledger: Iterable[Evidence]) -> list[Change]:
    """Return the changes of cloud accounts that this run's reads have told."""
    return [
        Change(
            at=write.at,
            what=write.what,
            object=write.subject or "-",
            source=ChangeSource.CLOUDTRAIL,
            place=write.place,
            actor=write.by,
            evidence=(write.label,),
        )
        for one in ledger
        if one.observation.tool == AWS and one.observation.source == CALLS
        for write in writes_of(Taken(evidence=one), one.observation.cluster)
        if write.done
    ]


def about(changes: Iterable[Change], named: str | None) -> list[Change]:
    """Return the changes of what a verdict names, by the last part of its name."""
    wanted = re.split("[/:]", named or "")[-1]
    return [
        one
        for one in changes
        if wanted and wanted in {re.split("[/:]", part)[-1] for part in one.object.split(", ")}
    ]


def triggers_in(verdicts: Iterable[Verdict]) -> list[Change]:
    """Return what verdicts on cloud resources say that a fault began with."""
    return [
        Change(
            at=at,
            what=point.what,
            object=verdict.object or "-",
            source=ChangeSource.ROLLOUT,
            place="",
            evidence=point.evidence,
        )
        for verdict in verdicts
        for point in verdict.timeline
        if point.at != verdict.since and (at := moment(point.at)) is not None
    ]


def lines_of(changes: Iterable[Change], *, onset: datetime) -> tuple[str, ...]:
    """Return those nearest to the onset, oldest first, a line each with its evidence."""
    return tuple(
        f"{stamp(one.at)} {_said(one)} {refs(one.evidence)}"
        for one in nearest(changes, onset=onset, limit=MAX_LINES)
    )


def with_changes(verdict: Verdict, changes: Iterable[Change], *, onset: datetime) -> Verdict:
    """Return the verdict with what changed right before the onset on its time line."""
    known = {point.at for point in verdict.timeline}
    recent = [
        one
        for one in changes
        if onset - JUST_BEFORE <= one.at <= onset and stamp(one.at) not in known and one.evidence
    ]
    if verdict.status is Status.HEALTHY or not recent:
        return verdict
    points = [
        TimelinePoint(at=stamp(one.at), what=_said(one), evidence=one.evidence)
        for one in nearest(recent, onset=onset, limit=MAX_POINTS)
    ]
    cited = [label for point in points for label in point.evidence]
    return replace(
        verdict,
        timeline=tuple(sorted((*verdict.timeline, *points), key=lambda point: point.at)),
        evidence=tuple(dict.fromkeys((*verdict.evidence, *cited))),
    )


def _said(one: Change) -> str:
    where = "/".join(part for part in (one.place, one.namespace) if part)
    by = f", by {quoted(one.actor)}" if one.actor else ""
    name = f"{where} {quoted(one.object)}".strip()
    return f"{name}: {quoted(one.what)}{by} ({one.source.value})"
