"""Lines of measurements, and what is read off them: levels, lives, climbs, time to full."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.triage.measured.climbing import climb, stays_full
from bot.triage.measured.disks import time_to_full
from bot.triage.measured.series import (
    RECENT_S,
    combined,
    finite,
    line,
    lives,
    now,
    ratio,
    rises_steadily,
    shift,
)

Points = list[tuple[float, float]]

STEP_S = 120.0
NOW_S = 1_760_000_000.0
MIB = float(2**20)
LIMIT = 512 * MIB

values = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, 1.0, math.nan, math.inf])
)
lines = st.lists(
    st.tuples(st.integers(min_value=0, max_value=400).map(lambda n: NOW_S - n * STEP_S), values),
    max_size=60,
    unique_by=lambda point: point[0],
)


def saw(*, hours: float, per_hour: float, life_h: float, base: float = 100 * MIB) -> Points:
    """Memory that grows in each life and begins anew; the newest life ends now."""
    count = int(hours * 3_600 / STEP_S)
    found = []
    for number in range(count + 1):
        at_s = NOW_S - (count - number) * STEP_S
        lived_h = ((at_s - NOW_S) / 3_600 + 1_000 * life_h - 0.001) % life_h
        found.append((at_s, base + per_hour * lived_h))
    return found


def flat(level: float, *, hours: float = 6) -> Points:
    count = int(hours * 3_600 / STEP_S)
    return [(NOW_S - number * STEP_S, level) for number in range(count, -1, -1)]


def spoiled(points: Points, *, seed: int) -> Points:
    """The same line with holes, NaN and infinities, as real ones have them."""
    chance = random.Random(seed)
    kept = [point for point in points if chance.random() > 0.15]
    odd = [math.nan, math.inf, -math.inf]
    return [
        (at, chance.choice(odd)) if chance.random() < 0.1 else (at, value) for at, value in kept
    ]


@given(lines)
def test_no_line_of_measurements_makes_the_reading_fail(points: Points) -> None:
    shift(points)
    rises_steadily(points)
    found = line(points)
    level = now(points, at_s=NOW_S)
    assert level is None or math.isfinite(level)
    assert found is None or (math.isfinite(found.per_s) and found.fit <= 1)
    climb(points, restarts=points, limit=LIMIT, at_s=NOW_S)
    if level is not None:
        time_to_full(points, level=level)


@given(lines, lines)
def test_every_number_lives_in_exactly_one_life(points: Points, restarts: Points) -> None:
    found = lives(points, restarts=restarts)
    assert all(found)
    assert tuple(point for life in found for point in life) == finite(points)


@given(st.floats(min_value=-1e6, max_value=1e6), st.floats(min_value=-1e3, max_value=1e3))
def test_least_squares_find_the_line_that_points_are_on(start: float, per_s: float) -> None:
    found = line([(NOW_S + n * 60.0, start + per_s * n * 60.0) for n in range(40)])
    assert found is not None
    assert found.per_s == pytest.approx(per_s, rel=1e-6, abs=1e-6)


def test_what_was_measured_too_long_ago_is_no_now() -> None:
    points = [(NOW_S - RECENT_S - n * STEP_S - 1, 5.0) for n in range(20)]
    assert now(points, at_s=NOW_S) is None
    assert now([*points, (NOW_S, math.nan)], at_s=NOW_S) is None
    assert now([*points, (NOW_S, 7.0)], at_s=NOW_S) == 7


@given(st.integers(min_value=0, max_value=10_000))
def test_a_leak_that_restarts_reset_is_seen_through_gaps(seed: int) -> None:
    points = spoiled(saw(hours=6, per_hour=110 * MIB, life_h=2.9), seed=seed)
    if now(points, at_s=NOW_S) is None:
        return
    found = climb(points, limit=LIMIT, at_s=NOW_S)
    assert found is not None
    assert found.lives >= 2
    assert found.per_s * 3_600 == pytest.approx(110 * MIB, rel=0.02)
    assert found.left_s == pytest.approx((LIMIT - found.level) / found.per_s)


def test_restarts_part_lives_where_memory_does_not_fall() -> None:
    points = [(NOW_S - (200 - n) * STEP_S, 100 * MIB + n * MIB) for n in range(201)]
    restarts = [(at, float(at > NOW_S - 7_000)) for at, _ in points]
    assert len(lives(points)) == 1
    first, second = lives(points, restarts=restarts)
    assert second[0][0] > NOW_S - 7_000 - STEP_S
    assert first[-1][0] < second[0][0]


def test_one_long_climb_is_a_leak_and_a_young_one_is_not() -> None:
    points = saw(hours=4, per_hour=80 * MIB, life_h=5)
    found = climb(points, limit=LIMIT, at_s=NOW_S)
    assert found is not None
    assert found.lives == 1
    assert climb(points[-16:], limit=LIMIT, at_s=NOW_S) is None


def test_after_two_lives_that_leaked_a_young_third_is_believed_to() -> None:
    points = saw(hours=6, per_hour=110 * MIB, life_h=2.9)
    young = [*points, *((NOW_S + n * STEP_S, 100 * MIB) for n in range(1, 6))]
    found = climb(young, limit=LIMIT, at_s=NOW_S + 5 * STEP_S)
    assert found is not None
    assert found.lives >= 2


@pytest.mark.parametrize(
    "points",
    [
        flat(500 * MIB),
        [*flat(200 * MIB)[:90], *((at, 480 * MIB) for at, _ in flat(0)[90:])],
        [(at, min(500.0, 100 + n * 8) * MIB) for n, (at, _) in enumerate(flat(0))],
        saw(hours=6, per_hour=4_000 * MIB, life_h=0.1),
        [(at, (300 + 60 * math.sin(n / 6)) * MIB) for n, (at, _) in enumerate(flat(0))],
    ],
    ids=["plateau", "jump", "warm-up", "killed within minutes", "breathing"],
)
def test_other_shapes_of_memory_are_no_leak(points: Points) -> None:
    assert climb(points, limit=LIMIT, at_s=NOW_S) is None


def test_a_limit_far_off_is_no_leak_of_today() -> None:
    points = saw(hours=6, per_hour=20 * MIB, life_h=7, base=380 * MIB)
    assert climb(points, limit=2 * LIMIT, at_s=NOW_S) is None
    assert climb(points, limit=1.5 * LIMIT, at_s=NOW_S) is not None


def test_memory_is_full_only_if_it_stays_so() -> None:
    assert stays_full(flat(0.97 * LIMIT), limit=LIMIT, at_s=NOW_S, share=0.95)
    dipped = [*flat(0.97 * LIMIT)[:-5], (NOW_S - 480, 0.8 * LIMIT), (NOW_S, 0.97 * LIMIT)]
    assert not stays_full(dipped, limit=LIMIT, at_s=NOW_S, share=0.95)
    assert not stays_full([], limit=LIMIT, at_s=NOW_S, share=0.95)


def test_time_to_full_is_counted_from_the_last_cleaning_up() -> None:
    before = [(NOW_S - (300 - n) * STEP_S, 0.5 + n * 0.003) for n in range(150)]
    after = [(NOW_S - (150 - n) * STEP_S, 0.3 + n * 0.001) for n in range(151)]
    left_s = time_to_full([*before, *after], level=0.45)
    assert left_s == pytest.approx(0.55 / (0.001 / STEP_S), rel=0.01)


@pytest.mark.parametrize("level", [0.5, 0.99])
def test_a_volume_that_does_not_fill_has_no_time_to_full(level: float) -> None:
    assert time_to_full(flat(level), level=level) is None
    assert time_to_full([], level=level) is None


def test_a_share_of_no_requests_is_no_share() -> None:
    whole = [(1.0, 0.0), (2.0, 4.0), (3.0, 2.0)]
    assert ratio([(1.0, 0.0), (2.0, 1.0)], whole) == ((2.0, 0.25), (3.0, 0.0))


def test_lines_are_added_time_by_time_without_what_is_no_number() -> None:
    summed = combined([[(1.0, 1.0), (2.0, math.nan)], [(1.0, 2.0), (2.0, 5.0)]])
    assert summed == ((1.0, 3.0), (2.0, 5.0))
