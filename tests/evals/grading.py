"""How a verdict is judged against what experts expect. Pure.

Confident and wrong is the one thing that must not happen: a status that people act upon, with a
wrong object or cause, or HEALTHY while something is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING

from bot.domain.verdict import HypothesisState, Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.verdict import Verdict
    from tests.evals.case import Expected

CONFIDENT = frozenset({Status.CONFIRMED, Status.LIKELY, Status.HEALTHY})
FIRST = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """One verdict judged, or one case: then everything has to be right in each of its incidents."""

    exact: bool
    """Object and cause are among the expected; HEALTHY where that is expected."""
    near: bool
    """Exact, or one of the first three hypotheses names an expected object. Hypotheses carry no
    cause code, so that the object alone counts."""
    status: bool
    confident_wrong: bool

    @property
    def is_right(self) -> bool:
        """Whether nothing is to be said about it."""
        return self.exact and self.status


MISSING = Grade(exact=False, near=False, status=False, confident_wrong=False)


def grade(verdict: Verdict, expected: Expected) -> Grade:
    """Judge one verdict."""
    is_well = verdict.status is Status.HEALTHY
    named = verdict.object in expected.object and verdict.cause in expected.cause
    # Where nothing is wrong, whoever says that they are not sure may name what they looked at.
    # The same where nobody could tell.
    is_unsure = verdict.status is Status.INCONCLUSIVE and (expected.is_healthy or expected.is_open)
    exact = (
        (is_well and expected.is_healthy)
        or (named and not is_well)
        or (is_unsure and Status.INCONCLUSIVE in expected.status)
    )
    return Grade(
        exact=exact,
        near=exact or _is_near(verdict, expected),
        status=verdict.status in expected.status,
        confident_wrong=verdict.status in CONFIDENT and not exact,
    )


def grade_case(verdicts: Sequence[Verdict], expected: Sequence[Expected], incidents: int) -> Grade:
    """Judge all verdicts of a case in the order that fits best; a wrong count is a wrong status."""
    if not verdicts:
        return MISSING
    orders = permutations(verdicts, min(len(verdicts), len(expected)))
    graded = [
        [grade(one, wanted) for one, wanted in zip(order, expected, strict=False)]
        for order in orders
    ]
    best = max(graded, key=lambda grades: sum(one.exact + one.status for one in grades))
    is_whole = len(best) == len(expected) and incidents == len(expected)
    return Grade(
        exact=is_whole and all(one.exact for one in best),
        near=is_whole and all(one.near for one in best),
        status=is_whole and all(one.status for one in best),
        confident_wrong=any(one.confident_wrong for one in best),
    )


def _is_near(verdict: Verdict, expected: Expected) -> bool:
    names = [one.rpartition("/")[2].rpartition(":")[2] for one in expected.object]
    return any(
        name in hypothesis.statement
        for hypothesis in verdict.hypotheses[:FIRST]
        if hypothesis.state is not HypothesisState.RULED_OUT
        for name in names
    )
