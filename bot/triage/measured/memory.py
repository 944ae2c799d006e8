"""Memory: a leak, which only restarts take back, or a limit too small for what is asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.tools.promql.durations import HOUR_S
from bot.tools.promql.numbers import number
from bot.tools.promql.units import BYTES
from bot.triage.measured import asking
from bot.triage.measured.climbing import climb, stays_full
from bot.triage.measured.series import mean, now, shift
from bot.triage.measured.weighing import Kind, share, span, weighed
from bot.triage.measures.figures import moment, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate
    from bot.triage.finding import Finding
    from bot.triage.measured.climbing import Climb
    from bot.triage.measured.sight import Container, Strain

_FULL_FROM = 0.95
"""Of the limit; the kernel begins to reclaim pages, and then to kill, above it."""
_HIGH_FROM = 0.85
"""Of the limit, for a level that came with more requests."""
_MORE = 1.3
_USUAL = 0.9
"""Of the mean now: what was there a day before, and so big already, goes with the day."""
_TOGETHER_S = 900.0
"""Two steps within a quarter of an hour of each other are one event."""


def find(estate: Estate, strain: Strain) -> Iterator[Finding]:
    """Yield that a workload leaks memory, else that it has too little of it; at most once."""
    leaks = [(one, found) for one in strain.containers if (found := _leak(strain, one)) is not None]
    if leaks:
        yield _leaking(estate, strain, leaks)
        return
    full = [one for one in strain.containers if _is_full(strain, one)]
    if full:
        yield _tight(estate, strain, full)


def _leak(strain: Strain, one: Container) -> Climb | None:
    if not one.memory_limit:
        return None
    found = climb(one.memory, restarts=one.restarts, limit=one.memory_limit, at_s=strain.at_s)
    if found is None or found.lives > 1:
        return found
    usual = one.memory_day_before
    level = mean(one.memory)
    is_daily = usual is not None and level is not None and usual >= _USUAL * level
    rate = shift(strain.load.rate)
    is_load = rate is not None and rate.after >= _MORE * rate.before
    return None if is_daily or is_load else found


def _leaking(estate: Estate, strain: Strain, leaks: list[tuple[Container, Climb]]) -> Finding:
    one, found = max(leaks, key=lambda pair: (pair[1].lives, -pair[1].left_s))
    is_seen_again = found.lives > 1
    return weighed(
        estate,
        strain,
        Kind(
            cause=Cause.MEMORY_LEAK,
            category=Category.APPLICATION,
            phrase="memory_leaks_again" if is_seen_again else "memory_leaks",
            weight=0.88 if is_seen_again else 0.75,
            depth=1,
        ),
        pods=[container.pod for container, _ in leaks],
        values={
            "container": one.name,
            "per_hour": shown(found.per_s * HOUR_S, BYTES),
            "now": shown(found.level, BYTES),
            "limit": shown(one.memory_limit or 0.0, BYTES),
            "left": span(found.left_s),
            "at": moment(found.since_s),
            "lives": str(found.lives),
        },
        evidence=strain.cite(
            asking.MEMORY, asking.LIMITS, *((asking.RESTARTS,) if is_seen_again else ())
        ),
        since_s=one.memory[0][0] if is_seen_again else found.since_s,
    )


def _is_full(strain: Strain, one: Container) -> bool:
    limit = one.memory_limit
    if not limit:
        return False
    if stays_full(one.memory, limit=limit, at_s=strain.at_s, share=_FULL_FROM):
        return True
    level = now(one.memory, at_s=strain.at_s)
    return level is not None and level >= _HIGH_FROM * limit and _with_load(strain, one)


def _with_load(strain: Strain, one: Container) -> bool:
    """Tell whether memory stepped up when the requests did."""
    rate, step = shift(strain.load.rate), shift(one.memory)
    return (
        rate is not None
        and step is not None
        and step.after > step.before
        and rate.after >= _MORE * rate.before
        and abs(rate.at_s - step.at_s) <= _TOGETHER_S
    )


def _tight(estate: Estate, strain: Strain, full: list[Container]) -> Finding:
    one = max(full, key=lambda container: container.memory[-1][1] / (container.memory_limit or 1))
    limit = one.memory_limit or 1.0
    level = now(one.memory, at_s=strain.at_s) or 0.0
    step, rate = shift(one.memory), shift(strain.load.rate)
    is_load = _with_load(strain, one)
    values = {
        "container": one.name,
        "now": shown(level, BYTES),
        "limit": shown(limit, BYTES),
        "share": share(level / limit),
    }
    since_s = step.at_s if step is not None else one.memory[0][0]
    cited = [asking.MEMORY, asking.LIMITS]
    if is_load and rate is not None:
        cited.append(asking.REQUESTED)
        values |= {
            "requests_before": number(rate.before),
            "requests": number(rate.after),
            "at": moment(since_s),
        }
    return weighed(
        estate,
        strain,
        Kind(
            cause=Cause.OUT_OF_MEMORY,
            category=Category.CAPACITY,
            phrase="memory_with_load" if is_load else "memory_tight",
            weight=0.75 if is_load else 0.7,
        ),
        pods=[container.pod for container in full],
        values=values,
        evidence=strain.cite(*cited),
        since_s=since_s,
    )
