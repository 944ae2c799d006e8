"""One attacked installation for each pytest worker; each test has a ground of its own."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.flows.attacks.siege import MODEL_KEY, Siege, settings_of
from tests.flows.house import House
from tests.flows.premises import Premises
from tests.lab.aws.apart import AwsApart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flows.operations.ground import Ground


@contextmanager
def _at_work(home: Path) -> Iterator[Siege]:
    # In a process of its own: moto can be had once in each, and other tests of it need it here.
    with AwsApart("operations", is_written=True) as aws:
        house = House(home, **settings_of(home, aws))
        house.model.api_key = MODEL_KEY
        with house:
            siege = Siege(house, aws)
            try:
                siege.open(operators=2)
                yield siege
            finally:
                siege.close()


@pytest.fixture(scope="session")
def premises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises[Siege]]:
    held = Premises(tmp_path_factory, "attacks", _at_work)
    yield held
    held.close()


@pytest.fixture
def siege(premises: Premises[Siege], request: pytest.FixtureRequest) -> Iterator[Siege]:
    opened = premises.now(request)
    opened.refill()
    yield opened
    opened.as_before()
    opened.check()
    opened.check_unharmed()


@pytest.fixture
def ground(siege: Siege) -> Ground:
    return siege.ground()
