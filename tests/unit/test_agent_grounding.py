from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.claims import Claim, ClaimKind, claims_in, number, seconds
from bot.agent.grounding import Sight, cited_labels, ground
from bot.domain.evidence import Evidence, EvidenceState
from bot.domain.verdict import Hypothesis, HypothesisState, Status, TimelinePoint, Verdict
from tests.bench.agent_bench import entered, seen

PODS = """\
NAME                            READY   STATUS             RESTARTS        AGE
payments-api-7c9d8f5b4-x2x9z    0/1     CrashLoopBackOff   1,234 (2m ago)  4h12m
payments-api-7c9d8f5b4-k8s7q    0/1     CrashLoopBackOff   12              4h12m
web-5d8c7b9f6-abcde             1/1     Running            0               12d
"""
LOG = """\
2026-11-21T07:48:10Z panic: PAYMENT_URL is not set
2026-11-21T07:48:10Z exit status 2, 0.45 of quota used, limit 512Mi
pulled registry.example.com/shop/payments:1.2.3
"""
BOOK = {
    "E1": entered("E1", seen(PODS, rows=3)),
    "E2": entered("E2", seen(LOG, source="logs", query="kubectl logs payments-api", rows=3)),
    "E3": entered("E3", seen("no answer", state=EvidenceState.UNREACHABLE, rows=None)),
}


def summarised(summary: str, **fields: object) -> Verdict:
    return Verdict(status=Status.LIKELY, summary=summary, **fields)  # type: ignore[arg-type]


def unverified(summary: str, *, known: tuple[str, ...] = ()) -> tuple[str, ...]:
    return ground(summarised(summary), find=BOOK.get, known=known).verdict.unverified


@pytest.mark.parametrize(
    "summary",
    [
        "2 of 3 pods are in CrashLoopBackOff [E1].",
        "Two pods of deployment payments-api crash [E1].",
        "The pod restarted 1234 times in 4 hours [E1].",
        "The pod restarted 1,234 times, last 2 minutes ago [E1].",
        "`payments-api-7c9d8f5b4-x2x9z` has age 4h12m [E1].",
        'It says "panic: PAYMENT_URL is not set" at 07:48 [E2].',
        "At 2026-11-21 07:48:10 it panicked with exit status 2 [E2].",
        "The image registry.example.com/shop/payments:1.2.3 was pulled, limit 512Mi [E2].",
        "45% of the quota was used [E2].",
        "The read-only file system is a follow-up, e.g. for on-call; see and/or [E1].",
        "Nothing is wrong, all 3 pods were read [E1].",
        "In prod-eu/shop `kubectl get pods` shows it [E1].",
        "payments-api ist seit 12 Tagen da; MySQL und GitHub nicht betroffen [E1].",
    ],
)
def test_what_the_cited_evidence_shows_is_not_questioned(summary: str) -> None:
    assert unverified(summary) == ()


@pytest.mark.parametrize(
    ("summary", "doubted"),
    [
        ("It restarted 4321 times [E1].", ("4321",)),
        ("It restarted 1235 times [E1].", ("1235",)),
        ("The pod `payments-db-0` crashes [E1].", ("payments-db-0",)),
        ("The image shop/payments:9.9.9 was pulled [E2].", ("shop/payments:9.9.9",)),
        ("It was OOMKilled [E1].", ("OOMKilled",)),
        ("It began at 09:13 [E2].", ("09:13",)),
        ("It began 25 minutes ago [E1].", ("25 minutes",)),
        ("97% of the memory is used [E1].", ("97%",)),
        ("Deployment checkout-api is down [E1].", ("checkout-api",)),
        ("REDIS_URL is not set [E2].", ("REDIS_URL",)),
        ("The limit is 256Mi [E2].", ("256Mi",)),
        ("`payments-api-7c9d8f5b4-x2x9` crashes [E1].", ("payments-api-7c9d8f5b4-x2x9",)),
    ],
)
def test_what_no_cited_evidence_shows_is_named(summary: str, doubted: tuple[str, ...]) -> None:
    assert unverified(summary) == doubted


def test_only_the_cited_evidence_counts() -> None:
    assert unverified("PAYMENT_URL is not set [E1].") == ("PAYMENT_URL",)
    assert unverified("PAYMENT_URL is not set [E1, E2].") == ()


def test_the_asker_s_own_words_need_no_evidence() -> None:
    assert unverified("`checkout-api` runs 77 pods [E1].", known=("why 77 checkout-api?",)) == ()


def test_a_label_that_does_not_exist_is_dropped_and_noted() -> None:
    grounded = ground(summarised("It crashes [E1] [E9]."), find=BOOK.get, known=()).verdict
    assert grounded.summary == "It crashes [E1]."
    assert grounded.evidence == ("E1",)
    assert grounded.unverified == ("E9 (no such evidence)",)


def test_an_explanation_without_evidence_is_open_whatever_the_model_says() -> None:
    claim = Hypothesis(statement="The disk is full", state=HypothesisState.SUPPORTED, evidence=())
    (kept,) = ground(
        summarised("Hm.", hypotheses=(claim,)), find=BOOK.get, known=()
    ).verdict.hypotheses
    assert kept.state is HypothesisState.OPEN


def test_an_explanation_whose_only_evidence_was_invented_is_open() -> None:
    claim = Hypothesis(statement="Disk full", state=HypothesisState.RULED_OUT, evidence=("E9",))
    (kept,) = ground(
        summarised("Hm.", hypotheses=(claim,)), find=BOOK.get, known=()
    ).verdict.hypotheses
    assert (kept.state, kept.evidence) == (HypothesisState.OPEN, ())


def test_an_explanation_is_held_against_its_own_evidence() -> None:
    claim = Hypothesis(
        statement="PAYMENT_URL is missing", state=HypothesisState.SUPPORTED, evidence=("E1",)
    )
    grounded = ground(summarised("See [E2].", hypotheses=(claim,)), find=BOOK.get, known=())
    assert grounded.verdict.unverified == ("PAYMENT_URL",)


def test_a_date_without_evidence_leaves_the_timeline() -> None:
    points = (
        TimelinePoint(at="2026-11-21T07:48:10Z", what="It panicked", evidence=("E2",)),
        TimelinePoint(at="2026-11-21T06:00:00Z", what="Somebody deployed", evidence=()),
    )
    verdict = ground(summarised("Hm.", timeline=points), find=BOOK.get, known=()).verdict
    assert [point.what for point in verdict.timeline] == ["It panicked"]
    assert [one.statement for one in verdict.hypotheses] == [
        "2026-11-21T06:00:00Z Somebody deployed"
    ]
    assert verdict.unverified == ()


def test_citations_are_read_one_by_one_or_in_groups() -> None:
    assert cited_labels("a [E1] b [E2, E3; E02] c [E1] E4") == ("E1", "E2", "E3")


WORDS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-._/", min_size=1, max_size=30)


@given(st.lists(WORDS, min_size=1, max_size=8), st.data())
def test_any_line_of_the_evidence_may_be_quoted(lines: list[str], data: st.DataObject) -> None:
    quoted = data.draw(st.sampled_from(lines))
    book = {"E1": entered("E1", seen("\n".join(lines)))}
    verdict = ground(summarised(f"It says `{quoted}` [E1]."), find=book.get, known=()).verdict
    assert verdict.unverified == ()


@given(st.lists(WORDS, max_size=8), st.text(alphabet="0123456789abcdef", min_size=8, max_size=8))
def test_a_name_that_was_made_up_is_always_found(lines: list[str], digits: str) -> None:
    name = f"q{digits}-made-up"
    book = {"E1": entered("E1", seen("\n".join(lines)))}
    verdict = ground(summarised(f"Pod {name} fails [E1]."), find=book.get, known=()).verdict
    assert name in verdict.unverified


@given(st.integers(min_value=0, max_value=10**12))
def test_a_number_is_the_same_with_and_without_separators(value: int) -> None:
    assert number(f"{value:,}") == number(str(value)) == value
    book = {"E1": entered("E1", seen(f"total {value}"))}
    verdict = ground(summarised(f"It is {value:,} [E1]."), find=book.get, known=()).verdict
    assert verdict.unverified == ()


@given(st.integers(min_value=1, max_value=9999), st.sampled_from("smhdw"))
def test_a_duration_is_the_same_in_letters_and_in_words(amount: int, unit: str) -> None:
    word = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}[unit]
    assert seconds(f"{amount}{unit}") == seconds(f"{amount} {word}")
    book = {"E1": entered("E1", seen(f"age {amount}{unit}"))}
    verdict = ground(summarised(f"For {amount} {word} [E1]."), find=book.get, known=()).verdict
    assert verdict.unverified == ()


@given(st.text(max_size=300))
def test_any_text_can_be_checked(text: str) -> None:
    first = ground(summarised(text), find=BOOK.get, known=())
    assert 0 <= first.missing <= first.checked
    again = ground(first.verdict, find=BOOK.get, known=())
    assert again.verdict.summary == first.verdict.summary


@given(st.text(max_size=200))
def test_what_is_said_word_for_word_in_the_evidence_is_held(text: str) -> None:
    sight = Sight([entered("E1", seen(text))])
    plain = [claim for claim in claims_in(text) if claim.kind is ClaimKind.NUMBER]
    assert all(sight.holds(claim, within=text) for claim in plain)


def test_a_number_inside_a_longer_one_is_not_seen() -> None:
    sight = Sight([entered("E1", seen("total 1234"))])
    claim = Claim(kind=ClaimKind.NUMBER, text="23", value=Decimal(23))
    assert not sight.holds(claim, within="there are 23")


def test_a_huge_log_is_checked_quickly() -> None:
    log = "\n".join(
        f"2026-11-21T07:{n % 60:02}:10Z request {n} took {n % 97}ms" for n in range(50_000)
    )
    book: dict[str, Evidence] = {"E1": entered("E1", seen(log))}
    summary = "Request 49999 took 44ms at 07:19, 4321098 did not, pod api-1 neither [E1]."
    verdict = ground(summarised(summary), find=book.get, known=()).verdict
    assert set(verdict.unverified) == {"4321098", "api-1"}
