"""One installation with two operators for each pytest worker; each test has a ground of its own.

A test that is run again gets a new installation: what it left in the first would count as pace.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.flows.house import House
from tests.flows.operations.factors import PUBLIC
from tests.flows.operations.guarded import Guarded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flows.operations.ground import Ground


class Premises:
    """The installation that is open now."""

    def __init__(self, home: pytest.TempPathFactory) -> None:
        self._home = home
        self._open = ExitStack()
        self._guarded: Guarded | None = None

    def guarded(self, *, fresh: bool) -> Guarded:
        """Return the installation at work; with `fresh` one that nobody used."""
        if fresh:
            self.close()
        if self._guarded is None:
            self._guarded = self._open.enter_context(_at_work(self._home.mktemp("operations")))
        return self._guarded

    def close(self) -> None:
        """Take the installation down."""
        self._guarded = None
        self._open.close()


@contextmanager
def _at_work(home: Path) -> Iterator[Guarded]:
    # Held requests are waited for: they end when a test says so.
    with House(home, NIGHTDESK_CLUSTER_TIMEOUT_S="25", NIGHTDESK_PUBLIC_URL=PUBLIC) as house:
        guarded = Guarded(house)
        try:
            guarded.open(operators=2)
            yield guarded
        finally:
            guarded.close()


@pytest.fixture(scope="session")
def premises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises]:
    held = Premises(tmp_path_factory)
    yield held
    held.close()


@pytest.fixture
def guarded(premises: Premises, request: pytest.FixtureRequest) -> Iterator[Guarded]:
    # Counted by pytest-rerunfailures, from 1; absent without it.
    is_rerun = getattr(request.node, "execution_count", 1) > 1
    fresh = is_rerun or "untouched" in request.fixturenames
    opened = premises.guarded(fresh=fresh)
    opened.refill()
    yield opened
    opened.as_before()
    opened.check()


@pytest.fixture
def untouched() -> None:
    """Ask for an installation nobody used: what others ran within the hour would count."""


@pytest.fixture
def ground(guarded: Guarded) -> Ground:
    return guarded.ground()
