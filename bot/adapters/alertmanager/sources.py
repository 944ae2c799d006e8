"""The registry's Alertmanagers, each connected at its first read and kept for the process."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from bot.adapters.alertmanager.reader import AlertmanagerReader
from bot.adapters.metrics.signing import signer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.alert_server import AlertmanagerEndpoint
    from bot.ports.clock import Clock


class AlertmanagerStates:
    """Implements bot.ports.alert_state.AlertStates; readers are shared between threads.

    `endpoints` are by cluster; `secret_of` gives the secret an endpoint names, None if it is not
    set.
    """

    def __init__(
        self,
        endpoints: Mapping[str, AlertmanagerEndpoint],
        *,
        clock: Clock,
        secret_of: Callable[[str], str | None],
        timeout_s: float = 15.0,
    ) -> None:
        self._endpoints = dict(endpoints)
        self._clock = clock
        self._secret_of = secret_of
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._readers: dict[str, AlertmanagerReader] = {}

    def reader(self, cluster: str) -> AlertmanagerReader:
        """Return the server that routes a cluster's alerts; KeyError for a cluster without one."""
        endpoint = self._endpoints[cluster]
        with self._lock:
            if cluster not in self._readers:
                self._readers[cluster] = AlertmanagerReader(
                    endpoint,
                    cluster=cluster,
                    sign=signer(endpoint, secret_of=self._secret_of),
                    timeout_s=self._timeout_s,
                    clock=self._clock,
                )
            return self._readers[cluster]
