"""One installation for each pytest worker; each test has a channel and rules of its own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.flows.alerts.alarms import Alarms
from tests.flows.house import House
from tests.flows.premises import Premises

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
def premises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises[Alarms]]:
    held = Premises(tmp_path_factory, "alerts", _at_work)
    yield held
    held.close()


@pytest.fixture
def alarms(premises: Premises[Alarms], request: pytest.FixtureRequest) -> Iterator[Alarms]:
    opened = premises.now(request)
    opened.refill()
    yield opened
    opened.as_before()
