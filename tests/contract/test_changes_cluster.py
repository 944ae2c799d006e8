"""What changed in a cluster, told by the tool over the lab's API server and the real client."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.domain.conversation import Scope
from bot.domain.evidence import EvidenceState
from bot.domain.redaction.placeholder import Seal
from bot.domain.registry import FULL_ACCESS, Cluster
from bot.domain.spans import stamp
from bot.tools.changes.tool import ChangesTool
from tests.lab.kubernetes.kubeconfig import kubeconfig_for
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import NoReturn

    from bot.domain.evidence import Observation
    from tests.lab.estate.store import SimulatedCluster


class NoCloud:
    def read(self, _place: object, call: object) -> NoReturn:
        raise AssertionError(f"asked for {call}")

    def code(self, _place: object, function: str, _paths: object) -> NoReturn:
        raise AssertionError(f"asked for the code of {function}")


@contextmanager
def tool_over(scenario: str, folder: Path) -> Iterator[tuple[ChangesTool, SimulatedCluster]]:
    """The tool of somebody who may read all of prod-eu, in a conversation about shop."""
    cluster = World.load(scenario).cluster("prod-eu")
    with KubernetesLab(cluster) as lab:
        path = kubeconfig_for({"prod-eu": lab}, folder / "kubeconfig")
        clusters = KubernetesClusters(
            [Cluster(name="prod-eu", kubeconfig=str(path))], clock=SystemClock(), timeout_s=2.0
        )
        tool = ChangesTool(
            clusters=clusters,
            cloud=NoCloud(),
            accounts=(),
            seal=Seal(b"s" * 32),
            scope=Scope(clusters=("prod-eu",), namespace="shop"),
            access=FULL_ACCESS,
            clock=SystemClock(),
        )
        yield tool, cluster


@pytest.fixture
def synced(tmp_path: Path) -> Iterator[tuple[ChangesTool, SimulatedCluster]]:
    with tool_over("synced", tmp_path) as made:
        yield made


def told(seen: Observation) -> list[tuple[str, str]]:
    """Source and object of each row; the onset's own row has its mark."""
    assert seen.grid is not None
    return [(row[2] or row[1], row[3]) for row in seen.grid.rows]


def test_sync_config_and_rollout_stand_in_order_before_the_onset(
    synced: tuple[ChangesTool, SimulatedCluster],
) -> None:
    tool, _ = synced
    onset = stamp(datetime.now(UTC) - timedelta(minutes=11))
    seen = tool.what_changed(around=onset)
    assert seen.state is EvidenceState.OK
    assert told(seen) == [
        ("scale", "deployment/storefront"),
        ("workload", "daemonset/node-tuner"),
        ("argocd", "application/shop"),
        ("config", "configmap/cart-settings"),
        ("rollout", "deployment/cart"),
        (">>> onset", ""),
        ("argocd", "application/shop"),
    ]
    assert (seen.cluster, seen.namespace, seen.source) == ("prod-eu", "shop", "changes")
    assert seen.query == f"what_changed --around={onset} --before=6h --after=11m"


def test_each_row_says_what_it_changed_and_who_did(
    synced: tuple[ChangesTool, SimulatedCluster],
) -> None:
    tool, _ = synced
    body = tool.what_changed().body
    assert "synced 5f0c2ab9d1e8 -> 9b1d44e07ac2 (apps/shop)" in body
    assert "dora" in body
    assert "sync c0ffee11aa22 failed: one or more objects failed to apply" in body
    assert "revision 28: ~ [cart].image: registry.example.com/shop/cart:2.14.0 -> " in body
    assert "written; the writer holds data.PAGE_SIZE, data.LEGACY_API_TOKEN" in body
    assert "kubectl-edit" in body


def test_no_value_of_the_cluster_is_told(
    synced: tuple[ChangesTool, SimulatedCluster],
) -> None:
    tool, _ = synced
    seen = tool.what_changed(hours_before=72)
    assert "canary" not in seen.body + str(seen.grid)


def test_a_shorter_time_has_fewer_changes(
    synced: tuple[ChangesTool, SimulatedCluster],
) -> None:
    tool, _ = synced
    at = stamp(datetime.now(UTC) - timedelta(minutes=30))
    seen = tool.what_changed(around=at, hours_before=1, hours_after=0)
    assert seen.state is EvidenceState.EMPTY


def test_syncs_that_are_refused_are_named_and_the_rest_is_told(
    synced: tuple[ChangesTool, SimulatedCluster],
) -> None:
    tool, cluster = synced
    cluster.deny(resource="applications")
    seen = tool.what_changed()
    assert seen.state is EvidenceState.TRUNCATED
    assert "NOT READ: applications: denied" in seen.body
    assert ("rollout", "deployment/cart") in told(seen)


def test_a_list_that_breaks_off_is_named_and_the_rest_is_told(
    synced: tuple[ChangesTool, SimulatedCluster],
) -> None:
    tool, cluster = synced
    cluster.fail(503, on="configmaps")
    seen = tool.what_changed()
    assert seen.state is EvidenceState.TRUNCATED
    assert "NOT READ: configmaps" in seen.body
    assert ("argocd", "application/shop") in told(seen)


def test_a_cluster_that_refuses_everything_is_denied(
    synced: tuple[ChangesTool, SimulatedCluster],
) -> None:
    tool, cluster = synced
    cluster.deny()
    assert tool.what_changed().state is EvidenceState.DENIED


def test_a_cluster_that_is_down_is_unreachable(
    synced: tuple[ChangesTool, SimulatedCluster],
) -> None:
    tool, cluster = synced
    cluster.fail(503)
    seen = tool.what_changed()
    assert seen.state is EvidenceState.UNREACHABLE
    assert "503" in seen.body


def test_without_argo_cd_nothing_is_missing(tmp_path: Path) -> None:
    with tool_over("crash_loop", tmp_path) as (tool, _):
        seen = tool.what_changed()
        assert seen.state is EvidenceState.OK
        assert told(seen) == [("rollout", "deployment/cart"), (">>> onset", "")]
