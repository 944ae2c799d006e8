"""The real Loki, empty and on loopback, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.lab import programs
from tests.lab.programs import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Its ring waits a while before it calls itself ready.
READY_WITHIN_S = 50.0
# Schema and store that every version since 2.4 still reads.
_CONFIG = """\
auth_enabled: false
server:
  http_listen_address: 127.0.0.1
  http_listen_port: {http}
  grpc_listen_address: 127.0.0.1
  grpc_listen_port: {grpc}
  log_level: error
common:
  instance_addr: 127.0.0.1
  path_prefix: {home}
  replication_factor: 1
  ring:
    kvstore:
      store: inmemory
  storage:
    filesystem:
      chunks_directory: {home}/chunks
      rules_directory: {home}/rules
schema_config:
  configs:
    - from: 2020-10-24
      store: boltdb-shipper
      object_store: filesystem
      schema: v11
      index:
        prefix: index_
        period: 24h
limits_config:
  max_entries_limit_per_query: {entries_limit}
"""


def missing() -> str | None:
    """Why the real server cannot be used; None if it can."""
    program = shutil.which("loki")
    if program is None:
        return "Grafana's loki is not installed"
    told = subprocess.run(  # noqa: S603 -- a fixed question
        [program, "-version"], check=False, capture_output=True, text=True, timeout=10
    )
    if "branch" not in told.stdout + told.stderr:
        return "the loki installed here is not Grafana's (Debian's package is a genetics program)"
    return None


@contextmanager
def running(home: Path, *, entries_limit: int) -> Iterator[str]:
    """An empty Loki; gives what stands before `/loki/api/v1`."""
    home.mkdir(parents=True, exist_ok=True)
    http, grpc = free_ports(2)
    config = home / "loki.yaml"
    config.write_text(
        _CONFIG.format(http=http, grpc=grpc, home=home, entries_limit=entries_limit),
        encoding="utf-8",
    )
    url = f"http://127.0.0.1:{http}"
    with programs.running(
        ["loki", f"-config.file={config}"], ready_url=f"{url}/ready", within_s=READY_WITHIN_S
    ):
        yield url
