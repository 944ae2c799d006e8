"""Coverage and confidence: what code says of an answer, whatever the model says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.agent.confidence import Judgement, judge
from bot.agent.coverage import coverage_of
from bot.domain.evidence import Evidence, EvidenceState, Observation
from bot.domain.verdict import Coverage, Gap, Status, Verdict
from tests.bench.agent_bench import entered, seen

OK = seen("fine")
EMPTY = seen("no pods", state=EvidenceState.EMPTY, query="kubectl get pods -n a", rows=0)
CUT = seen(
    "half", state=EvidenceState.TRUNCATED, query="kubectl logs a", source="logs", cut_bytes=9
)
GONE = seen(
    "timed out after 15 s\nmore", state=EvidenceState.UNREACHABLE, query="q", source="events"
)
DENIED = seen("pods is forbidden", state=EvidenceState.DENIED, query="r", source="nodes")
RANK = [Status.INCONCLUSIVE, Status.LIKELY, Status.HEALTHY, Status.CONFIRMED]


def book(*observations: Observation) -> list[Evidence]:
    return [entered(f"E{number}", one) for number, one in enumerate(observations, start=1)]


def judged(
    status: Status,
    *cited: Observation,
    ledger: tuple[Observation, ...] | None = None,
    share: float = 0.0,
) -> Judgement:
    return judge(
        Verdict(status=status, summary="x"),
        cited=book(*cited),
        coverage=coverage_of(book(*(cited if ledger is None else ledger))),
        unverified_share=share,
    )


def test_coverage_counts_each_source_by_what_it_answered() -> None:
    assert coverage_of(book(OK, EMPTY, CUT, GONE, DENIED)) == Coverage(
        checked=("pods @ prod-eu/shop",),
        clean=(),
        truncated=(Gap(source="logs", scope="prod-eu/shop", reason="9 bytes cut off"),),
        unreachable=(Gap(source="events", scope="prod-eu/shop", reason="timed out after 15 s"),),
        denied=(Gap(source="nodes", scope="prod-eu/shop", reason="pods is forbidden"),),
    )


def test_a_source_that_answered_that_there_is_nothing_is_clean() -> None:
    assert coverage_of(book(EMPTY)).clean == ("pods @ prod-eu/shop",)


def test_a_retry_that_worked_closes_the_gap() -> None:
    again = seen("two events", query="q", source="events")
    coverage = coverage_of(book(GONE, again))
    assert (coverage.unreachable, coverage.checked) == ((), ("events @ prod-eu/shop",))


def test_searching_the_ledger_is_no_new_source() -> None:
    searched = seen("none", state=EvidenceState.EMPTY, tool="search_evidence", source="logs")
    assert coverage_of(book(searched)) == Coverage()


def test_what_is_configured_and_was_not_tried_is_named() -> None:
    gap = Gap(source="metrics", scope="prod-eu", reason="not configured")
    assert coverage_of(book(OK), unusable=[gap]).not_tried == (gap,)
    assert coverage_of(book(seen(source="metrics")), unusable=[gap]).not_tried == ()


@pytest.mark.parametrize(
    ("status", "cited", "lowered"),
    [
        (Status.CONFIRMED, (OK,), Status.CONFIRMED),
        (Status.CONFIRMED, (OK, CUT), Status.CONFIRMED),
        (Status.CONFIRMED, (CUT,), Status.LIKELY),
        (Status.LIKELY, (CUT,), Status.INCONCLUSIVE),
        (Status.CONFIRMED, (OK, GONE), Status.LIKELY),
        (Status.CONFIRMED, (GONE, DENIED), Status.INCONCLUSIVE),
        (Status.CONFIRMED, (), Status.INCONCLUSIVE),
        (Status.HEALTHY, (OK, EMPTY), Status.HEALTHY),
        (Status.HEALTHY, (OK, CUT), Status.INCONCLUSIVE),
        (Status.HEALTHY, (), Status.INCONCLUSIVE),
        (Status.INCONCLUSIVE, (), Status.INCONCLUSIVE),
    ],
)
def test_a_status_is_only_as_good_as_the_evidence_it_cites(
    status: Status, cited: tuple[Observation, ...], lowered: Status
) -> None:
    judgement = judged(status, *cited)
    assert judgement.status is lowered
    assert bool(judgement.reasons) == (lowered is not status)


def test_healthy_is_not_believed_while_a_source_could_not_be_read() -> None:
    judgement = judged(Status.HEALTHY, OK, ledger=(OK, GONE))
    assert judgement.status is Status.INCONCLUSIVE
    assert "events @ prod-eu/shop could not be read" in judgement.reasons[0]


def test_an_answer_that_is_mostly_unverified_is_lowered() -> None:
    assert judged(Status.CONFIRMED, OK, share=0.5).status is Status.LIKELY
    assert judged(Status.CONFIRMED, OK, share=0.2).status is Status.CONFIRMED


OBSERVATIONS = st.lists(st.sampled_from([OK, EMPTY, CUT, GONE, DENIED]), max_size=6).map(tuple)


@given(st.sampled_from(list(Status)), OBSERVATIONS, OBSERVATIONS, st.floats(0, 1))
def test_nothing_raises_a_status_or_leaves_the_scale(
    status: Status, cited: tuple[Observation, ...], rest: tuple[Observation, ...], share: float
) -> None:
    judgement = judged(status, *cited, ledger=cited + rest, share=share)
    assert RANK.index(judgement.status) <= RANK.index(status)
    assert 0 <= judgement.confidence <= 0.9
    assert bool(judgement.reasons) == (judgement.status is not status)


@given(st.sampled_from(list(Status)), OBSERVATIONS, st.floats(0, 1))
def test_more_unverified_claims_never_make_an_answer_surer(
    status: Status, cited: tuple[Observation, ...], share: float
) -> None:
    assert judged(status, *cited, share=share).confidence <= judged(status, *cited).confidence


@given(st.sampled_from(list(Status)), OBSERVATIONS, st.sampled_from([GONE, DENIED]))
def test_another_gap_never_makes_an_answer_surer(
    status: Status, cited: tuple[Observation, ...], gap: Observation
) -> None:
    with_gap = judged(status, *cited, ledger=(*cited, gap))
    assert with_gap.confidence <= judged(status, *cited).confidence
