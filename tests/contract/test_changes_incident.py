"""What changed around an alert: in the lines a lead is given, and on the rules' own time line."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.adapters.clock import SystemClock
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.domain.alert import (
    Alert,
    AlertObject,
    AlertScope,
    AlertSource,
    AlertStatus,
    Severity,
)
from bot.domain.conversation import Scope
from bot.domain.evidence import EvidenceState
from bot.domain.registry import FULL_ACCESS, Cluster
from bot.domain.verdict import Cause
from bot.triage.incident import AlertBrief, IncidentTriage, Looked
from tests.contract.cloud_desk import cloud_desk
from tests.lab.aws.accounts import read_scenario
from tests.lab.aws.server import AwsLab
from tests.lab.kubernetes.kubeconfig import kubeconfig_for
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.metrics.paced import unpaced
from tests.lab.sessions import MemorySession
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.estate.store import SimulatedCluster

ONSET_MINUTES = 11


def alert(scope: AlertScope, name: str, source: AlertSource) -> Alert:
    return Alert(
        source=source,
        name=name,
        status=AlertStatus.FIRING,
        severity=Severity.HIGH,
        fingerprint="f",
        group_key="g",
        starts_at=datetime.now(UTC) - timedelta(minutes=ONSET_MINUTES),
        scope=scope,
    )


CART = AlertScope(
    cluster="prod-eu", namespace="shop", objects=(AlertObject(kind="deployment", name="cart"),)
)


@contextmanager
def incidents(
    scenario: str, accounts: str, folder: Path
) -> Iterator[tuple[IncidentTriage, SimulatedCluster]]:
    """Triage of one cluster and some accounts."""
    cluster = World.load(scenario).cluster("prod-eu")
    with KubernetesLab(cluster) as lab, AwsLab(accounts, names="neutral") as aws:
        path = kubeconfig_for({"prod-eu": lab}, folder / "kubeconfig")
        clusters = KubernetesClusters(
            [Cluster(name="prod-eu", kubeconfig=str(path))], clock=SystemClock(), timeout_s=2.0
        )
        yield (
            IncidentTriage(
                clusters=clusters,
                metrics=unpaced({}, clock=SystemClock()),
                cloud=cloud_desk(aws).triage,
                clock=SystemClock(),
            ),
            cluster,
        )


def looked(triage: IncidentTriage, *alerts: Alert) -> tuple[Looked, MemorySession]:
    session = MemorySession()
    brief = AlertBrief(
        alerts=alerts,
        scope=Scope(clusters=("prod-eu",), namespace="shop"),
        accounts=(),
        access=FULL_ACCESS,
        onset=datetime.now(UTC) - timedelta(minutes=ONSET_MINUTES),
    )
    return triage.look(brief, session), session


def test_sync_config_and_rollout_are_told_in_order_each_with_its_evidence(tmp_path: Path) -> None:
    with incidents("synced", "fn_well", tmp_path) as (triage, _):
        found, session = looked(
            triage, alert(CART, "KubePodCrashLooping", AlertSource.ALERTMANAGER)
        )
    seen = next(one for one in session.ledger() if one.observation.tool == "what_changed")
    assert [line.split()[0] for line in found.changes] == sorted(
        line.split()[0] for line in found.changes
    )
    words = "\n".join(found.changes)
    assert words.index("application/shop: synced") < words.index("deployment/cart: revision 28")
    assert "configmap/cart-settings: written" in words
    assert all(f"[{seen.label}]" in line for line in found.changes)


def test_the_verdicts_time_line_has_the_changes_right_before_the_onset(tmp_path: Path) -> None:
    with incidents("synced", "fn_well", tmp_path) as (triage, _):
        found, session = looked(
            triage, alert(CART, "KubePodCrashLooping", AlertSource.ALERTMANAGER)
        )
    points = found.verdict.timeline
    told = [point.what for point in points]
    assert found.verdict.object == "prod-eu/deployment/shop/cart"
    assert [point.at for point in points] == sorted(point.at for point in points)
    assert any("application/shop: synced" in what for what in told)
    assert not any("storefront" in what for what in told)
    labels = {one.label for one in session.ledger()}
    assert all(point.evidence and labels.issuperset(point.evidence) for point in points)
    assert {label for point in points for label in point.evidence} <= set(found.verdict.evidence)


def test_changes_that_cannot_be_read_leave_the_verdict_and_say_so(tmp_path: Path) -> None:
    with incidents("synced", "fn_well", tmp_path) as (triage, cluster):
        cluster.deny(resource="applications")
        found, session = looked(
            triage, alert(CART, "KubePodCrashLooping", AlertSource.ALERTMANAGER)
        )
    seen = next(one for one in session.ledger() if one.observation.tool == "what_changed")
    assert seen.observation.state is EvidenceState.TRUNCATED
    assert "NOT READ: applications: denied" in seen.observation.body
    assert found.verdict.object == "prod-eu/deployment/shop/cart"
    assert any("deployment/cart: revision 28" in line for line in found.changes)


def test_a_silent_cluster_is_not_asked_for_its_changes_as_well(tmp_path: Path) -> None:
    with incidents("synced", "fn_well", tmp_path) as (triage, cluster):
        cluster.fail(503)
        found, session = looked(
            triage, alert(CART, "KubePodCrashLooping", AlertSource.ALERTMANAGER)
        )
    assert found.changes == ()
    assert not any(one.observation.tool == "what_changed" for one in session.ledger())


def test_changes_of_cluster_and_account_stand_on_one_line(tmp_path: Path) -> None:
    tree = read_scenario("task_leak")
    account = tree["accounts"]["acme"]
    scope = AlertScope(account=account["id"], region=account["regions"][0])
    alarm = alert(scope, tree["alarm"]["name"], AlertSource.CLOUDWATCH)
    with incidents("synced", "task_leak", tmp_path) as (triage, _):
        found, session = looked(
            triage, alert(CART, "KubePodCrashLooping", AlertSource.ALERTMANAGER), alarm
        )
    calls = [one for one in session.ledger() if one.observation.query.startswith("aws changes")]
    assert calls, "the account's calls were looked at"
    words = "\n".join(found.changes)
    assert "prod-eu/shop deployment/cart" in words
    assert any(f"[{one.label}]" in words for one in calls)
    assert [line.split()[0] for line in found.changes] == sorted(
        line.split()[0] for line in found.changes
    )


def test_an_account_alone_still_says_what_its_fault_began_with(tmp_path: Path) -> None:
    tree = read_scenario("task_leak")
    account = tree["accounts"]["acme"]
    scope = AlertScope(account=account["id"], region=account["regions"][0])
    with incidents("calm", "task_leak", tmp_path) as (triage, _):
        found, _ = looked(triage, alert(scope, tree["alarm"]["name"], AlertSource.CLOUDWATCH))
    assert found.verdict.cause is Cause.MEMORY_LEAK
    called, deployed = found.changes
    assert "ecs UpdateService, by assumed-role/deployer/ci (cloudtrail)" in called
    assert "It began with" in deployed
    assert "ecs UpdateService" in found.verdict.timeline[0].what
