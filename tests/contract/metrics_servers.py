"""What the contract tests of metrics share: a store, servers over it, readers that reach them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
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
    sources = PrometheusSources(
        {CLUSTER: endpoint},
        clock=SystemClock(),
        secret_of=(secrets or {}).get,
        aws_credentials=aws_credentials,
        timeout_s=timeout_s,
    )
    return sources.reader(CLUSTER)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate and its key, PEM files."""

    cert: Path
    key: Path


def self_signed(directory: Path, name: str) -> Certificate:
    """A certificate for 127.0.0.1 that trusts itself, made by openssl."""
    made = Certificate(cert=directory / f"{name}.crt", key=directory / f"{name}.key")
    subprocess.run(  # noqa: S603 -- our own arguments
        [  # noqa: S607 -- from PATH
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
            "-nodes", "-days", "2", "-subj", f"/CN={name}",
            "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", made.key, "-out", made.cert,
        ],
        check=True,
        capture_output=True,
        timeout=20,
    )  # fmt: skip
    return made
