"""One installation with two operators for each pytest worker; each test has a ground of its own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.flows.house import House
from tests.flows.operations.factors import PUBLIC
from tests.flows.operations.guarded import Guarded
from tests.flows.premises import Premises

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flows.operations.ground import Ground


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
def premises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises[Guarded]]:
    held = Premises(tmp_path_factory, "operations", _at_work)
    yield held
    held.close()


@pytest.fixture
def guarded(premises: Premises[Guarded], request: pytest.FixtureRequest) -> Iterator[Guarded]:
    fresh = "untouched" in request.fixturenames
    opened = premises.now(request, fresh=fresh)
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
