"""Where a cluster's logs are kept, as the team declared it, and what must not be declared so.

Pure. A log server is reached as a metrics server is, so its entry has the same keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.address import split_address
from bot.domain.metrics import MetricsEndpoint, problems_of

if TYPE_CHECKING:
    from collections.abc import Iterator

LogsEndpoint = MetricsEndpoint
"""One server of Loki's HTTP API; `url` is what stands before `/loki/api/v1`."""

_API = "/loki/api/v1"


def log_problems(endpoint: LogsEndpoint) -> tuple[tuple[str, str], ...]:
    """Return what is wrong with a log server: a key of it, and what to write instead, each."""
    return tuple(_problems(endpoint))


def _problems(endpoint: LogsEndpoint) -> Iterator[tuple[str, str]]:
    url = split_address(endpoint.url)
    has_path = url is not None and url.path.rstrip("/").endswith(_API)
    if has_path:
        yield "url", f"includes {_API}: write only what stands before it"
    if endpoint.sigv4_region is not None:
        yield "sigv4_region", "is for Amazon's Prometheus: Loki takes token_env or basic_auth_env"
    for key, problem in problems_of(endpoint):
        if not (has_path and key == "url" and "/api/v1" in problem):
            yield key, problem.replace(" /api/v1", f" {_API}")
