"""An operator within the test's own process, for whom every wait is over at once.

What it waits for by its clock has passed by the same clock; it knows nothing of what it carries
out. Its times run ahead of the other processes', which beside SQLite have the machine's.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.adapters.clock import SystemClock
from bot.bootstrap.operator import build_bench
from bot.bootstrap.workplace import build_workplace
from bot.settings import Role, load
from tests.flows.operations.guarded import NO_MODEL

if TYPE_CHECKING:
    import pytest

    from safe_ops.model.actions import Action
    from tests.flows.operations.guarded import Guarded


class _Hurried(SystemClock):
    """The machine's time, and all that was slept through."""

    def __init__(self) -> None:
        self._slept = timedelta()

    def now(self) -> datetime:
        """Return the time as if every sleep had been real."""
        return super().now() + self._slept

    def sleep(self, seconds: float) -> None:
        """Return at once, so much later."""
        self._slept += timedelta(seconds=seconds)


def carried_out_at_once(
    guarded: Guarded, action: Action, monkeypatch: pytest.MonkeyPatch
) -> Action:
    """Carry an approved action out; return it as it ended.

    Call it while the installation is unmanned. Its environment is the installation's.
    """
    policy = {"NIGHTDESK_POLICY": str(guarded.policy_file)}
    for name, value in (guarded.house.installation.environment | policy | NO_MODEL).items():
        monkeypatch.setenv(name, value)
    settings = load(Role.OPERATOR)
    with closing(build_workplace(settings)) as place:
        bench = build_bench(settings, replace(place, clock=_Hurried()))
        return bench.operator.execute(action.action_id)
