"""Guards of trust: what an operation has to have shown before it may run with one approval less.

None of them yields to break-glass: no incident needs trust, for its people approve.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from safe_ops.model.guarding import Case, Guard, passes, refuses
from safe_ops.model.plans import Tier
from safe_ops.model.trust import OWN, RECORD, VERIFIED_RUNS, TrustSurvey
from safe_ops.policy.autonomy import HIGHEST_AUTONOMOUS
from safe_ops.policy.rules import EnvClass

if TYPE_CHECKING:
    from safe_ops.model.plans import Ruling
    from safe_ops.model.trust import PastRun

BY_A_PERSON: Final = "by-a-person"
OPERATION_KNOWN: Final = "operation-known"
NOT_ITSELF: Final = "not-itself"
ENOUGH_RUNS: Final = "enough-runs"
NONE_BAD: Final = "none-bad"
NO_OVERRIDE: Final = "no-override"
TIER_MAY: Final = "tier-may"
ONE_STEP: Final = "one-step"


def _by_a_person(case: Case[TrustSurvey]) -> Ruling:
    if case.circumstances.by_person:
        return passes(BY_A_PERSON, "a person asked in words of their own")
    return refuses(
        BY_A_PERSON,
        "an alert or a model asked, and only people ask for trust: `/nightdesk run autonomy_grant`",
    )


def _operation_known(case: Case[TrustSurvey]) -> Ruling:
    key = case.survey.key
    if case.survey.known:
        return passes(OPERATION_KNOWN, f"{key.operation} is in the catalogue")
    return refuses(
        OPERATION_KNOWN, f"there is no operation {key.operation} in the catalogue: check its name"
    )


def _not_itself(case: Case[TrustSurvey]) -> Ruling:
    operation = case.survey.key.operation
    if operation not in OWN:
        return passes(NOT_ITSELF, f"{operation} changes no trust")
    return refuses(
        NOT_ITSELF, f"{operation} changes what is trusted, so people approve it every time"
    )


def _enough_runs(case: Case[TrustSurvey]) -> Ruling:
    conduct = case.survey.conduct
    since = f" since {conduct.lost_by} lost it" if conduct.lost_by else ""
    says = (
        f"{conduct.verified} of {VERIFIED_RUNS} approved and verified runs within"
        f" {RECORD.days} days{since}"
    )
    if conduct.verified >= VERIFIED_RUNS:
        return passes(ENOUGH_RUNS, says)
    return refuses(ENOUGH_RUNS, f"{says}: let it run with approvals until there are as many")


def _none_bad(case: Case[TrustSurvey]) -> Ruling:
    bad = case.survey.conduct.bad
    if not bad:
        return passes(NONE_BAD, f"no run failed or was undone within {RECORD.days} days")
    return refuses(
        NONE_BAD,
        f"{len(bad)} of its runs within {RECORD.days} days did not end verified"
        f" ({_listed(bad, with_state=True)}): ask again once that is as long ago",
    )


def _no_override(case: Case[TrustSurvey]) -> Ruling:
    overrides = case.survey.conduct.overrides
    if not overrides:
        return passes(NO_OVERRIDE, f"no guard was set aside for it within {RECORD.days} days")
    return refuses(
        NO_OVERRIDE,
        f"guards were set aside for {len(overrides)} of its runs within {RECORD.days} days"
        f" ({_listed(overrides)}): ask again once that is as long ago",
    )


def _tier_may(case: Case[TrustSurvey]) -> Ruling:
    hardest = case.survey.conduct.hardest
    tier = hardest.tier if hardest is not None else Tier.T1
    if tier <= HIGHEST_AUTONOMOUS:
        return passes(TIER_MAY, f"its runs counted as {tier.name} at most")
    if case.circumstances.environment == EnvClass.PROD:
        return refuses(
            TIER_MAY,
            f"it counted as {tier.name} there, and {tier.name} is never trusted in prod: people"
            " approve it every time",
        )
    if not case.survey.ladder.after:
        return refuses(
            TIER_MAY, f"it counted as {tier.name}, which never runs by itself: people approve it"
        )
    return passes(TIER_MAY, f"it counted as {tier.name}, and somebody still approves it")


def _one_step(case: Case[TrustSurvey]) -> Ruling:
    ladder = case.survey.ladder
    if len(ladder.after) == len(ladder.before) - 1:
        return passes(ONE_STEP, f"from `{ladder.before_says}` to `{ladder.after_says}`")
    if not ladder.before:
        return refuses(ONE_STEP, "it needs no approval there, so there is none to take away")
    return refuses(
        ONE_STEP,
        f"the policy keeps it at `{ladder.before_says}` whatever its record: change"
        " `operations` of the policy file first, if that is wanted",
    )


def _listed(runs: tuple[PastRun, ...], *, with_state: bool = False) -> str:
    most = 3
    names = [f"{run.label} {run.state}" if with_state else run.label for run in runs[:most]]
    return ", ".join([*names, *(["…"] if len(runs) > most else [])])


GIVING: Final[tuple[Guard[TrustSurvey], ...]] = (
    Guard(name=BY_A_PERSON, decide=_by_a_person),
    Guard(name=OPERATION_KNOWN, decide=_operation_known),
    Guard(name=NOT_ITSELF, decide=_not_itself),
    Guard(name=ENOUGH_RUNS, decide=_enough_runs),
    Guard(name=NONE_BAD, decide=_none_bad),
    Guard(name=NO_OVERRIDE, decide=_no_override),
    Guard(name=TIER_MAY, decide=_tier_may),
    Guard(name=ONE_STEP, decide=_one_step),
)
TAKING: Final[tuple[Guard[TrustSurvey], ...]] = (Guard(name=BY_A_PERSON, decide=_by_a_person),)
"""Taking trust back is easy: whoever asks, somebody on call agrees, and it is gone."""
