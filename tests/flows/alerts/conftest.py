"""One installation for each pytest worker; each test has a channel and rules of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.flows.alerts.alarms import Alarms
from tests.flows.house import House

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alarms]:
    with House(tmp_path_factory.mktemp("alerts")) as house:
        alarms = Alarms(house)
        try:
            alarms.open(listeners=2)
            yield alarms
        finally:
            alarms.close()


@pytest.fixture
def alarms(opened: Alarms) -> Iterator[Alarms]:
    opened.refill()
    yield opened
    opened.as_before()
