"""The lab's Messages API as a process of its own, so that its work is nobody's overhead.

As a program it says its address on standard output and serves until its standard input ends.
"""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.lab.installation import ROOT
from tests.lab.model.brains import ScriptedBrain, call, conclude
from tests.lab.model.server import ModelLab

if TYPE_CHECKING:
    from collections.abc import Iterator

TOOL_TURNS = 9
"""Turns that call the tool `look`, before the one that concludes."""


@contextmanager
def scripted_server() -> Iterator[str]:
    """Yield the address of a server that plays the script to everyone who asks."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.bench.scripted_server"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("the server has no pipes")
        yield server.stdout.readline().strip()
        server.stdin.close()


def main() -> None:
    """Serve."""
    script = [call("look", where=f"place {number}") for number in range(TOOL_TURNS)]
    with ModelLab(ScriptedBrain([*script, conclude()]), alternate=True) as lab:
        sys.stdout.write(f"{lab.url}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
