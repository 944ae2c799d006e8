"""Processor time: held back by the limit, used up by the program, or not what makes it slow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.tools.promql.numbers import number
from bot.triage.measured import asking
from bot.triage.measured.series import Shift, mean, now, shift
from bot.triage.measured.sight import Container
from bot.triage.measured.weighing import UNKNOWN, Kind, share, weighed
from bot.triage.measures.figures import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate
    from bot.triage.finding import Finding
    from bot.triage.measured.sight import Strain

BOUND_FROM = 0.9
"""Of the limit: what is left is lost between two looks of the scheduler."""
THROTTLED_FROM = 0.25
"""Of all periods, as the alert most clusters have asks for it."""
IDLE_BELOW = 0.6
FREE_BELOW = 0.1
"""Of all periods: held back so rarely, nobody waits for it."""
_HIGH_FROM = 0.8
"""Of the limit; noise goes below what counts as bound now."""
_ALWAYS = 0.9
"""Of the measurements, for a container that is bound since it started."""
_MORE = 1.3
"""Times as many requests count as more of them."""
_SETTLING_S = 300.0
"""A rate over five minutes takes as long to step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure:
    """One container's processor now."""

    container: Container
    used: float
    limit: float
    throttled: float | None

    @property
    def share(self) -> float:
        """Of the limit."""
        return self.used / self.limit

    @property
    def is_idle(self) -> bool:
        """Tell whether it surely is not what makes the container slow."""
        return (
            self.share < IDLE_BELOW and self.throttled is not None and (self.throttled < FREE_BELOW)
        )


def pressures(strain: Strain) -> list[Pressure]:
    """Return the containers with a limit that are measured now, the hardest pressed first."""
    found = []
    for one in strain.containers:
        used = now(one.cpu, at_s=strain.at_s)
        if used is not None and one.cpu_limit:
            throttled = now(one.throttled, at_s=strain.at_s)
            found.append(
                Pressure(container=one, used=used, limit=one.cpu_limit, throttled=throttled)
            )
    return sorted(found, key=lambda one: (one.share, one.throttled or 0.0), reverse=True)


def find(estate: Estate, strain: Strain) -> Iterator[Finding]:
    """Yield that a workload has too little processor time, at most once."""
    known = pressures(strain)
    bound = [one for one in known if one.share >= BOUND_FROM]
    held = [one for one in known if (one.throttled or 0.0) >= THROTTLED_FROM]
    if bound:
        yield _bound(estate, strain, bound)
    elif held:
        yield _held(estate, strain, sorted(held, key=lambda one: -(one.throttled or 0.0)))


def _bound(estate: Estate, strain: Strain, bound: list[Pressure]) -> Finding:
    worst = bound[0]
    step = shift(worst.container.cpu)
    step = step if step is not None and step.after > step.before else None
    since_s = worst.container.cpu[0][0] if step is None else step.at_s
    values = _values(worst) | {
        "at": moment(since_s),
        "before": number(step.before) if step is not None else UNKNOWN,
    }
    is_held = (worst.throttled or 0.0) >= THROTTLED_FROM
    cited = (asking.CPU, asking.LIMITS, *((asking.THROTTLED,) if is_held else ()))
    phrase, category = "cpu_used_up", Category.CAPACITY
    more = _more_requests(strain, since_s)
    if step is None and _always_high(worst):
        phrase = "cpu_from_start"
    elif step is not None and more is not None:
        cited = (*cited, asking.REQUESTED)
        values |= {"requests_before": number(more.before), "requests": number(more.after)}
        is_more = more.after >= _MORE * more.before
        phrase = "cpu_with_load" if is_more else "cpu_without_load"
        category = Category.CAPACITY if is_more else Category.APPLICATION
    return weighed(
        estate,
        strain,
        Kind(
            cause=Cause.CPU_SATURATED,
            category=category,
            phrase=phrase,
            weight=0.88 if is_held else 0.75,
        ),
        pods=[one.container.pod for one in bound],
        values=values,
        evidence=strain.cite(*cited),
        since_s=since_s,
    )


def _held(estate: Estate, strain: Strain, held: list[Pressure]) -> Finding:
    worst = held[0]
    step = shift(worst.container.throttled)
    return weighed(
        estate,
        strain,
        Kind(
            cause=Cause.CPU_STARVED,
            category=Category.CAPACITY,
            phrase="cpu_throttled",
            weight=0.75,
        ),
        pods=[one.container.pod for one in held],
        values=_values(worst),
        evidence=strain.cite(asking.THROTTLED, asking.CPU, asking.LIMITS),
        since_s=step.at_s if step is not None else worst.container.throttled[0][0],
    )


def _values(one: Pressure) -> dict[str, str]:
    return {
        "container": one.container.name,
        "now": number(one.used),
        "limit": number(one.limit),
        "share": share(one.share),
        "throttled": share(one.throttled),
    }


def _always_high(one: Pressure) -> bool:
    values = [value for _, value in one.container.cpu]
    high = sum(value >= _HIGH_FROM * one.limit for value in values)
    return high >= _ALWAYS * len(values)


def _more_requests(strain: Strain, since_s: float) -> Shift | None:
    """Return the requests before and after a time; None when they were not measured."""
    before = mean(strain.load.rate, to_s=since_s - _SETTLING_S)
    after = now(strain.load.rate, at_s=strain.at_s)
    if before is None or after is None or before <= 0:
        return None
    return Shift(at_s=since_s, before=before, after=after)
