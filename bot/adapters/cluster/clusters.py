"""The registry's clusters, each connected at its first read and kept for the process's life."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bot.adapters.cluster.connect import Connection
from bot.adapters.cluster.reader import KubernetesReader
from bot.adapters.cluster.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.adapters.tls import Endpoint
    from bot.domain.registry import Cluster
    from bot.ports.clock import Clock


class KubernetesClusters:
    """Implements bot.ports.cluster.Clusters; readers are shared between threads.

    `kubeconfig` is for clusters that name none: a path, several joined as in KUBECONFIG, or None
    for `~/.kube/config`. Nothing is opened before the first read, so a wrong entry is an
    UpstreamError of that read and leaves the other clusters alone.
    """

    def __init__(
        self,
        clusters: Iterable[Cluster],
        *,
        clock: Clock,
        kubeconfig: str | None = None,
        timeout_s: float = 15.0,
    ) -> None:
        self._clusters = {cluster.name: cluster for cluster in clusters}
        self._clock = clock
        self._kubeconfig = kubeconfig
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._connections: dict[str, Connection] = {}
        self._readers: dict[str, KubernetesReader] = {}

    def reader(self, name: str) -> KubernetesReader:
        """Return the reader of a registered cluster; KeyError for any other name."""
        connection = self._connection(name)
        with self._lock:
            if name not in self._readers:
                self._readers[name] = KubernetesReader(
                    Wire(
                        cluster=name,
                        connection=connection,
                        timeout_s=self._timeout_s,
                        clock=self._clock,
                    )
                )
            return self._readers[name]

    def endpoint(self, name: str) -> Endpoint:
        """Return how a registered cluster's API server is reached.

        Raises:
            UpstreamError: Its kubeconfig entry cannot be used.
        """
        return self._connection(name).session(within_s=self._timeout_s).endpoint

    def _connection(self, name: str) -> Connection:
        cluster = self._clusters[name]
        with self._lock:
            if name not in self._connections:
                self._connections[name] = Connection(
                    cluster, kubeconfig=self._kubeconfig, clock=self._clock
                )
            return self._connections[name]
