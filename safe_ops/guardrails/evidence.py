"""Guards of grounds: what an alert or a model asks for rests on evidence.

What a person asks for rests on theirs, and what an approved plan said would follow on that plan's.
Counted by code in the evidence ledger; no word of a model's is looked at.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from safe_ops.model.guarding import Case, Guard, passes, refuses

if TYPE_CHECKING:
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import Survey

EVIDENCE_FRESH: Final = "evidence-fresh"
EVIDENCE_MEASURED: Final = "evidence-measured"

_SKEW: Final = timedelta(seconds=60)
"""How far a clock may be ahead of the database's before its times prove nothing."""


def _fresh(case: Case[Survey]) -> Ruling:
    now, grounds = case.circumstances, case.circumstances.grounds
    if _needs_none(case):
        return passes(EVIDENCE_FRESH, _needs_none(case))
    limit = f"{now.evidence_age_s // 60} minutes"
    if grounds.freshest_at is None:
        return refuses(
            EVIDENCE_FRESH, f"no evidence is cited; it needs some of the last {limit}: look again"
        )
    age = now.now - grounds.freshest_at
    if age < -_SKEW:
        return refuses(
            EVIDENCE_FRESH,
            f"the evidence is dated {int(-age.total_seconds())} seconds ahead of now: set the"
            " clocks, then look again",
        )
    says = f"the freshest evidence is {max(int(age.total_seconds()), 0)} seconds old"
    if age > timedelta(seconds=now.evidence_age_s):
        return refuses(EVIDENCE_FRESH, f"{says}, and may be {limit} old: look again")
    return passes(EVIDENCE_FRESH, says)


def _measured(case: Case[Survey]) -> Ruling:
    grounds = case.circumstances.grounds
    if _needs_none(case):
        return passes(EVIDENCE_MEASURED, _needs_none(case))
    cited = f"{len(grounds.evidence)} pieces of evidence are cited"
    if grounds.measured:
        return passes(EVIDENCE_MEASURED, f"{cited}, a metric or an API object among them")
    return refuses(
        EVIDENCE_MEASURED,
        f"{cited}, and none is a metric or an API object: logs alone justify nothing, so confirm"
        " it by one",
    )


def _needs_none(case: Case[Survey]) -> str:
    """Return why it rests on no evidence of its own; empty if it has to."""
    now = case.circumstances
    if now.is_sequel:
        return "it was approved with the action it follows"
    return "a person asked in words of their own" if now.by_person else ""


GUARDS: Final[tuple[Guard[Survey], ...]] = (
    Guard(name=EVIDENCE_FRESH, decide=_fresh),
    Guard(name=EVIDENCE_MEASURED, decide=_measured),
)
