"""Asking a cluster in memory the way a conversation about its namespace `shop` does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.conversation import Scope
from bot.domain.registry import FULL_ACCESS
from bot.tools.kubectl.tool import KubectlTool
from tests.unit.kube_fake import FakeClusters, StillClock

if TYPE_CHECKING:
    from bot.domain.evidence import Observation
    from bot.domain.kinds import Kind
    from tests.unit.kube_fake import FakeCluster


def read(cluster: FakeCluster, command: str, *, extra: tuple[Kind, ...] = ()) -> Observation:
    scope = Scope(clusters=(cluster.name,), namespace="shop")
    clusters = FakeClusters(cluster)
    return KubectlTool(clusters, scope, FULL_ACCESS, StillClock(), extra).kubectl(command)
