"""One installation for each pytest worker; each test has a channel and rules of its own.

A test that is run again gets a new installation: its incidents of the first time would only be
told as repeats.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.flows.alerts.alarms import Alarms
from tests.flows.house import House

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Premises:
    """The installation that is open now."""

    def __init__(self, home: pytest.TempPathFactory) -> None:
        self._home = home
        self._open = ExitStack()
        self._alarms: Alarms | None = None

    def alarms(self, *, fresh: bool) -> Alarms:
        """Return the installation at work; with `fresh` one that nobody used."""
        if fresh:
            self.close()
        if self._alarms is None:
            self._alarms = self._open.enter_context(_at_work(self._home.mktemp("alerts")))
        return self._alarms

    def close(self) -> None:
        """Take the installation down."""
        self._alarms = None
        self._open.close()


@contextmanager
def _at_work(home: Path) -> Iterator[Alarms]:
    with House(home) as house:
        alarms = Alarms(house)
        try:
            alarms.open(listeners=2)
            yield alarms
        finally:
            alarms.close()


@pytest.fixture(scope="session")
def premises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises]:
    held = Premises(tmp_path_factory)
    yield held
    held.close()


@pytest.fixture
def alarms(premises: Premises, request: pytest.FixtureRequest) -> Iterator[Alarms]:
    # Counted by pytest-rerunfailures, from 1; absent without it.
    fresh = getattr(request.node, "execution_count", 1) > 1
    opened = premises.alarms(fresh=fresh)
    opened.refill()
    yield opened
    opened.as_before()
