"""Jobs for a worker under test; each leaves its trace in a file named by its argument."""

from __future__ import annotations

import time
from pathlib import Path

_asked_to_stop: list[bool] = []


def stop_soon() -> None:
    """What the worker calls on SIGTERM."""
    _asked_to_stop.append(True)


def note(path: str, word: str) -> None:
    with Path(path).open("a") as trace:
        trace.write(f"{word}\n")


def hang(path: str) -> None:
    """Run until the file says `go`, or the worker is asked to stop."""
    note(path, "started")
    while not _asked_to_stop and "go" not in Path(path).read_text():
        time.sleep(0.01)
    note(path, "released" if _asked_to_stop else "finished")


def ignore_everything(path: str) -> None:
    """Run until killed, or until the job's own alarm."""
    note(path, "started")
    try:
        while True:
            time.sleep(0.01)
    finally:
        note(path, "unwound")


def fail(path: str) -> None:
    note(path, "failed")
    raise LookupError("no such thread")
