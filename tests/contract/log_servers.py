"""What the contract tests of logs share: lines to push, and tools and readers over a server."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.adapters.clock import SystemClock
from bot.adapters.logs.sources import LokiSources
from bot.domain.conversation import Scope
from bot.domain.logs import LogsEndpoint
from bot.domain.registry import FULL_ACCESS, Access
from bot.tools.logql.tool import LogqlTool

if TYPE_CHECKING:
    from bot.ports.logs import LogSource

CLUSTER = "prod-eu"
Lines = tuple[tuple[datetime, str], ...]


def sources_for(
    endpoint: LogsEndpoint, *, secrets: dict[str, str] | None = None, timeout_s: float = 10.0
) -> LokiSources:
    """One cluster's log server, on the machine's own clock."""
    return LokiSources(
        {CLUSTER: endpoint},
        clock=SystemClock(),
        secret_of=(secrets or {}).get,
        timeout_s=timeout_s,
    )


def reader_for(endpoint: LogsEndpoint, *, timeout_s: float = 10.0) -> LogSource:
    """A reader of one endpoint."""
    return sources_for(endpoint, timeout_s=timeout_s).reader(CLUSTER)


def tool_for(url: str, *, access: Access = FULL_ACCESS) -> LogqlTool:
    """The tool over one server; `staging` is known and has none."""
    scope = Scope(clusters=(CLUSTER, "staging"))
    return LogqlTool(sources_for(LogsEndpoint(url=url)), scope, access, SystemClock())


def ago(seconds: float) -> datetime:
    """A time before now."""
    return datetime.now(UTC) - timedelta(seconds=seconds)


def push(url: str, labels: dict[str, str], lines: Lines, *, tenant: str | None = None) -> None:
    """Add lines to a stream through the server's own API."""
    values = [[f"{int(at.timestamp() * 1_000_000)}000", line] for at, line in lines]
    body = json.dumps({"streams": [{"stream": labels, "values": values}]}).encode()
    headers = {"Content-Type": "application/json"}
    if tenant is not None:
        headers["X-Scope-OrgID"] = tenant
    request = urllib.request.Request(  # noqa: S310 -- loopback
        f"{url}/loki/api/v1/push", data=body, headers=headers
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- loopback
        assert answer.status == 204
