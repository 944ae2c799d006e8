from __future__ import annotations

import pytest

from safe_ops.operations.catalogue import CATALOGUE
from tests.unit.safe_ops.cases_nodes import CASES, WORLDS


@pytest.mark.parametrize("operation", WORLDS)
def test_where_everything_is_well_no_guard_refuses(operation: str) -> None:
    assert WORLDS[operation]().refusals() == []


@pytest.mark.parametrize(("operation", "guard"), CASES)
def test_exactly_one_guard_sees_what_is_wrong(operation: str, guard: str) -> None:
    world = WORLDS[operation]()
    CASES[operation, guard](world)

    assert world.refusals() == [guard]


@pytest.mark.parametrize(("operation", "guard"), CASES)
def test_without_that_guard_it_would_go_through(operation: str, guard: str) -> None:
    world = WORLDS[operation]()
    CASES[operation, guard](world)

    assert world.refusals(without=guard) == []


@pytest.mark.parametrize("operation", WORLDS)
def test_every_guard_of_an_operation_has_a_case(operation: str) -> None:
    listed = {guard for name, guard in CASES if name == operation}

    assert {guard.name for guard in CATALOGUE[operation].guards} == listed


@pytest.mark.parametrize(("operation", "guard"), CASES)
def test_a_ruling_carries_its_guards_name_and_a_sentence(operation: str, guard: str) -> None:
    world = WORLDS[operation]()
    CASES[operation, guard](world)
    case = world.case()

    rulings = [(one.name, one.decide(case)) for one in CATALOGUE[operation].guards]

    assert all(ruling.guard == name for name, ruling in rulings)
    assert all(len(ruling.says) > 10 for _, ruling in rulings)
