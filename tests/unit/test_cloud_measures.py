"""What series say: climbs with and without restarts, steps, levels, and what holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.triage.cloud.measures import climb, held_above, last_above, level, total

Points = list[tuple[float, float]]


def points(*values: float) -> Points:
    return [(60.0 * place, value) for place, value in enumerate(values)]


def saw(low: float, high: float, steps: int, times: int) -> Points:
    rise = [low + (high - low) * step / steps for step in range(steps)]
    return points(*[low] * 20, *rise * times)


@given(
    st.floats(min_value=0, max_value=40),
    st.floats(min_value=70, max_value=100),
    st.integers(min_value=8, max_value=60),
    st.integers(min_value=1, max_value=5),
)
def test_memory_that_only_grows_is_a_climb_however_often_it_is_restarted(
    low: float, high: float, steps: int, times: int
) -> None:
    found = climb(saw(low, high, steps, times), least_rise=20)
    assert found is not None
    assert found.times == times
    assert found.per_min == pytest.approx((high - low) / steps, rel=0.01)
    assert found.since_s >= 19 * 60


@given(st.lists(st.floats(min_value=0, max_value=15), min_size=1, max_size=120))
def test_noise_below_the_least_rise_is_no_climb(values: list[float]) -> None:
    assert climb(points(*values), least_rise=20) is None


@given(st.integers(min_value=2, max_value=60), st.integers(min_value=2, max_value=60))
def test_one_step_to_a_new_level_is_no_climb(before: int, after: int) -> None:
    assert climb(points(*[10.0] * before, *[90.0] * after), least_rise=20) is None


def test_without_points_nothing_is_said() -> None:
    assert climb([], least_rise=1) is None
    assert held_above([], 1, least=1) is None
    assert last_above([], 1) is None
    assert level([], 0, 60) is None
    assert total([]) == 0


def test_what_holds_holds_until_now() -> None:
    assert held_above(points(10, 95, 96, 97), 90, least=3) == 60
    assert held_above(points(95, 96, 97, 10), 90, least=3) is None
    assert held_above(points(10, 10, 95, 96), 90, least=3) is None
