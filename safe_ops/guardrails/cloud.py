"""Guards that several AWS operations share: our tag, and how far a number may move at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.guarding import Guard, passes, refuses

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


def headroom_ruling(name: str, case: Case[CloudSurvey], *, before: int, after: int) -> Ruling:
    """Return whether less capacity still leaves thirty per cent free; more always does."""
    if after >= before:
        return passes(name, f"{before} to {after}: capacity is not taken away")
    usage = case.survey.usage
    if usage is None or usage.cpu_p95 is None:
        return refuses(
            name,
            "CloudWatch has no CPU utilisation of the last hour: whether less is enough cannot be"
            " known",
        )
    peaks = {
        "CPU in the last hour": usage.cpu_p95,
        "memory in the last hour": usage.memory_p95,
        "CPU a week ago": usage.cpu_p95_week_ago,
        "memory a week ago": usage.memory_p95_week_ago,
    }
    expected = {what: share * before / after for what, share in peaks.items() if share is not None}
    what, share = max(expected.items(), key=lambda one: one[1])
    said = f"{what} (p95) would be at {share:.0%} with {after} instead of {before}"
    if share <= USAGE_MAX:
        return passes(name, f"{said}; up to {USAGE_MAX:.0%} is allowed")
    return refuses(
        name, f"{said}, and up to {USAGE_MAX:.0%} is allowed; keep more, or wait until it is calmer"
    )
