"""What the contract tests of the cluster adapter share: a lab, and readers that reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from bot.adapters.clock import SystemClock
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.domain.kinds import Kind, kind_named
from bot.domain.registry import Cluster

if TYPE_CHECKING:
    from pathlib import Path

    from bot.adapters.cluster.reader import KubernetesReader
    from tests.lab.estate.store import SimulatedCluster


def kind(word: str) -> Kind:
    found = kind_named(word)
    assert found is not None
    return found


def reader_for(
    kubeconfig: Path, name: str = "prod-eu", *, timeout_s: float = 5.0, context: str | None = None
) -> KubernetesReader:
    """A reader whose cluster is a context of that file."""
    cluster = Cluster(name=name, context=context, kubeconfig=str(kubeconfig))
    return KubernetesClusters([cluster], clock=SystemClock(), timeout_s=timeout_s).reader(name)


def written(
    directory: Path, *, cluster: dict[str, Any], user: dict[str, Any] | None = None
) -> Path:
    """A kubeconfig with one context, prod-eu."""
    path = directory / "kubeconfig"
    content = {
        "current-context": "prod-eu",
        "contexts": [{"name": "prod-eu", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user or {}}],
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def pod_named(cluster: SimulatedCluster, namespace: str, beginning: str) -> str:
    """The first pod whose name begins so."""
    return next(
        str(pod["metadata"]["name"])
        for pod in cluster.listed("pods", namespace)
        if pod["metadata"]["name"].startswith(beginning)
    )
