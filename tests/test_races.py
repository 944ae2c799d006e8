"""No race of the specification is left without a test, and no test claims one there is not."""

from __future__ import annotations

import pytest

from tests.races import SHOWN_IN, Shown, shown


@pytest.fixture(scope="module")
def found() -> list[Shown]:
    return shown()


def test_there_are_eighteen_races() -> None:
    assert list(SHOWN_IN) == [f"R{number}" for number in range(1, 19)]


@pytest.mark.parametrize("number", SHOWN_IN)
def test_each_race_is_shown_wherever_it_has_to_be(number: str, found: list[Shown]) -> None:
    paths = [one.path for one in found if number in one.numbers]
    for place in SHOWN_IN[number]:
        assert [path for path in paths if path.startswith(place)], f"{number} in {place}"


def test_no_test_claims_a_race_there_is_not(found: list[Shown]) -> None:
    assert {number for one in found for number in one.numbers} <= SHOWN_IN.keys()
