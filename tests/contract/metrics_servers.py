"""What the contract tests of metrics share: a store, servers over it, readers that reach them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.metrics.sources import PrometheusSources
from bot.domain.conversation import Scope
from bot.domain.errors import UpstreamError
from bot.domain.metrics import MetricsEndpoint
from bot.domain.registry import FULL_ACCESS, Access
from bot.tools.promql.tool import PromqlTool
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.ports.metrics import MetricsReader
    from tests.lab.metrics.server import MetricsLab

CLUSTER = "prod-eu"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
UP = 'up{job="x"}'


def reader_for(
    endpoint: MetricsEndpoint,
    *,
    secrets: dict[str, str] | None = None,
    timeout_s: float = 5.0,
    aws_credentials: Callable[[], Any] | None = None,
) -> MetricsReader:
    """A reader of one endpoint, on the machine's own clock."""
    sources = sources_for(
        endpoint, secrets=secrets, timeout_s=timeout_s, aws_credentials=aws_credentials
    )
    return sources.reader(CLUSTER)


def sources_for(
    endpoint: MetricsEndpoint,
    *,
    secrets: dict[str, str] | None = None,
    timeout_s: float = 5.0,
    aws_credentials: Callable[[], Any] | None = None,
) -> PrometheusSources:
    """One cluster's metrics server, on the machine's own clock."""
    return PrometheusSources(
        {CLUSTER: endpoint},
        clock=SystemClock(),
        secret_of=(secrets or {}).get,
        aws_credentials=aws_credentials,
        timeout_s=timeout_s,
    )


def tool_for(lab: MetricsLab, *, access: Access = FULL_ACCESS) -> PromqlTool:
    """The tool over one server, in the lab's time."""
    time = LabTime(lab.clock)
    sources = PrometheusSources(
        {CLUSTER: MetricsEndpoint(url=lab.url)}, clock=time, secret_of=lambda _: None
    )
    return PromqlTool(sources, Scope(clusters=(CLUSTER, "staging")), access, time)


def fault_of(reader: MetricsReader) -> UpstreamError:
    """How asking that reader fails."""
    with pytest.raises(UpstreamError) as caught:
        reader.instant(UP, at=NOON, limit=10)
    assert caught.value.system == "metrics prod-eu"
    return caught.value
