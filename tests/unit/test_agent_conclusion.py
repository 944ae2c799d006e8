from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.conclusion import MAX_SUMMARY, NO_ANSWER, complaint, verdict_of
from bot.agent.loop import Ending
from bot.domain.verdict import Category, Cause, HypothesisState, Status

GOOD: dict[str, Any] = {
    "status": "CONFIRMED",
    "summary": "web crashes: PAYMENT_URL is not set [E3].",
    "object": "prod-eu/deployment/shop/web",
    "cause": "missing_config",
    "category": "configuration",
    "since": "2026-11-21T07:48:10Z",
    "hypotheses": [
        {"statement": "out of memory", "state": "ruled_out", "evidence": ["[E1]", "e02"]}
    ],
    "timeline": [{"at": "2026-11-21T07:48Z", "what": "it panicked", "evidence": ["E3"]}],
    "mitigation": [
        {"action": "roll back", "check": "kubectl get pods", "risk": "none", "undo": "roll forward"}
    ],
    "next_checks": [],
}


def ended(arguments: dict[str, object] | None, words: str = "") -> Ending:
    return Ending(arguments=arguments, words=words, ceiling=None)


def test_a_good_conclusion_becomes_the_verdict_it_says() -> None:
    assert complaint(GOOD) is None
    verdict = verdict_of(ended(GOOD))
    assert verdict.status is Status.CONFIRMED
    assert verdict.cause is Cause.MISSING_CONFIG
    assert verdict.category is Category.CONFIGURATION
    assert verdict.hypotheses[0].state is HypothesisState.RULED_OUT
    assert verdict.hypotheses[0].evidence == ("E1", "E2")
    assert verdict.mitigation[0].undo == "roll forward"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"status": "SURE"}, "status"),
        ({"summary": ""}, "summary"),
        ({"summary": "x" * (MAX_SUMMARY + 1)}, "at most"),
        ({"cause": "gremlins"}, "cause"),
        ({"mitigation": [{"action": "restart"}]}, "mitigation.0.check"),
        ({"mitigation": [{"action": "a", "check": "", "risk": "r", "undo": "u"}]}, "check"),
        ({"hypotheses": [{"statement": "x", "state": "open", "evidence": ["logs"]}]}, "label"),
        ({"status": "INCONCLUSIVE"}, "next_checks"),
        ({"nothing_to_do": True}, "nothing_to_do"),
        ({"confidence": 0.99}, "confidence"),
        ({"proposals": ["kubectl delete ns shop"]}, "proposals"),
    ],
)
def test_what_is_wrong_is_said_by_field(change: dict[str, Any], words: str) -> None:
    said = complaint({**GOOD, **change})
    assert said is not None
    assert words in said


def test_the_right_fields_of_a_wrong_conclusion_are_kept() -> None:
    verdict = verdict_of(
        ended(
            {
                **GOOD,
                "cause": "gremlins",
                "mitigation": [{"action": "restart"}, GOOD["mitigation"][0]],
                "hypotheses": [{"statement": "x", "state": "open", "evidence": ["logs", "E1"]}],
                "confidence": 0.99,
            }
        )
    )
    assert verdict.status is Status.CONFIRMED
    assert verdict.cause is Cause.NONE
    assert [step.action for step in verdict.mitigation] == ["roll back"]
    assert verdict.hypotheses[0].evidence == ("E1",)
    assert verdict.confidence == 0.0


def test_a_text_that_is_too_long_is_cut_visibly() -> None:
    verdict = verdict_of(ended({**GOOD, "summary": "word " * 1000}))
    assert len(verdict.summary) <= MAX_SUMMARY
    assert verdict.summary.endswith("…")


def test_words_alone_make_an_inconclusive_verdict() -> None:
    verdict = verdict_of(ended(None, words="It may be the network."))
    assert (verdict.status, verdict.summary) == (Status.INCONCLUSIVE, "It may be the network.")
    assert verdict.next_checks


def test_nothing_at_all_makes_a_verdict_that_says_so() -> None:
    assert verdict_of(ended(None)).summary == NO_ANSWER


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=500),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*GOOD, "check", "statement", "state", "x"]), inner)
    ),
    max_leaves=15,
)
FIELDS = st.sampled_from([*GOOD, "permanent", "nothing_to_do", "code_change", "extra"])


@given(st.dictionaries(FIELDS, JSON | st.sampled_from(list(GOOD.values()))), st.text(max_size=50))
def test_whatever_is_handed_in_some_verdict_comes_out(
    arguments: dict[str, object], words: str
) -> None:
    verdict = verdict_of(ended(arguments, words))
    assert verdict.summary
    assert len(verdict.summary) <= MAX_SUMMARY
    if verdict.status is Status.INCONCLUSIVE:
        assert verdict.next_checks
    if verdict.nothing_to_do:
        assert not verdict.mitigation
        assert not verdict.permanent
