"""When changes are allowed: weekly windows and dated freezes, as wall clocks in their zone show.

Pure. Deny beats allow; where windows allow anything, nothing is allowed outside of them. Changes of
the clocks: a time that is skipped is meant as the moment of the jump; of a time that comes twice,
everything begins with the first, an allowing window ends with the first and a denying one or a
freeze with the second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from safe_ops.policy.rules import covers_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from safe_ops.policy.rules import Freeze, Rules, WeeklyWindow

_DAY = timedelta(days=1)
_WEEK_AHEAD = 9
"""Days in which all weekly windows have come by once, whatever clocks do."""
_DAY_NAMES = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

Span = tuple[datetime, datetime]
"""From the first moment in it to the first after it, UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Whether changes are allowed at a moment."""

    open: bool
    says: str
    opens_at: datetime | None = None
    """When it opens next, UTC; None while it is open, or when no opening is in sight."""


def window_at(rules: Rules, environment: str, at: datetime) -> Window:
    """Return whether changes are allowed in an environment at a time, why, and when next."""
    env_class = rules.class_of(environment)
    windows = [
        window
        for window in rules.windows
        if covers_environment(window.environments, environment, env_class)
    ]
    freezes = [
        freeze
        for freeze in rules.freezes
        if covers_environment(freeze.environments, environment, env_class)
    ]
    closed = _closed(windows, freezes, at)
    if not closed:
        return Window(open=True, says=_open(windows, environment, at))
    opens_at = next(
        (
            edge
            for edge in _edges(windows, freezes, at)
            if edge > at and not _closed(windows, freezes, edge)
        ),
        None,
    )
    zone = (windows[0] if windows else freezes[0]).zone
    when = f"it opens {_shown(opens_at, zone)}" if opens_at else "no opening is in sight"
    return Window(open=False, says=f"{environment} is closed: {closed}; {when}", opens_at=opens_at)


def first_moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the first moment, UTC, at which clocks of the zone show that time or a later one."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if _wall(moment, zone) == wall:
        return moment
    # Skipped: the jump lies between the readings with the offsets after and before it.
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    while moment - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=(moment - before) // timedelta(seconds=2))
        if _wall(middle, zone) >= wall:
            moment = middle
        else:
            before = middle
    return moment


def last_moment(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the last moment, UTC, at which clocks show that time; where skipped, the jump's."""
    moment = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return moment if _wall(moment, zone) == wall else first_moment(wall, zone)


def _closed(windows: list[WeeklyWindow], freezes: list[Freeze], at: datetime) -> str:
    """Return why it is closed; empty if it is open."""
    for freeze in freezes:
        begin, end = _freeze_span(freeze)
        if begin <= at < end:
            return f"frozen until {_shown(end, freeze.zone)} ({freeze.reason})"
    for window in windows:
        if not window.allows and _within(window, at):
            return f"`{window.name}` allows no changes {_hours(window)}"
    allowing = [window for window in windows if window.allows]
    if allowing and not any(_within(window, at) for window in allowing):
        return "changes only within " + ", ".join(
            f"`{window.name}` ({_hours(window)})" for window in allowing
        )
    return ""


def _open(windows: list[WeeklyWindow], environment: str, at: datetime) -> str:
    within = next((window for window in windows if window.allows and _within(window, at)), None)
    if within is None:
        return f"{environment} is open: no window or freeze is in the way"
    return f"{environment} is open: `{within.name}` allows changes {_hours(within)}"


def _edges(windows: list[WeeklyWindow], freezes: list[Freeze], at: datetime) -> Iterator[datetime]:
    """Yield, in order, every moment from which on it may be open: ends and begins of anything.

    After the last freeze a week has all there is, so the search ends there.
    """
    ends = sorted(end for _, end in map(_freeze_span, freezes) if end > at)
    found: set[datetime] = set(ends)
    for start in (at, *ends):
        for window in windows:
            for offset in range(-1, _WEEK_AHEAD):
                day = start.astimezone(ZoneInfo(window.zone)) + offset * _DAY
                found.update(_span(window, day))
    yield from sorted(found)


def _within(window: WeeklyWindow, at: datetime) -> bool:
    today = at.astimezone(ZoneInfo(window.zone))
    for day in (today - _DAY, today):
        begin, end = _span(window, day)
        if day.weekday() in window.days and begin <= at < end:
            return True
    return False


def _span(window: WeeklyWindow, day: datetime) -> Span:
    """Return when the window that begins on a day is; empty where clocks skip all of it."""
    zone = ZoneInfo(window.zone)
    last_day = day if window.ends > window.begins else day + _DAY
    begins = datetime.combine(day.date(), window.begins)
    ends = datetime.combine(last_day.date(), window.ends)
    end_of = first_moment if window.allows else last_moment
    return first_moment(begins, zone), end_of(ends, zone)


def _freeze_span(freeze: Freeze) -> Span:
    zone = ZoneInfo(freeze.zone)
    return first_moment(freeze.begins, zone), last_moment(freeze.ends, zone)


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)


def _shown(moment: datetime, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    return f"{_DAY_NAMES[local.weekday()]} {local:%Y-%m-%d %H:%M} {zone}"


def _hours(window: WeeklyWindow) -> str:
    days = ", ".join(_DAY_NAMES[day] for day in window.days)
    return f"{days} {window.begins:%H:%M} to {window.ends:%H:%M} {window.zone}"
