"""Requests: more than usual, failing, or slow while nothing of the workload itself is short."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.tools.promql.numbers import number
from bot.tools.promql.units import SECONDS
from bot.triage.measured import asking
from bot.triage.measured.processor import pressures
from bot.triage.measured.series import Shift, now, shift
from bot.triage.measured.weighing import Kind, share, times, weighed
from bot.triage.measures.figures import moment, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bot.domain.chart import Point
    from bot.triage.estate import Estate
    from bot.triage.finding import Finding
    from bot.triage.measured.sight import Strain

MORE_LOAD = 1.5
"""Times as many requests as the day and the week before."""
_SLOWER = 1.8
_SLOWER_S = 0.05
"""Fewer milliseconds more, nobody feels."""
_LEAST_FAILED = 0.01
_MORE_FAILED = 3.0
_LAG_S = 900.0
"""Rates over minutes are late by so much, and queues fill before anybody waits."""


def find(estate: Estate, strain: Strain, *, is_short: bool) -> Iterator[Finding]:
    """Yield what is wrong with the requests, and more of them where that explains it.

    `is_short` says that the workload was found to lack something, which explains it more closely.
    """
    failing, slower = _failing(strain), _slower(strain)
    if failing is None and slower is None:
        return
    load = None if is_short else _more(strain)
    if load is not None:
        yield _overloaded(estate, strain, load, failing or slower)
    if failing is not None:
        yield _failed(estate, strain, failing)
    if slower is not None:
        yield _slow(estate, strain, slower)


def _failing(strain: Strain) -> Shift | None:
    """Return the share of failed requests before and now, where it rose and still is high."""
    found = _stepped(strain.load.failed, strain, usual=strain.load.failed_day)
    if found is None or found.after < max(_LEAST_FAILED, _MORE_FAILED * found.before):
        return None
    return found


def _slower(strain: Strain) -> Shift | None:
    found = _stepped(strain.load.latency, strain, usual=strain.load.latency_day)
    if found is None or found.after < max(_SLOWER * found.before, found.before + _SLOWER_S):
        return None
    return found


def _stepped(points: Sequence[Point], strain: Strain, *, usual: float | None) -> Shift | None:
    """Return how it is now against how it was: before its last step up, else a day before."""
    level = now(points, at_s=strain.at_s)
    if level is None:
        return None
    step = shift(points)
    if step is not None and step.after > step.before:
        return Shift(at_s=step.at_s, before=step.before, after=level)
    if usual is None:
        return None
    return Shift(at_s=points[0][0], before=usual, after=level)


def _more(strain: Strain) -> Shift | None:
    """Return the requests of now against those of the day before, if they were always fewer."""
    load = strain.load
    level = now(load.rate, at_s=strain.at_s)
    known = (load.rate_day, load.rate_week)
    if level is None or any(not one or level < MORE_LOAD * one for one in known):
        return None
    step = shift(load.rate)
    is_step = step is not None and step.after > step.before
    since_s = step.at_s if step is not None and is_step else load.rate[0][0]
    return Shift(at_s=since_s, before=load.rate_day or 0.0, after=level)


def _overloaded(estate: Estate, strain: Strain, load: Shift, worse: Shift | None) -> Finding:
    week = strain.load.rate_week or load.before
    # What began before there were more requests does not come from them.
    is_first = worse is None or load.at_s <= worse.at_s + _LAG_S
    return weighed(
        estate,
        strain,
        Kind(
            cause=Cause.OVERLOADED,
            category=Category.CAPACITY,
            phrase="load_higher",
            weight=0.7 if is_first else 0.4,
        ),
        pods=(),
        values={
            "now": number(load.after),
            "day": number(load.before),
            "week": number(week),
            "times": times(load.after, max(load.before, week)),
            "at": moment(load.at_s),
        },
        evidence=strain.cite(asking.REQUESTED, asking.SLOW),
        since_s=load.at_s,
    )


def _failed(estate: Estate, strain: Strain, failing: Shift) -> Finding:
    return weighed(
        estate,
        strain,
        Kind(
            cause=Cause.UNKNOWN,
            category=Category.NONE,
            phrase="errors_rose",
            weight=0.3,
            is_symptom=True,
        ),
        pods=(),
        values={
            "now": _percent(failing.after),
            "before": _percent(failing.before),
            "at": moment(failing.at_s),
        },
        evidence=strain.cite(asking.REQUESTED),
        since_s=failing.at_s,
    )


def _slow(estate: Estate, strain: Strain, slower: Shift) -> Finding:
    """Return that it answers slowly, with what its processors have to do with it."""
    known = pressures(strain)
    is_idle = bool(known) and all(one.is_idle for one in known)
    values = {
        "now": shown(slower.after, SECONDS),
        "before": shown(slower.before, SECONDS),
        "at": moment(slower.at_s),
    }
    cited = [asking.SLOW]
    if is_idle:
        cited += [asking.CPU, asking.THROTTLED, asking.LIMITS]
        most = max((one.throttled or 0.0) for one in known)
        values |= {"share": share(known[0].share), "throttled": share(most)}
    return weighed(
        estate,
        strain,
        Kind(
            cause=Cause.UNKNOWN,
            category=Category.NONE,
            phrase="latency_waits" if is_idle else "latency_rose",
            weight=0.35 if is_idle else 0.3,
            is_symptom=True,
        ),
        pods=(),
        values=values,
        evidence=strain.cite(*cited),
        since_s=slower.at_s,
    )


def _percent(value: float) -> str:
    return f"{value:.2%}"
