"""Where a cluster's alerts are routed, as the team declared it, and what must not be declared so.

Pure. An Alertmanager is reached as a metrics server is, so its entry has the same keys; Amazon's
managed Prometheus signs requests to its alert manager in the same way, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.address import split_address
from bot.domain.metrics import MetricsEndpoint, problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator

AlertmanagerEndpoint = MetricsEndpoint
"""One server of Alertmanager's HTTP API; `url` is what stands before `/api/v2`."""

_API = "/api/v2"


def alertmanager_problems(endpoint: AlertmanagerEndpoint) -> tuple[tuple[str, str], ...]:
    """Return what is wrong with an Alertmanager: a key of it, and what to write instead, each."""
    return tuple(_problems(endpoint))


def _problems(endpoint: AlertmanagerEndpoint) -> Iterator[tuple[str, str]]:
    url = split_address(endpoint.url)
    if url is not None and url.path.rstrip("/").endswith(_API):
        yield "url", f"includes {_API}: write only what stands before it"
    for key, problem in problems_of(endpoint):
        yield key, problem.replace("before /api/v1", f"before {_API}")
