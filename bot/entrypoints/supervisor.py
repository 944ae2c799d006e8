"""`nightdesk up`: every process of one installation on one machine, restarted when it dies.

Each child gets the environment less the secrets its role may not hold. In a cluster this module
is not used: there each process is a Deployment of its own and Kubernetes restarts it. On Linux the
children end with it even when it is killed.
"""

from __future__ import annotations

import subprocess  # noqa: TID251 -- starts our own processes, by argument list, without a shell
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog

from bot.adapters.offspring import bound_to_us
from bot.domain.errors import SettingsError
from bot.entrypoints.stopping import StopRequest
from bot.settings import MODEL_SECRETS, SLACK_SECRETS, Settings, child_environment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports.clock import Clock

log = structlog.get_logger()

# Exit status of a process whose settings are wrong; starting it again would not mend them.
EXIT_SETTINGS = 2
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
# A child that lived this long died of something new, so its pause starts over.
STEADY_AFTER_S = 60.0
# Longer than a worker needs to hand its thread over at the next step.
STOP_WITHIN_S = 10.0
POLL_S = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One process to keep alive."""

    name: str
    command: str
    without: frozenset[str]
    """Environment variables this role may not see."""
    arguments: tuple[str, ...] = ()


@dataclass(slots=True, kw_only=True)
class _Running:
    child: Child
    popen: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    start_again_at: float | None = field(default=None)


def children_of(settings: Settings) -> tuple[Child, ...]:
    """Return the four kinds of process, each with the secrets it may not have (D4)."""
    return (
        Child(name="listener", command="listener", without=MODEL_SECRETS),
        *(
            Child(name=f"investigator-{number}", command="investigator", without=SLACK_SECRETS)
            for number in range(1, settings.service.question_workers + 1)
        ),
        *(
            Child(
                name=f"alert-investigator-{number}",
                command="investigator",
                arguments=("--lane", "alerts"),
                without=SLACK_SECRETS,
            )
            for number in range(1, settings.service.alert_workers + 1)
        ),
        Child(
            name="planner",
            command="operator",
            arguments=("--lane", "plans"),
            without=MODEL_SECRETS | SLACK_SECRETS,
        ),
        *(
            Child(
                name=f"operator-{number}",
                command="operator",
                without=MODEL_SECRETS | SLACK_SECRETS,
            )
            for number in range(1, settings.service.operators + 1)
        ),
        Child(name="cron", command="cron", without=MODEL_SECRETS | SLACK_SECRETS),
    )


class Supervisor:
    """Start the children, restart those that die, stop all on SIGTERM or Ctrl-C."""

    def __init__(
        self, children: Sequence[Child], *, clock: Clock, added_environment: dict[str, str]
    ) -> None:
        self._running = [_Running(child=child) for child in children]
        self._clock = clock
        self._added = added_environment
        self._stop = StopRequest(clock)

    def run(self) -> int:
        """Return the exit status once everything has stopped; 2 if a child's settings are wrong."""
        self._stop.listen()
        for running in self._running:
            self._start(running)
        status = 0
        try:
            while not self._stop.wait(POLL_S):
                for running in self._running:
                    self._look_after(running)
        except SettingsError:
            status = EXIT_SETTINGS
        finally:
            self._stop_all()
        return status

    def _start(self, running: _Running) -> None:
        child = running.child
        running.popen = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
            bound_to_us([sys.executable, "-m", "bot", child.command, *child.arguments]),
            env=child_environment(without=child.without, **self._added),
            start_new_session=True,
        )
        running.started_at = self._clock.monotonic()
        running.start_again_at = None
        log.info("child_started", child=child.name, pid=running.popen.pid)

    def _look_after(self, running: _Running) -> None:
        now = self._clock.monotonic()
        if running.start_again_at is not None:
            if now >= running.start_again_at:
                self._start(running)
            return
        if running.popen is None or running.popen.poll() is None:
            return
        status = running.popen.returncode
        log.warning("child_died", child=running.child.name, status=status)
        if status == EXIT_SETTINGS:
            raise SettingsError([f"{running.child.name} cannot start with these settings"])
        if now - running.started_at > STEADY_AFTER_S:
            running.pause_s = FIRST_PAUSE_S
        running.start_again_at = now + running.pause_s
        running.pause_s = min(running.pause_s * 2, LONGEST_PAUSE_S)

    def _stop_all(self) -> None:
        alive = [
            running.popen
            for running in self._running
            if running.popen is not None and running.popen.poll() is None
        ]
        for popen in alive:
            popen.terminate()
        deadline = self._clock.monotonic() + STOP_WITHIN_S
        for popen in alive:
            try:
                popen.wait(timeout=max(0.0, deadline - self._clock.monotonic()))
            except subprocess.TimeoutExpired:
                popen.kill()
                popen.wait()
        log.info("children_stopped", count=len(alive))
