"""The real Prometheus with the lab's samples in it, where it is installed."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.lab import programs
from tests.lab.metrics.tracks import NAME
from tests.lab.programs import free_ports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.metrics.tracks import MetricStore

READY_WITHIN_S = 30.0


def missing() -> str | None:
    """Why the real server cannot be used; None if it can."""
    for program in ("prometheus", "promtool"):
        if shutil.which(program) is None:
            return f"{program} is not installed (apt install prometheus)"
    return None


def openmetrics(store: MetricStore, *, start_s: float, end_s: float) -> str:
    """All samples of a span as OpenMetrics text; every family is of unknown type."""
    families: dict[str, list[str]] = {}
    for track in store.tracks():
        name = track.labels[NAME]
        labels = ",".join(
            f'{label}="{_escaped(text)}"'
            for label, text in sorted(track.labels.items())
            if label != NAME
        )
        lines = families.setdefault(name, [])
        lines += [
            f"{name}{{{labels}}} {_number(value)} {at_s:.3f}"
            for at_s, value in track.window(start_s, end_s)
        ]
    parts = [f"# TYPE {name} unknown\n" + "\n".join(lines) for name, lines in families.items()]
    return "\n".join((*parts, "# EOF\n"))


@contextmanager
def running(store: MetricStore, home: Path, *, start_s: float, end_s: float) -> Iterator[str]:
    """A Prometheus that holds the samples of a span; gives what stands before `/api/v1`."""
    home.mkdir(parents=True, exist_ok=True)
    text, blocks, config = home / "samples.om", home / "tsdb", home / "prometheus.yml"
    text.write_text(openmetrics(store, start_s=start_s, end_s=end_s), encoding="utf-8")
    config.write_text("{}\n", encoding="utf-8")
    subprocess.run(  # noqa: S603 -- our own arguments
        ["promtool", "tsdb", "create-blocks-from", "openmetrics", text, blocks],  # noqa: S607 -- PATH
        check=True,
        capture_output=True,
        timeout=60,
    )
    (port,) = free_ports(1)
    url = f"http://127.0.0.1:{port}"
    arguments = [
        "prometheus",
        f"--config.file={config}",
        f"--storage.tsdb.path={blocks}",
        "--storage.tsdb.retention.time=10y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=error",
    ]
    with programs.running(arguments, ready_url=f"{url}/-/ready", within_s=READY_WITHIN_S):
        yield url


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if value != value:  # noqa: PLR0124 -- NaN
        return "NaN"
    return {float("inf"): "+Inf", float("-inf"): "-Inf"}.get(value, repr(float(value)))
