"""The registry's servers of one kind, each connected at its first read and kept for the process."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from bot.adapters.servers.signing import signer
from bot.adapters.servers.wire import Reach

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.metrics import MetricsEndpoint
    from bot.ports.clock import Clock

_Reader = TypeVar("_Reader")


class KeptServers(ABC, Generic[_Reader]):
    """One reader for each cluster's server, shared between threads.

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
        self._readers: dict[str, _Reader] = {}

    def reader(self, cluster: str) -> _Reader:
        """Return the reader of a cluster's server; KeyError for a cluster without one."""
        endpoint = self._endpoints[cluster]
        with self._lock:
            if cluster not in self._readers:
                sign = signer(
                    endpoint, secret_of=self._secret_of, aws_credentials=self._aws_credentials
                )
                self._readers[cluster] = self._over(
                    Reach(
                        endpoint=endpoint,
                        cluster=cluster,
                        sign=sign,
                        timeout_s=self._timeout_s,
                        clock=self._clock,
                    )
                )
            return self._readers[cluster]

    @abstractmethod
    def _over(self, reach: Reach) -> _Reader:
        """Return a reader; nothing is connected yet."""
