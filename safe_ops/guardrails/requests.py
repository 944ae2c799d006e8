"""Refuses to leave fewer replicas than were ever seen to serve so many requests each.

What one replica could serve nobody knows; what one did serve, while few requests failed, is known.
Knows counted requests as they were read, and not by what they were counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from safe_ops.model.guarding import passes, refuses

if TYPE_CHECKING:
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import RequestLoad

REQUESTS: Final = "requests"
PROVEN_MAX: Final = 0.7
"""Share of the most that one was seen to serve which each may get: 30 % headroom is left, as for
processor and memory."""
FAILING_MAX: Final = 0.01
"""Share of requests that may have failed in the last hour: above it somebody looks for the cause
before capacity is taken away."""
UNCOUNTED: Final = "requests could not be compared: nothing that is measured counts them for it"
"""For the card, where there is no series: usual for what answers no requests."""


def requests_ruling(
    loads: tuple[RequestLoad, ...], *, before: int, after: int, each: str
) -> Ruling:
    """Return whether what is left serves the requests; `each` is what there are, such as `pod`."""
    if not loads:
        return passes(REQUESTS, UNCOUNTED)
    rulings = [_of_one(load, before=before, after=after, each=each) for load in loads]
    return next((ruling for ruling in rulings if not ruling.passed), rulings[0])


def _of_one(load: RequestLoad, *, before: int, after: int, each: str) -> Ruling:
    by = f"by {load.counted_by}"
    if load.failing is not None and load.failing > FAILING_MAX:
        return refuses(
            REQUESTS,
            f"{load.failing:.1%} of the requests of the last hour failed {by}, and"
            f" {FAILING_MAX:.0%} is the most at which capacity is taken away: find out why first",
        )
    if load.each_s is None or load.busiest_s is None:
        missing = "of the last hour" if load.each_s is None else "that were served well in a week"
        return refuses(
            REQUESTS,
            f"{load.counted_by} counts its requests, but those {missing} cannot be told: without"
            " that nothing is taken away",
        )
    known = {"in the last hour": load.each_s, "a week ago": load.each_s_week_ago}
    expected = {when: rate * before / after for when, rate in known.items() if rate is not None}
    when, rate = max(expected.items(), key=lambda one: one[1])
    said = (
        f"with {after} instead of {before} each {each} would get {rate:.3g} requests/s (p95 {when},"
        f" {by}); the most one was seen to serve in a week is {load.busiest_s:.3g}"
    )
    if rate > PROVEN_MAX * load.busiest_s:
        return refuses(
            REQUESTS, f"{said}, and {PROVEN_MAX:.0%} of that is allowed: keep more, or wait"
        )
    if load.each_s_week_ago is None:
        return passes(REQUESTS, f"{said}; none were counted a week ago")
    return passes(REQUESTS, said)
