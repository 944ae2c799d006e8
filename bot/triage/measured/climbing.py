"""Whether memory leaks: it climbs steadily for hours, and only a restart takes it back.

Pure. A process that fills its memory within minutes of its start is too big for its limit instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.triage.measured.series import RECENT_S, finite, lives, now, rises_steadily

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.chart import Point
    from bot.triage.measured.series import Line

LEAST_LIFE_S = 1_800.0
"""Programs warm up for minutes; a climb has to go on for longer than that."""
LONE_LIFE_S = 3_600.0
"""Without an earlier life that climbed alike, it has to go on for longer still."""
_LEAST_GROWTH = 0.1
"""Of the limit, within one life."""
_LEAST_LEVEL = 0.5
"""Of the limit, for a climb that no restart has shown to be one yet."""
_FAR_S = 24 * 3_600.0
"""A limit that is further off than this is no cause of anything today."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """Memory that only grows."""

    per_s: float
    since_s: float
    """When the life it was read off began, as far as it was seen."""
    level: float
    left_s: float
    """How long until the limit is reached."""
    lives: int
    """Lives that climbed, the one of now among them."""


def climb(
    points: Sequence[Point], *, restarts: Sequence[Point] = (), limit: float, at_s: float
) -> Climb | None:
    """Return the climb that goes on at a time; None when memory does anything else.

    Args:
        points: The working set in bytes.
        restarts: The counter of restarts; a fall of the working set tells as well.
        limit: The container's memory limit in bytes.
        at_s: The time.
    """
    level = now(points, at_s=at_s)
    if level is None or limit <= 0:
        return None
    *earlier, current = lives(points, restarts=restarts)
    climbed = [found for life in earlier if (found := _steady(life, limit)) is not None]
    found = _steady(current, limit)
    if found is None:
        is_young = current[-1][0] - current[0][0] < LEAST_LIFE_S
        if len(climbed) < 2 or not is_young:  # noqa: PLR2004 -- one could be anything
            return None
        # The life of now is too young to tell, and those before it have told.
        found = climbed[-1]
    left_s = max(0.0, limit - level) / found.per_s
    is_lone = not climbed
    if is_lone and (
        found.end_s - found.start_s < LONE_LIFE_S or left_s > _FAR_S or level < _LEAST_LEVEL * limit
    ):
        return None
    return Climb(
        per_s=found.per_s,
        since_s=current[0][0],
        level=level,
        left_s=left_s,
        lives=len(climbed) + (0 if found in climbed else 1),
    )


def stays_full(points: Sequence[Point], *, limit: float, at_s: float, share: float) -> bool:
    """Tell whether memory has stayed at its limit for as long as now counts back, and longer."""
    near = [value for at, value in finite(points) if at_s - 3 * RECENT_S <= at <= at_s]
    return bool(near) and min(near) >= share * limit


def _steady(life: Sequence[Point], limit: float) -> Line | None:
    if life[-1][0] - life[0][0] < LEAST_LIFE_S:
        return None
    found = rises_steadily(life)
    return found if found is not None and found.grown >= _LEAST_GROWTH * limit else None
