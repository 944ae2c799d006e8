"""The product's own processes, started as in production, against a lab."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent.parent
STOP_WITHIN_S = 15.0
# What a developer has in the shell must not reach the product under test.
FOREIGN = ("SLACK_", "ANTHROPIC_", "NIGHTDESK_", "AWS_", "KUBE", "DATABASE_URL", "REDIS_URL")


class Process:
    """One process of the product; its log lines are kept in a file."""

    def __init__(self, *command: str, environment: Mapping[str, str], log: Path) -> None:
        self.log = log
        clean = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        with log.open("ab") as sink:
            self.popen = subprocess.Popen(  # noqa: S603 -- the product itself
                [sys.executable, "-m", "bot", *command],
                env={**clean, **environment},
                cwd=ROOT,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def said(self) -> str:
        """Everything it logged."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait_until_said(self, words: str, *, within_s: float = 20.0) -> None:
        """Return once the words are in its log."""
        try:
            eventually(lambda: words in self.said(), f"{words!r} logged", within_s=within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; it said: {self.said()[-3000:]}") from None

    def kill(self) -> None:
        """Take it away without a word (SIGKILL)."""
        self.popen.send_signal(signal.SIGKILL)
        self.popen.wait()

    def stop(self) -> None:
        """Ask it to end, and make it end."""
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(timeout=STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.kill()


class Installation:
    """A set of processes that ends with its context."""

    def __init__(self, environment: Mapping[str, str], *, logs: Path) -> None:
        self.environment = dict(environment)
        self._logs = logs
        self._started: list[Process] = []

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_exc: object) -> None:
        for process in self._started:
            process.popen.poll()
        for process in reversed(self._started):
            process.stop()

    def start(self, *command: str, **more: str) -> Process:
        """Start one process, such as `investigator`; `more` adds to its environment."""
        process = Process(
            *command,
            environment={**self.environment, **more},
            log=self._logs / f"{len(self._started)}-{command[0]}.log",
        )
        self._started.append(process)
        return process

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return subprocess.run(  # noqa: S603 -- the product itself
            [sys.executable, "-m", "bot", *command],
            env={**clean, **self.environment},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
