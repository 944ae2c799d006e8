"""Somebody who asks the rules about a lab estate, through the real Kubernetes client."""

from __future__ import annotations

import itertools
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.adapters.clock import SystemClock
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.domain.conversation import PersonId, Scope
from bot.domain.registry import FULL_ACCESS, Access, Cluster, Grant
from bot.triage.answerer import RuleAnswerer
from bot.triage.brief import TriageBrief
from tests.lab.clock import LabClock
from tests.lab.estate.scenario import build_clusters, read_scenario
from tests.lab.kubernetes.kubeconfig import kubeconfig_for
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.metrics.paced import no_metrics
from tests.lab.sessions import MemorySession
from tests.lab.waiting import eventually
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.domain.verdict import Verdict
    from bot.tools.promql.pacing import PacedMetrics
    from tests.lab.estate.store import SimulatedCluster


_PEOPLE = itertools.count(1_000)


@dataclass(frozen=True)
class Desk:
    """Somebody to ask, and the estate they look at."""

    world: World
    answerer: RuleAnswerer
    clusters: tuple[str, ...]

    @property
    def cluster(self) -> SimulatedCluster:
        return self.world.cluster(self.clusters[0])

    def ask(
        self,
        question: str,
        *,
        namespace: str | None = None,
        clusters: tuple[str, ...] = (),
        access: Access = FULL_ACCESS,
        session: MemorySession | None = None,
        subject: str | None = None,
        person: PersonId | None = None,
    ) -> tuple[Verdict, MemorySession]:
        session = session or MemorySession()
        scope = Scope(clusters=clusters or self.clusters[:1], namespace=namespace)
        brief = TriageBrief(
            text=question,
            scope=scope,
            access=access,
            subject=subject,
            # Everybody has a pace of their own, so that tests do not use up each other's.
            person=person or PersonId(f"U{next(_PEOPLE)}"),
        )
        return self.answerer.answer(brief, session), session


@contextmanager
def desk(
    scenario: str | World,
    folder: Path,
    *,
    timeout_s: float = 5.0,
    metrics: PacedMetrics | None = None,
) -> Iterator[Desk]:
    world = scenario if isinstance(scenario, World) else World.load(scenario)
    with ExitStack() as stack:
        labs = {
            name: stack.enter_context(KubernetesLab(cluster))
            for name, cluster in world.clusters.items()
        }
        clusters = KubernetesClusters(
            [Cluster(name=name) for name in labs],
            clock=SystemClock(),
            kubeconfig=str(kubeconfig_for(labs, folder / "kubeconfig")),
            timeout_s=timeout_s,
        )
        metrics = metrics or no_metrics(SystemClock())
        answerer = RuleAnswerer(clusters=clusters, metrics=metrics, clock=SystemClock())
        try:
            yield Desk(world=world, answerer=answerer, clusters=tuple(labs))
        finally:
            for cluster in world.clusters.values():
                cluster.heal()
            # A stopped run leaves its reads to end on their own; the servers outlive them.
            eventually(lambda: not _reading(), what="the reads of a stopped run end")


def estate_with(namespace: str, **deployments: dict[str, Any]) -> World:
    """The calm estate with some deployments of one namespace changed."""
    tree = read_scenario("calm")
    for name, change in deployments.items():
        known = tree["clusters"]["prod-eu"]["namespaces"][namespace]["deployments"]
        known[name.replace("_", "-")] = known.get(name, {}) | change
    clock = LabClock()
    return World(build_clusters(tree, clock), clock=clock)


def granted(*namespaces: str) -> Access:
    return Access(grants=(Grant(namespaces=namespaces),))


def _reading() -> bool:
    return any(thread.name.startswith("triage") for thread in threading.enumerate())
