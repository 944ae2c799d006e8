"""Guards that several AWS operations share: our tag, and how far a number may move at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from safe_ops.guardrails.requests import REQUESTS, requests_ruling
from safe_ops.model.guarding import Guard, passes, refuses
from safe_ops.model.surveys import Usage

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import CloudSurvey

TAG = "nightdesk"
ALLOWED = "allowed"
STEP_MAX = 2.0
"""At most doubled, at least halved, in one action (safety.md b: lambda, ecs and asg rows)."""
CAPACITY_STEP_MAX = 10
"""And never more than so many instances or tasks at once."""
USAGE_MAX = 0.7
"""Share of what is left that may be in use: thirty per cent stay free."""
_WEEK = timedelta(days=7)


def _tagged(case: Case[CloudSurvey]) -> Ruling:
    name, found = "tagged", case.survey.tags.get(TAG)
    if found == ALLOWED:
        return passes(name, f"{case.drawing.target.name} has the tag {TAG}={ALLOWED}")
    said = "no such tag" if found is None else f"{TAG}={found}"
    return refuses(
        name,
        f"{case.drawing.target.name} has {said}: its owner has to tag it {TAG}={ALLOWED} before"
        " Nightdesk may change it",
    )


TAGGED: Guard[CloudSurvey] = Guard(name="tagged", decide=_tagged)


def step_ruling(name: str, *, what: str, before: int, after: int) -> Ruling:
    """Return whether a setting is at most doubled and at least halved."""
    low, high = before / STEP_MAX, before * STEP_MAX
    if low <= after <= high:
        return passes(name, f"{what} goes from {before} to {after}, within {low:g} to {high:g}")
    return refuses(
        name,
        f"{what} would go from {before} to {after}: one action may go to {low:g} at least and"
        f" {high:g} at most; do it in steps",
    )


def capacity_step_ruling(name: str, *, what: str, before: int, after: int) -> Ruling:
    """Return whether a count is at most doubled, halved, or moved by ten, whichever is least."""
    low = max(-(-before // 2), before - CAPACITY_STEP_MAX)
    high = min(before * 2, before + CAPACITY_STEP_MAX)
    if low <= after <= high:
        return passes(name, f"{before} to {after} {what}, within {low} to {high}")
    return refuses(
        name,
        f"{before} to {after} {what} is too far for one action: it may go to {low} at least and"
        f" {high} at most; do it in steps",
    )


def headroom_ruling(
    name: str,
    case: Case[CloudSurvey],
    *,
    before: int,
    after: int,
    made_at: object,
    unmeasured: str = "",
) -> Ruling:
    """Return whether less capacity still leaves thirty per cent free; more always does.

    `made_at` is when the resource was made, as AWS says it: what is younger than a week was not
    measured a week ago. `unmeasured` says why its memory is not; else it has to be.
    """
    if after >= before:
        return passes(name, f"{before} to {after}: capacity is not taken away")
    usage = case.survey.usage or Usage()
    now = {"CPU": usage.cpu_p95, "memory": usage.memory_p95}
    then = {"CPU": usage.cpu_p95_week_ago, "memory": usage.memory_p95_week_ago}
    wanted = ("CPU",) if unmeasured else ("CPU", "memory")
    is_young = isinstance(made_at, datetime) and case.circumstances.now - made_at < _WEEK
    missing = [f"{what} of the last hour" for what in wanted if now[what] is None] + [
        f"{what} of a week ago" for what in wanted if then[what] is None and not is_young
    ]
    if missing:
        return refuses(
            name,
            f"CloudWatch has no utilisation of {', '.join(missing)}: whether less is enough cannot"
            " be known, so keep what there is",
        )
    expected = {
        f"{what} {when}": share * before / after
        for when, shares in (("in the last hour", now), ("a week ago", then))
        for what, share in shares.items()
        if share is not None
    }
    what, share = max(expected.items(), key=lambda one: one[1])
    said = f"{what} (p95) would be at {share:.0%} with {after} instead of {before}"
    if share <= USAGE_MAX:
        young = "it is younger than a week, so nothing older was compared" if is_young else ""
        more = [part for part in (young, unmeasured) if part]
        return passes(name, "; ".join([said, f"up to {USAGE_MAX:.0%} is allowed", *more]))
    return refuses(
        name, f"{said}, and up to {USAGE_MAX:.0%} is allowed; keep more, or wait until it is calmer"
    )


def fewer_ruling(case: Case[CloudSurvey], *, before: int, after: int, each: str) -> Ruling:
    """Return whether what is left was seen to serve such requests; more always is."""
    if after >= before:
        return passes(REQUESTS, f"{before} to {after}: capacity is not taken away")
    usage = case.survey.usage or Usage()
    return requests_ruling(usage.requests, before=before, after=after, each=each)
