"""What is said of a series: steps, trends, gaps, and what is no number."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.ports.metrics import Series
from bot.tools.promql.changes import changes_in
from bot.tools.promql.numbers import amount, number, percent
from bot.tools.promql.summary import Direction, Summary, summarised

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

STEP_S = 15.0
COUNT = 240


def points(shape: Callable[[int], float], count: int = COUNT) -> tuple[tuple[float, float], ...]:
    return tuple((place * STEP_S, float(shape(place))) for place in range(count))


def summary(
    samples: Sequence[tuple[float, float]], *, is_counter: bool = False, end_s: float | None = None
) -> Summary:
    found = summarised(
        Series(labels=(), points=tuple(samples)),
        start_s=0.0,
        end_s=(COUNT - 1) * STEP_S if end_s is None else end_s,
        step_s=STEP_S,
        is_counter=is_counter,
    )
    assert found is not None
    return found


@pytest.fixture
def rng() -> random.Random:
    return random.Random(7)


def test_a_step_is_found_where_it_begins(rng: random.Random) -> None:
    (change,) = changes_in(points(lambda i: (1 if i < 100 else 3) + rng.gauss(0, 0.1)))
    assert change.at_s == 100 * STEP_S
    assert change.before == pytest.approx(1, abs=0.05)
    assert change.after == pytest.approx(3, abs=0.05)


def test_a_step_smoothed_by_a_rate_is_dated_to_its_onset() -> None:
    # rate(…[5m]) takes twenty points of 15 s to rise.
    (change,) = changes_in(points(lambda i: min(max((i - 100) / 20, 0), 1) * 5))
    assert 100 <= change.at_s / STEP_S <= 106
    assert change.after == pytest.approx(5, rel=0.05)


def test_going_up_and_coming_back_are_two_changes(rng: random.Random) -> None:
    up, down = changes_in(points(lambda i: (9 if 100 <= i < 130 else 1) + rng.gauss(0, 0.2)))
    assert (up.at_s / STEP_S, down.at_s / STEP_S) == (100, 130)
    assert up.after == pytest.approx(9, rel=0.05)
    assert down.after == pytest.approx(1, rel=0.05)


@pytest.mark.parametrize(
    "shape",
    [
        lambda _: 4.0,
        lambda i: i * 0.1,
        lambda i: 10 + 5 * math.sin(i / 20),
        lambda i: float(i % 20),
        lambda i: 10 if i < 120 else 10.5,
        lambda i: 100.0 if i == 90 else 1.0,
    ],
    ids=["constant", "ramp", "wave", "saw", "five percent", "single peak"],
)
def test_what_is_no_step_is_not_called_one(shape: Callable[[int], float]) -> None:
    assert changes_in(points(shape)) == ()


def test_noise_alone_is_no_change(rng: random.Random) -> None:
    for _ in range(50):
        assert changes_in(points(lambda _: rng.gauss(10, 2))) == ()


def test_extremes_are_dated() -> None:
    found = summary(points(lambda i: -3.0 if i == 20 else 8.0 if i == 200 else 1.0))
    assert found.lowest == (20 * STEP_S, -3.0)
    assert found.highest == (200 * STEP_S, 8.0)
    assert found.last == ((COUNT - 1) * STEP_S, 1.0)


@pytest.mark.parametrize(
    ("shape", "direction"),
    [
        (lambda i: 5.0 + i * 0.05, Direction.RISING),
        (lambda i: 50.0 - i * 0.1, Direction.FALLING),
        (lambda i: 50.0 + i * 0.001, Direction.FLAT),
        (lambda _: 0.0, Direction.FLAT),
    ],
)
def test_a_trend_has_a_direction(shape: Callable[[int], float], direction: Direction) -> None:
    assert summary(points(shape)).trend.direction is direction


def test_three_points_have_no_trend() -> None:
    found = summary(points(float, 3))
    assert found.trend.direction is Direction.UNCLEAR


def test_a_gap_is_told_with_what_is_missing() -> None:
    samples = [point for place, point in enumerate(points(float)) if not 50 <= place < 60]
    (gap,) = summary(samples).gaps
    assert (gap.start_s, gap.end_s, gap.missing) == (49 * STEP_S, 60 * STEP_S, 10)


def test_a_series_that_begins_late_or_ends_early_says_so() -> None:
    found = summary(points(float)[100:200])
    assert found.begins_s == 100 * STEP_S
    assert found.ends_s == 199 * STEP_S
    whole = summary(points(float))
    assert whole.begins_s is whole.ends_s is None


def test_what_is_no_number_is_counted_and_left_out() -> None:
    odd = {3: math.nan, 4: math.nan, 9: math.inf, 10: -math.inf, 11: 1e200}
    found = summary(points(lambda i: odd.get(i, 2.0)))
    assert (found.not_a_number, found.infinite, found.points) == (2, 3, COUNT - 5)
    assert found.mean == found.lowest[1] == found.highest[1] == 2.0
    assert found.gaps == ()


def test_a_series_without_a_number_has_no_summary() -> None:
    series = Series(labels=(), points=((0.0, math.nan), (15.0, math.inf)))
    assert summarised(series, start_s=0, end_s=15, step_s=15) is None


def test_a_counter_that_falls_was_reset() -> None:
    samples = points(lambda i: float(i % 100))
    assert summary(samples, is_counter=True).resets == 2
    assert summary(samples).resets == 0


FLOATS = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=200, deadline=None)
@given(st.lists(FLOATS, min_size=1, max_size=60), st.booleans())
def test_any_values_at_all_can_be_summarised(values: list[float], is_counter: bool) -> None:
    samples = tuple((place * STEP_S, value) for place, value in enumerate(values))
    found = summarised(
        Series(labels=(), points=samples),
        start_s=0,
        end_s=len(values) * STEP_S,
        step_s=STEP_S,
        is_counter=is_counter,
    )
    usable = [value for value in values if abs(value) < 1e150]
    if found is None:
        assert usable == []
        return
    assert found.points + found.not_a_number + found.infinite == len(values)
    assert found.lowest[1] == min(usable)
    assert found.highest[1] == max(usable)
    assert all(0 <= change.at_s < len(values) * STEP_S for change in found.changes)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-2.0, "-2"),
        (0.123456, "0.1235"),
        (12_345.678, "12346"),
        (252_706_816.0, "252706816"),
        (0.00001234, "1.234e-05"),
        (math.nan, "NaN"),
        (-math.inf, "-Inf"),
        (1e21, "1e+21"),
    ],
)
def test_numbers_keep_the_digits_that_count(value: float, text: str) -> None:
    assert number(value) == text


def test_bytes_are_told_exactly_and_as_people_say() -> None:
    assert amount(252_706_816.0, "bytes") == "252706816 (241Mi)"
    assert amount(100.0, "bytes") == "100"
    assert amount(252_706_816.0, "") == "252706816"
    assert amount(math.nan, "bytes") == "NaN"


@pytest.mark.parametrize(
    ("value", "base", "text"),
    [(3, 2, "now +50%"), (1, 2, "now -50%"), (2.001, 2, "unchanged"), (0, 0, "unchanged"),
     (1, 0, "was 0"), (1, math.nan, "")],
)  # fmt: skip
def test_a_difference_is_told_without_dividing_by_zero(
    value: float, base: float, text: str
) -> None:
    assert percent(value, base) == text
