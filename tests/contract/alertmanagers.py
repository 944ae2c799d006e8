"""What the contract tests of Alertmanager share: the real server, what is in it, and readers."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import urllib.error
import urllib.request
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.adapters.alertmanager.sources import AlertmanagerStates
from bot.adapters.clock import SystemClock
from bot.domain.alert_server import AlertmanagerEndpoint
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.ports.alert_state import AlertStateReader

CLUSTER = "prod-eu"
# Debian's name for it, then its own.
_PROGRAMS = ("prometheus-alertmanager", "alertmanager")
_CONFIG = """\
route: {receiver: nobody}
receivers: [{name: nobody}]
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_matchers: [severity="warning"]
    equal: [namespace]
"""


def program() -> str | None:
    """Where the real server is; None if it is not installed."""
    return next((found for name in _PROGRAMS if (found := shutil.which(name))), None)


@contextmanager
def running(home: Path) -> Iterator[str]:
    """An empty Alertmanager on loopback; gives what stands before `/api/v2`."""
    config = home / "alertmanager.yml"
    config.write_text(_CONFIG, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(  # noqa: S603 -- our own arguments
        [
            str(program()),
            f"--config.file={config}",
            f"--storage.path={home / 'state'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=error",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"

    def is_ready() -> bool:
        assert server.poll() is None, f"it ended with code {server.returncode}"
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=2) as answer:  # noqa: S310 -- loopback
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    try:
        eventually(is_ready, "Alertmanager is ready", within_s=30)
        yield url
    finally:
        server.terminate()
        server.wait(timeout=20)


def states_for(
    endpoint: AlertmanagerEndpoint,
    *,
    secrets: dict[str, str] | None = None,
    timeout_s: float = 10.0,
) -> AlertmanagerStates:
    """One cluster's Alertmanager, on the machine's own clock."""
    return AlertmanagerStates(
        {CLUSTER: endpoint},
        clock=SystemClock(),
        secret_of=(secrets or {}).get,
        timeout_s=timeout_s,
    )


def reader_for(url: str, *, timeout_s: float = 10.0) -> AlertStateReader:
    """A reader of one address."""
    return states_for(AlertmanagerEndpoint(url=url), timeout_s=timeout_s).reader(CLUSTER)


def fire(
    url: str,
    labels: dict[str, str],
    *,
    annotations: dict[str, str] | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    generator_url: str = "",
) -> None:
    """Send an alert as Prometheus does."""
    alert: dict[str, Any] = {"labels": labels, "annotations": annotations or {}}
    if since is not None:
        alert["startsAt"] = since.isoformat()
    if until is not None:
        alert["endsAt"] = until.isoformat()
    if generator_url:
        alert["generatorURL"] = generator_url
    _post(f"{url}/api/v2/alerts", [alert])


def silence(url: str, name: str, value: str) -> str:
    """Silence alerts with a label for an hour; return the silence's id."""
    now = datetime.now(UTC)
    answer = _post(
        f"{url}/api/v2/silences",
        {
            "matchers": [{"name": name, "value": value, "isRegex": False, "isEqual": True}],
            "startsAt": now.isoformat(),
            "endsAt": (now + timedelta(hours=1)).isoformat(),
            "createdBy": "sre",
            "comment": "known",
        },
    )
    return str(answer["silenceID"])


def _post(url: str, body: object) -> Any:
    request = urllib.request.Request(  # noqa: S310 -- loopback
        url, data=json.dumps(body).encode(), headers={"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- loopback
        said = answer.read()
    return json.loads(said) if said else None
