"""One attacked installation for each pytest worker; each test has a ground of its own.

A test that is run again gets a new installation: its incidents of the first time would only be told
as repeats.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.flows.attacks.siege import MODEL_KEY, Siege, settings_of
from tests.flows.house import House
from tests.lab.aws.apart import AwsApart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.flows.operations.ground import Ground


class Premises:
    """The installation that is open now."""

    def __init__(self, home: pytest.TempPathFactory) -> None:
        self._home = home
        self._open = ExitStack()
        self._siege: Siege | None = None

    def siege(self, *, fresh: bool) -> Siege:
        """Return the installation at work; with `fresh` one that nobody attacked."""
        if fresh:
            self.close()
        if self._siege is None:
            self._siege = self._open.enter_context(_at_work(self._home.mktemp("attacks")))
        return self._siege

    def close(self) -> None:
        """Take the installation down."""
        self._siege = None
        self._open.close()


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
def premises(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Premises]:
    held = Premises(tmp_path_factory)
    yield held
    held.close()


@pytest.fixture
def siege(premises: Premises, request: pytest.FixtureRequest) -> Iterator[Siege]:
    # Counted by pytest-rerunfailures, from 1; absent without it.
    fresh = getattr(request.node, "execution_count", 1) > 1
    opened = premises.siege(fresh=fresh)
    opened.refill()
    yield opened
    opened.as_before()
    opened.check()
    opened.check_unharmed()


@pytest.fixture
def ground(siege: Siege) -> Ground:
    return siege.ground()
