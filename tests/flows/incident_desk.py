"""Alerts put to the rules alone: lab clusters and their metrics, through the real clients."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.adapters.clock import SystemClock
from bot.adapters.cloud.aws import AwsCloud
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.domain.alert import Alert, AlertObject, AlertScope, AlertSource, AlertStatus, Severity
from bot.domain.conversation import Scope
from bot.domain.redaction.placeholder import Seal
from bot.domain.registry import FULL_ACCESS, Access, Cluster
from bot.triage.cloud.inquiry import CloudTriage
from bot.triage.incident import AlertBrief, IncidentTriage, Looked
from tests.lab.estate.store import SimulatedCluster
from tests.lab.kubernetes.kubeconfig import kubeconfig_for
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.metrics.paced import unpaced
from tests.lab.metrics.server import MetricsLab
from tests.lab.metrics.workloads import build_store
from tests.lab.sessions import MemorySession
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLUSTER = "prod-eu"


@dataclass(frozen=True)
class IncidentDesk:
    """Triage over one cluster; without metrics it has none to ask."""

    triage: IncidentTriage
    cluster: SimulatedCluster
    kubernetes: KubernetesLab
    metrics: MetricsLab | None

    def look(
        self,
        *alerts: Alert,
        access: Access = FULL_ACCESS,
        inactive: tuple[str, ...] = (),
        session: MemorySession | None = None,
    ) -> tuple[Looked, MemorySession]:
        session = session or MemorySession()
        brief = AlertBrief(
            alerts=alerts,
            scope=Scope(clusters=(CLUSTER,)),
            accounts=(),
            access=access,
            onset=min(one.starts_at for one in alerts if one.starts_at is not None),
            inactive=inactive,
        )
        return self.triage.look(brief, session), session


@contextmanager
def incident_desk(
    scenario: str | World, folder: Path, *, has_metrics: bool = True, measure_s: float = 30.0
) -> Iterator[IncidentDesk]:
    world = scenario if isinstance(scenario, World) else World.load(scenario)
    cluster = world.cluster(CLUSTER)
    name = scenario if isinstance(scenario, str) else ""
    clock = SystemClock()
    with ExitStack() as stack:
        kubernetes = stack.enter_context(KubernetesLab(cluster))
        metrics = None
        if has_metrics:
            store = build_store(cluster, scenario=name)
            metrics = stack.enter_context(MetricsLab(store, clock=world.clock))
        clusters = KubernetesClusters(
            [Cluster(name=CLUSTER)],
            clock=clock,
            kubeconfig=str(kubeconfig_for({CLUSTER: kubernetes}, folder / "kubeconfig")),
            timeout_s=5.0,
        )
        seal = Seal(b"incident" * 4)
        no_cloud = CloudTriage(
            cloud=AwsCloud([], allowed=[], seal=seal, clock=clock),
            accounts=(),
            clock=clock,
            seal=seal,
        )
        yield IncidentDesk(
            triage=IncidentTriage(
                clusters=clusters,
                metrics=unpaced({CLUSTER: metrics} if metrics is not None else {}, clock=clock),
                cloud=no_cloud,
                clock=clock,
                # Slow machines measure as much as fast ones do.
                measure_s=measure_s,
            ),
            cluster=cluster,
            kubernetes=kubernetes,
            metrics=metrics,
        )


def alert_about(
    kind: str,
    name: str,
    *,
    namespace: str,
    rule: str,
    expression: str = "",
    minutes: int = 35,
    status: AlertStatus = AlertStatus.FIRING,
) -> Alert:
    return Alert(
        source=AlertSource.ALERTMANAGER,
        name=rule,
        status=status,
        severity=Severity.WARNING,
        fingerprint=f"{rule}-{name}",
        group_key=rule,
        labels={"alertname": rule, "namespace": namespace, kind: name},
        starts_at=datetime.now(UTC) - timedelta(minutes=minutes),
        scope=AlertScope(
            cluster=CLUSTER, namespace=namespace, objects=(AlertObject(kind=kind, name=name),)
        ),
        expression=expression,
    )
