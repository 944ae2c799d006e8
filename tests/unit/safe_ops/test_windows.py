"""When changes are allowed: weekly windows and freezes, also where clocks jump."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_ops.policy.policy import Policy
from safe_ops.policy.rules import Freeze, Rules, WeeklyWindow
from safe_ops.policy.standard import DEFAULT_POLICY
from safe_ops.policy.windows import Window, first_moment, last_moment

ALL_DAYS = tuple(range(7))
BERLIN = ZoneInfo("Europe/Berlin")
# Clocks go forward at 02:00 on 2026-03-29 and back at 03:00 on 2026-10-25.
SPRING = datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
AUTUMN = datetime(2026, 10, 25, 1, 0, tzinfo=UTC)


def weekly(
    begins: str,
    ends: str,
    *,
    allows: bool = True,
    days: tuple[int, ...] = ALL_DAYS,
    zone: str = "Europe/Berlin",
) -> WeeklyWindow:
    return WeeklyWindow(
        name="allowed" if allows else "denied",
        allows=allows,
        environments=("prod",),
        zone=zone,
        days=days,
        begins=time.fromisoformat(begins),
        ends=time.fromisoformat(ends),
    )


def freeze(begins: str, ends: str, zone: str = "UTC") -> Freeze:
    return Freeze(
        reason="moving house",
        environments=("prod",),
        zone=zone,
        begins=datetime.fromisoformat(begins),
        ends=datetime.fromisoformat(ends),
    )


def window(
    at: datetime | str, *entries: WeeklyWindow | Freeze, environment: str = "prod"
) -> Window:
    rules = Rules(
        windows=tuple(entry for entry in entries if isinstance(entry, WeeklyWindow)),
        freezes=tuple(entry for entry in entries if isinstance(entry, Freeze)),
    )
    moment = at if isinstance(at, datetime) else datetime.fromisoformat(at).replace(tzinfo=UTC)
    return Policy(rules=rules).window(environment, moment)


def test_without_windows_and_freezes_it_is_always_open() -> None:
    found = DEFAULT_POLICY.window("prod", SPRING)
    assert found == Window(open=True, says="prod is open: no window or freeze is in the way")


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-23T07:59", False),
        ("2026-11-23T08:00", True),
        ("2026-11-23T15:59", True),
        ("2026-11-23T16:00", False),
        ("2026-11-22T12:00", False),
    ],
)
def test_hours_are_those_of_the_zone(at: str, is_open: bool) -> None:
    assert window(at, weekly("09:00", "17:00", days=(0,))).open is is_open


def test_the_same_hours_hold_in_summer() -> None:
    assert window("2026-07-06T07:00", weekly("09:00", "17:00")).open
    assert not window("2026-07-06T15:00", weekly("09:00", "17:00")).open


def test_a_window_may_cross_midnight_and_belongs_to_the_day_it_begins_on() -> None:
    friday_night = weekly("22:00", "02:00", days=(4,), zone="UTC")
    assert window("2026-11-27T22:00", friday_night).open
    assert window("2026-11-28T01:59", friday_night).open
    assert not window("2026-11-28T02:00", friday_night).open
    assert not window("2026-11-27T01:00", friday_night).open


def test_from_midnight_to_midnight_is_the_whole_day() -> None:
    saturday = weekly("00:00", "00:00", days=(5,), zone="UTC")
    assert window("2026-11-28T00:00", saturday).open
    assert window("2026-11-28T23:59", saturday).open
    assert not window("2026-11-29T00:00", saturday).open


def test_closing_beats_allowing() -> None:
    found = window(
        "2026-11-23T11:00",
        weekly("09:00", "17:00", zone="UTC"),
        weekly("11:00", "12:00", allows=False, zone="UTC"),
    )
    assert found == Window(
        open=False,
        says="prod is closed: `denied` allows no changes Mon, Tue, Wed, Thu, Fri, Sat, Sun 11:00 to"
        " 12:00 UTC; it opens Mon 2026-11-23 12:00 UTC",
        opens_at=datetime(2026, 11, 23, 12, tzinfo=UTC),
    )


def test_a_closing_window_alone_leaves_the_rest_open() -> None:
    night = weekly("22:00", "06:00", allows=False, zone="UTC")
    assert window("2026-11-23T12:00", night).says == (
        "prod is open: no window or freeze is in the way"
    )
    assert window("2026-11-23T23:00", night).opens_at == datetime(2026, 11, 24, 6, tzinfo=UTC)


def test_any_of_several_allowing_windows_opens() -> None:
    morning, evening = weekly("08:00", "09:00", zone="UTC"), weekly("20:00", "21:00", zone="UTC")
    assert window("2026-11-23T20:30", morning, evening).says == (
        "prod is open: `allowed` allows changes Mon, Tue, Wed, Thu, Fri, Sat, Sun 20:00 to"
        " 21:00 UTC"
    )
    closed = window("2026-11-23T10:00", morning, evening)
    assert closed.opens_at == datetime(2026, 11, 23, 20, tzinfo=UTC)
    assert "changes only within `allowed` (Mon," in closed.says


def test_a_freeze_closes_until_its_end_and_the_window_after_it_opens() -> None:
    frozen = freeze("2026-12-18T17:00", "2027-01-04T00:00", "Europe/Berlin")
    found = window("2026-12-24T12:00", frozen, weekly("09:00", "17:00", days=(0, 1, 2, 3, 4)))
    assert found.says == (
        "prod is closed: frozen until Mon 2027-01-04 00:00 Europe/Berlin (moving house); it opens"
        " Mon 2027-01-04 09:00 Europe/Berlin"
    )
    alone = window("2026-12-24T12:00", frozen)
    assert alone.opens_at == datetime(2027, 1, 3, 23, tzinfo=UTC)
    assert window("2026-12-18T15:59", frozen).open
    assert window("2027-01-03T23:00", frozen).open


def test_freezes_that_touch_are_one() -> None:
    found = window(
        "2026-12-01T12:00",
        freeze("2026-12-01T00:00", "2026-12-05T00:00"),
        freeze("2026-12-05T00:00", "2026-12-24T00:00"),
    )
    assert found.opens_at == datetime(2026, 12, 24, tzinfo=UTC)


def test_a_freeze_that_is_over_does_not_count() -> None:
    assert window("2026-12-24T12:00", freeze("2026-12-01T00:00", "2026-12-05T00:00")).open


def test_what_never_opens_says_so() -> None:
    found = window("2026-11-23T11:00", weekly("00:00", "00:00", allows=False))
    assert found.opens_at is None
    assert found.says.endswith("; no opening is in sight")


def test_windows_count_for_their_environments_only() -> None:
    closed = weekly("00:00", "00:00", allows=False)
    assert window(
        SPRING, closed, freeze("2026-01-01T00:00", "2027-01-01T00:00"), environment="dev"
    ).open
    unlisted = window(SPRING, closed, environment="nobody listed this")
    assert not unlisted.open


def test_a_time_that_is_skipped_is_the_moment_of_the_jump() -> None:
    for skipped in ("02:00", "02:01", "02:30", "02:59:59", "03:00"):
        wall = datetime.fromisoformat(f"2026-03-29T{skipped}")
        assert first_moment(wall, BERLIN) == last_moment(wall, BERLIN) == SPRING


def test_a_time_that_comes_twice_has_a_first_and_a_last_moment() -> None:
    wall = datetime.fromisoformat("2026-10-25T02:30")
    assert first_moment(wall, BERLIN) == AUTUMN - timedelta(minutes=30)
    assert last_moment(wall, BERLIN) == AUTUMN + timedelta(minutes=30)


def test_windows_in_the_skipped_hour_begin_with_the_jump() -> None:
    assert window(SPRING, weekly("02:30", "03:30")).open
    assert not window(SPRING - timedelta(minutes=1), weekly("02:30", "03:30")).open
    assert window(SPRING + timedelta(minutes=29), weekly("02:30", "03:30")).open
    assert not window(SPRING + timedelta(minutes=30), weekly("02:30", "03:30")).open


def test_a_window_wholly_in_the_skipped_hour_does_not_open_that_day() -> None:
    skipped = weekly("02:10", "02:50")
    for minutes in range(-120, 120, 5):
        assert not window(SPRING + timedelta(minutes=minutes), skipped).open
    opens_at = window(SPRING - timedelta(minutes=5), skipped).opens_at
    assert opens_at == datetime(2026, 3, 30, 0, 10, tzinfo=UTC)


def test_in_the_hour_that_comes_twice_allowing_ends_first_and_closing_last() -> None:
    allowed = weekly("01:00", "02:30")
    denied = weekly("01:00", "02:30", allows=False)
    half = timedelta(minutes=30)
    assert window(AUTUMN - half - timedelta(minutes=1), allowed).open
    assert not window(AUTUMN - half, allowed).open
    assert not window(AUTUMN + timedelta(minutes=5), allowed).open
    assert not window(AUTUMN + half - timedelta(minutes=1), denied).open
    assert window(AUTUMN + half, denied).open


def test_a_freeze_that_ends_in_the_hour_that_comes_twice_ends_with_the_second() -> None:
    frozen = freeze("2026-10-01T00:00", "2026-10-25T02:30", "Europe/Berlin")
    assert window(AUTUMN, frozen).opens_at == AUTUMN + timedelta(minutes=30)


def test_zones_that_jump_by_half_an_hour_or_at_midnight_are_no_exception() -> None:
    # Lord Howe goes forward half an hour at 02:00; Cairo a whole hour at midnight.
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    assert first_moment(datetime.fromisoformat("2026-10-04T02:10"), lord_howe) == datetime(
        2026, 10, 3, 15, 30, tzinfo=UTC
    )
    cairo = weekly("00:00", "00:00", days=(4,), zone="Africa/Cairo")
    assert not window("2026-04-23T21:59", cairo).open
    assert window("2026-04-23T22:00", cairo).open


ZONES = st.sampled_from(
    [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Africa/Cairo",
        "Asia/Kolkata",
        "America/Santiago",
        "UTC",
    ]
)
TIMES = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))
# Days around the changes of all zones above, and some between.
MOMENTS = st.sampled_from(
    [
        *("2026-03-07", "2026-03-28", "2026-04-04", "2026-04-23", "2026-07-01", "2026-09-05"),
        *("2026-10-03", "2026-10-24", "2026-10-29", "2026-10-31"),
    ]
).flatmap(
    lambda day: st.integers(0, 60 * 48).map(
        lambda minute: datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(minutes=minute)
    )
)
DAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
WINDOWS = st.builds(
    WeeklyWindow,
    name=st.just("w"),
    allows=st.booleans(),
    environments=st.just(("prod",)),
    zone=ZONES,
    days=DAYS,
    begins=TIMES,
    ends=TIMES,
)


def on_the_wall(entry: WeeklyWindow, at: datetime) -> bool:
    """Tell by nothing but what clocks show whether a moment is within a window."""
    local = at.astimezone(ZoneInfo(entry.zone))
    today, yesterday = local.weekday(), (local.weekday() - 1) % 7
    shown = local.time()
    if entry.begins < entry.ends:
        return today in entry.days and entry.begins <= shown < entry.ends
    return (today in entry.days and shown >= entry.begins) or (
        yesterday in entry.days and shown < entry.ends
    )


def clocks_change_near(zone: str, at: datetime) -> bool:
    local = ZoneInfo(zone)
    offsets = {
        (at + timedelta(hours=hours)).astimezone(local).utcoffset() for hours in (-27, 0, 27)
    }
    return len(offsets) > 1


@given(entry=WINDOWS, at=MOMENTS)
def test_where_clocks_do_not_change_what_they_show_decides(
    entry: WeeklyWindow, at: datetime
) -> None:
    inside = on_the_wall(entry, at)
    if not clocks_change_near(entry.zone, at):
        assert window(at, entry).open is (inside if entry.allows else not inside)


@given(entry=WINDOWS, at=MOMENTS)
def test_where_clocks_change_a_window_errs_on_the_closed_side(
    entry: WeeklyWindow, at: datetime
) -> None:
    found = window(at, entry)
    if entry.allows and found.open:
        assert on_the_wall(entry, at)
    if not entry.allows and on_the_wall(entry, at):
        assert not found.open


@given(entries=st.lists(WINDOWS, min_size=1, max_size=3), at=MOMENTS)
def test_opening_is_the_first_moment_at_which_it_is_open(
    entries: list[WeeklyWindow], at: datetime
) -> None:
    found = window(at, *entries)
    if found.open:
        assert found.opens_at is None
    elif found.opens_at is not None:
        assert found.opens_at > at
        assert window(found.opens_at, *entries).open
        step = max((found.opens_at - at) / 40, timedelta(minutes=1))
        moment = at
        while moment < found.opens_at:
            assert not window(moment, *entries).open
            moment += step


@given(entries=st.lists(WINDOWS, min_size=1, max_size=3), at=MOMENTS)
def test_a_window_that_closes_never_opens_anything(
    entries: list[WeeklyWindow], at: datetime
) -> None:
    closing = WeeklyWindow(
        name="all day",
        allows=False,
        environments=("prod",),
        zone=entries[0].zone,
        days=ALL_DAYS,
        begins=time(0),
        ends=time(0),
    )
    assert not window(at, *entries, closing).open
