from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from safe_ops.model.plans import System
from safe_ops.operations.catalogue import CATALOGUE
from tests.unit.safe_ops.accounts import NOW
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


@pytest.mark.parametrize("family", [scale_world, group_world])
@pytest.mark.parametrize(("each", "refused"), [(3.45, []), (3.55, ["requests"])])
def test_seventy_percent_of_what_one_was_seen_to_serve_is_where_it_ends_too(
    family: Callable[[int], CloudWorld], each: float, refused: list[str]
) -> None:
    world = family(2)
    world.metrics["RequestCountPerTarget a week ago"] = [each * 60] * 60

    assert world.refusals() == refused
    assert "the most one was seen to serve in a week is 10" in world.ruling("requests")


@pytest.mark.parametrize("family", [scale_world, group_world])
def test_what_no_load_balancer_counts_is_compared_without_requests_and_the_card_says_so(
    family: Callable[[int], CloudWorld],
) -> None:
    world = family(2)
    del world.metrics["RequestCountPerTarget in a week"]

    assert world.refusals() == []
    assert "requests could not be compared" in world.ruling("requests")
    assert "requests could not be compared" in world.drawing().notes[-1]


def test_a_quiet_hour_is_one_without_requests() -> None:
    world = scale_world(2)
    del world.metrics["RequestCountPerTarget"]
    del world.metrics["RequestCountPerTarget a week ago"]

    assert world.refusals() == []
    assert world.ruling("requests").endswith("; none were counted a week ago")


@pytest.mark.parametrize("family", [scale_world, group_world])
def test_what_is_younger_than_a_week_is_compared_with_what_there_is_of_it(
    family: Callable[[int], CloudWorld],
) -> None:
    world = family(2)
    for metric in ("CPUUtilization a week ago", "MemoryUtilization a week ago"):
        world.metrics.pop(metric, None)
    assert world.refusals() == ["headroom"]

    made = NOW - timedelta(days=6, hours=23)
    for answer in world.answers.values():
        for listed in answer.values():
            for one in listed:
                one |= {name: made for name in ("createdAt", "CreatedTime") if name in one}
    assert world.refusals() == []
    assert "younger than a week" in world.ruling("headroom")


def test_the_card_of_fewer_instances_says_that_memory_was_not_compared() -> None:
    assert "memory was not compared" in group_world(2).ruling("headroom")
    assert any("memory was not compared" in note for note in group_world(2).drawing().notes)
    assert not group_world(6).drawing().notes


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
