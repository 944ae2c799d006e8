"""From ranked findings to a verdict on certain objects: theirs, what lies under them, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.triage import health, telling
from bot.triage.backing import under
from bot.triage.log_tail import with_last_words
from bot.triage.ranking import explains, rank
from bot.triage.rulebook import followed
from bot.triage.rules.running import suspects

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.agent.session import Session
    from bot.domain.verdict import Verdict
    from bot.ports.clock import Clock
    from bot.ports.cluster import Clusters
    from bot.triage.estate import Estate
    from bot.triage.finding import Finding
    from bot.triage.objects import ObjectRef
    from bot.triage.scene import Scene

# Services that need each other are followed so many steps down; each step reads logs.
MAX_STEPS = 4


class Judge:
    """Judges findings, reading the logs of what ended where that can tell more."""

    def __init__(self, *, clusters: Clusters, clock: Clock) -> None:
        self._clusters = clusters
        self._clock = clock

    def of_targets(
        self,
        scene: Scene,
        targets: tuple[ObjectRef, ...],
        found: Sequence[Finding],
        session: Session,
    ) -> Verdict:
        """Return the verdict on these objects; HEALTHY when no fault is theirs."""
        own = self.own(scene, targets, found) or self._troubled(scene, targets, session)
        if not own:
            return health.no_fault(scene, targets)
        return telling.faults(scene, self.deepened(scene, own, found, session))

    def own(
        self, scene: Scene, targets: Sequence[ObjectRef], found: Sequence[Finding]
    ) -> list[Finding]:
        """Return the findings that are one of these objects', or lie under one of their pods."""
        return [entry for entry in found if concerns(scene.estate(entry.object), entry, targets)]

    def _troubled(
        self, scene: Scene, targets: Sequence[ObjectRef], session: Session
    ) -> list[Finding]:
        """Return what the objects keep saying in their logs that they fail at, though they run."""
        asked = [one for ref in targets for one in suspects(scene.estate(ref), ref)]
        judged = self.with_logs(scene, asked, session)
        # What was read is not read again.
        return [replace(entry, container="") for entry in judged if entry.words is not None]

    def told_by_logs(
        self,
        scene: Scene,
        targets: Sequence[ObjectRef],
        found: Sequence[Finding],
        session: Session,
    ) -> list[Finding]:
        """Return faults of these objects with what their logs say, troubles of running ones too."""
        own = self.with_logs(scene, self.own(scene, targets, found), session)
        return [*own, *self._troubled(scene, targets, session)]

    def deepened(
        self,
        scene: Scene,
        own: Sequence[Finding],
        found: Sequence[Finding],
        session: Session,
    ) -> list[Finding]:
        """Return findings with what the logs say and with what explains them, likeliest first."""
        told = self.with_logs(scene, own, session)
        known = list(own)
        for _ in range(MAX_STEPS):
            deeper = [
                other
                for other in found
                if other not in known and any(explains(other, entry) for entry in told)
            ]
            if not deeper:
                break
            known += deeper
            told += self.with_logs(scene, deeper, session)
        return rank(told)

    def with_logs(self, scene: Scene, found: Sequence[Finding], session: Session) -> list[Finding]:
        """Return the findings judged by what the logs of their containers say, ranked anew."""
        told: list[Finding] = []
        for cluster in dict.fromkeys(entry.object.cluster for entry in found):
            here = [entry for entry in found if entry.object.cluster == cluster]
            read = with_last_words(
                self._clusters.reader(cluster), here, session=session, clock=self._clock
            )
            told += followed(scene.estate(here[0].object), read)
        return rank(told)


def concerns(estate: Estate, found: Finding, targets: Sequence[ObjectRef]) -> bool:
    """Tell whether a fault is one of these objects', or lies under one of their pods."""
    owners = {estate.workload_of(pod) for ref in found.pods if (pod := estate.pod(ref)) is not None}
    for target in targets:
        own = estate.pod(target)
        if own is not None:
            is_its = target in found.pods or (
                not (found.pods or own.ready) and estate.workload_of(own) == found.object
            )
        else:
            is_its = bool({target, *under(estate, target)} & {found.object, *owners}) or (
                (target.name, target.namespace) == (found.object.name, found.object.namespace)
            )
        if is_its:
            return True
    return False
