"""How long the command line takes to say anything, beside an interpreter that does nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.bench.rows import Goal, Row
from tests.bench.sampling import in_turn

RUNS = 15


def measure() -> list[Row]:
    """Return the wall time of `nightdesk --help`."""
    ours, bare = in_turn(
        RUNS,
        lambda: _run(str(Path(sys.executable).with_name("nightdesk")), "--help"),
        lambda: _run(sys.executable, "-c", "pass"),
    )
    return [
        Row(
            name="nightdesk --help",
            value=ours.median_s,
            unit="s",
            ratio=ours.median_s / bare.median_s,
            goal=Goal(at_most=0.4),
            note=f"to `python -c pass`, {bare.median_s:.3f} s",
        )
    ]


def _run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 -- the product itself
