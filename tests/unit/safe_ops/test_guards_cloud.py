from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from safe_ops.model.plans import System
from safe_ops.operations.catalogue import CATALOGUE
from tests.unit.safe_ops.cases_cloud import CASES, MORE
from tests.unit.safe_ops.cloud_worlds import WORLDS, group_world
from tests.unit.safe_ops.ecs_worlds import scale_world

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.safe_ops.accounts import CloudWorld


def test_every_operation_on_aws_has_a_world() -> None:
    on_aws = {name for name, operation in CATALOGUE.items() if operation.system is System.AWS}

    assert on_aws == set(WORLDS)


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


@pytest.mark.parametrize(("operation", "guard", "change"), MORE)
def test_a_guard_refuses_for_each_of_its_reasons(
    operation: str, guard: str, change: Callable[[CloudWorld], None]
) -> None:
    world = WORLDS[operation]()
    change(world)

    assert world.refusals() == [guard]


@pytest.mark.parametrize("family", [scale_world, group_world])
@pytest.mark.parametrize(("percent", "refused"), [(34.5, []), (35.5, ["headroom"])])
def test_seventy_percent_of_what_is_left_is_where_scaling_down_ends(
    family: Callable[[int], CloudWorld], percent: float, refused: list[str]
) -> None:
    world = family(2)
    world.metrics["CPUUtilization"] = [percent] * 60

    assert world.refusals() == refused


@pytest.mark.parametrize(
    "metric", ["MemoryUtilization", "CPUUtilization a week ago", "MemoryUtilization a week ago"]
)
def test_memory_and_the_week_before_count_for_scaling_down_too(metric: str) -> None:
    world = scale_world(2)
    world.metrics[metric] = [36.0] * 60

    assert world.refusals() == ["headroom"]


def test_a_short_peak_does_not_hold_capacity() -> None:
    world = scale_world(2)
    world.metrics["CPUUtilization"] = [20.0] * 57 + [99.0] * 3

    assert world.refusals() == []


def test_what_was_never_measured_is_not_scaled_down() -> None:
    world = scale_world(2)
    world.metrics.clear()

    assert world.refusals() == ["headroom"]
    assert "cannot be known" in world.ruling("headroom")


def test_a_shorter_timeout_asks_no_caller() -> None:
    world = WORLDS["lambda_set_timeout"]()
    CASES["lambda_set_timeout", "callers-wait"](world)
    world.wanted["timeout_s"] = 5

    assert world.refusals() == []


def test_a_timeout_within_what_its_queue_allows_passes() -> None:
    world = WORLDS["lambda_set_timeout"]()
    CASES["lambda_set_timeout", "callers-wait"](world)
    world.wanted["timeout_s"] = 16

    assert world.refusals() == []


def test_a_refusal_says_the_numbers_it_rests_on() -> None:
    world = WORLDS["asg_set_desired"]()
    CASES["asg_set_desired", "group-bounds"](world)

    assert world.ruling("group-bounds").startswith("6 is outside the group's 2 to 5")
