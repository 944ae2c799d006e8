"""The registry's metrics servers, each connected at its first read and kept for the process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from bot.adapters.metrics.reader import PrometheusReader
from bot.adapters.metrics.signing import signer
from bot.adapters.metrics.wire import Wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.metrics import MetricsEndpoint
    from bot.ports.clock import Clock


class PrometheusSources:
    """Implements bot.ports.metrics.MetricsSources; readers are shared between threads.

    `endpoints` are by cluster; `secret_of` gives the secret an endpoint names, None if it is not
    set. `aws_credentials` replaces botocore's own search for them.
    """

    def __init__(
        self,
        endpoints: Mapping[str, MetricsEndpoint],
        *,
        clock: Clock,
        secret_of: Callable[[str], str | None],
        aws_credentials: Callable[[], Any] | None = None,
        timeout_s: float = 15.0,
    ) -> None:
        self._endpoints = dict(endpoints)
        self._clock = clock
        self._secret_of = secret_of
        self._aws_credentials = aws_credentials
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._readers: dict[str, PrometheusReader] = {}

    def reader(self, cluster: str) -> PrometheusReader:
        """Return the server with a cluster's metrics; KeyError for a cluster without one."""
        endpoint = self._endpoints[cluster]
        with self._lock:
            if cluster not in self._readers:
                self._readers[cluster] = PrometheusReader(
                    Wire(
                        endpoint,
                        cluster=cluster,
                        sign=signer(
                            endpoint,
                            secret_of=self._secret_of,
                            aws_credentials=self._aws_credentials,
                        ),
                        timeout_s=self._timeout_s,
                        clock=self._clock,
                    )
                )
            return self._readers[cluster]
