"""A model's verdict beside the rules': which of them counts, and what stays in sight."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.domain.verdict import Cause, Coverage, Status, Verdict
from bot.flows.alert.weighing import UNFOUNDED, weighed

if TYPE_CHECKING:
    from typing import Any

RULES = Verdict(
    status=Status.LIKELY,
    summary="cart keeps crashing [E1].",
    object="prod-eu/deployment/shop/cart",
    cause=Cause.APPLICATION_CRASH,
    coverage=Coverage(),
    confidence=0.6,
    answered_by="rules",
    evidence=("E1",),
)
MODEL = replace(RULES, summary="It crashes [E2].", answered_by="a model", cost_usd=0.2)


def test_a_conclusion_without_evidence_gives_way_to_the_rules() -> None:
    verdict, why = weighed(replace(MODEL, summary="No.", evidence=()), by_rules=RULES)
    assert (verdict.summary, verdict.answered_by, why) == (RULES.summary, "rules", UNFOUNDED)
    assert verdict.cost_usd == MODEL.cost_usd


@pytest.mark.parametrize(
    "changes",
    [
        {"status": Status.INCONCLUSIVE},
        {"status": Status.HEALTHY, "cause": Cause.NONE},
        {"object": "prod-eu/node/n1", "cause": Cause.NETWORK},
    ],
    ids=["undecided", "all is well", "about something else"],
)
def test_a_conclusion_that_shares_nothing_with_the_rules_keeps_them_in_sight(
    changes: dict[str, Any],
) -> None:
    verdict, why = weighed(replace(MODEL, **changes), by_rules=RULES)
    assert why is None
    assert verdict.summary == MODEL.summary
    assert verdict.caveats == ("Rules alone say LIKELY: cart keeps crashing [E1].",)


def test_two_conclusions_about_no_object_are_not_about_the_same() -> None:
    rules = replace(RULES, object=None)
    verdict, _ = weighed(replace(MODEL, object=None, cause=Cause.NETWORK), by_rules=rules)
    assert verdict.caveats == ("Rules alone say LIKELY: cart keeps crashing [E1].",)


@pytest.mark.parametrize(
    ("concluded", "by_rules"),
    [
        (MODEL, RULES),
        (replace(MODEL, cause=Cause.NETWORK), RULES),
        (replace(MODEL, evidence=()), replace(RULES, status=Status.INCONCLUSIVE)),
        (replace(MODEL, evidence=()), replace(RULES, status=Status.HEALTHY)),
    ],
    ids=["the same", "the same object", "rules do not know", "rules find nothing"],
)
def test_a_conclusion_counts_alone_where_rules_agree_or_know_nothing(
    concluded: Verdict, by_rules: Verdict
) -> None:
    assert weighed(concluded, by_rules=by_rules) == (concluded, None)
