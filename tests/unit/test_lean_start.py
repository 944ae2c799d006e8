"""A process loads at its start only what it works with: the rest costs memory in every one."""

from __future__ import annotations

import subprocess
import sys

WIRING = (
    "bot.entrypoints.commands",
    "bot.bootstrap.workplace",
    "bot.bootstrap.operations",
    "bot.bootstrap.investigator",
    "bot.bootstrap.operator",
    "bot.entrypoints.listen",
)
HEAVY = {"anthropic", "botocore", "kubernetes", "matplotlib", "numpy", "webauthn"}
"""5 to 50 MB each."""


def test_what_only_some_runs_need_is_not_loaded_at_the_start() -> None:
    script = f"import sys, {', '.join(WIRING)}; print(*sys.modules)"
    finished = subprocess.run(  # noqa: S603 -- our own interpreter
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, timeout=60
    )
    assert {name.partition(".")[0] for name in finished.stdout.split()} & HEAVY == set()
