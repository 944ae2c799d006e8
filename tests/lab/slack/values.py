"""Domain values as an investigation would hand them to Slack, with everything filled in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.chart import Chart, ChartSeries
from bot.domain.evidence import Evidence, EvidenceState, Grid, Observation, Window
from bot.domain.investigation import RunState
from bot.domain.outcome import Outcome
from bot.domain.verdict import (
    Category,
    Cause,
    Coverage,
    Gap,
    Hypothesis,
    HypothesisState,
    Status,
    Step,
    TimelinePoint,
    Verdict,
)

NOON = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
INVESTIGATION = "inv-0001"


def observation(
    *,
    query: str = "kubectl get pods -n shop",
    body: str = "checkout-1   0/1   CrashLoopBackOff",
    state: EvidenceState = EvidenceState.OK,
    cut_bytes: int = 0,
    rows: int | None = 1,
    grid: Grid | None = None,
    namespace: str | None = "shop",
    chart: Chart | None = None,
) -> Observation:
    return Observation(
        tool="kubectl",
        source="pods",
        query=query,
        cluster="prod-eu",
        namespace=namespace,
        state=state,
        body=body,
        collected_at=NOON,
        took_s=0.31,
        rows=rows,
        cut_bytes=cut_bytes,
        window=Window(start=NOON - timedelta(hours=1), end=NOON),
        grid=grid,
        chart=chart,
    )


def memory_chart(*, lines: int = 9, left_out: int = 0) -> Chart:
    """Return an hour of that many pods' memory, one sample in 15 s, the third with a gap."""
    start_s = (NOON - timedelta(hours=1)).timestamp()
    return Chart(
        title='container_memory_working_set_bytes{namespace="shop"}',
        unit="bytes",
        series=tuple(
            ChartSeries(
                label=f"pod=cart-{number}",
                points=tuple(
                    (start_s + step * 15.0, (100.0 + 40 * number + step % 60) * 2**20)
                    for step in range(241)
                    if number != 2 or not 80 <= step < 120
                ),
            )
            for number in range(lines)
        ),
        left_out=left_out,
    )


def evidence(number: int = 1, seen: Observation | None = None) -> Evidence:
    return Evidence(
        label=f"E{number}",
        investigation_id=INVESTIGATION,
        tool_use_id=f"toolu_{number}",
        observation=seen or observation(),
    )


def verdict(
    *,
    summary: str = "checkout crashes since 11:40 because DB_URL is missing [E1].",
    text: str = "kubectl rollout undo deployment/checkout",
    status: Status = Status.CONFIRMED,
    unverified: tuple[str, ...] = ("db-primary",),
) -> Verdict:
    step = Step(action=text, check="kubectl get pods -n shop", risk=text, undo=text)
    gap = Gap(source="metrics", scope="prod-eu", reason=text)
    return Verdict(
        status=status,
        summary=summary,
        object="prod-eu/deployment/shop/checkout",
        cause=Cause.MISSING_CONFIG,
        category=Category.CHANGE,
        since="2031-05-06T11:40:00+00:00",
        trigger=text,
        hypotheses=(
            Hypothesis(statement=text, state=HypothesisState.SUPPORTED, evidence=("E1",)),
            Hypothesis(statement=text, state=HypothesisState.RULED_OUT, evidence=("E2",)),
        ),
        timeline=(TimelinePoint(at="2031-05-06T11:40:00Z", what=text, evidence=("E1",)),),
        mitigation=(step,),
        permanent=(step, step),
        code_change=text,
        next_checks=(text, text),
        unverified=unverified,
        coverage=Coverage(
            checked=("pods @ prod-eu/shop",),
            clean=("events @ prod-eu/shop",),
            truncated=(gap,),
            unreachable=(gap,),
            denied=(gap,),
            not_tried=(gap,),
        ),
        confidence=0.82,
        answered_by="anthropic:claude-sonnet-5",
        evidence=("E1",),
        cost_usd=0.12,
        seconds=34.0,
        calls=7,
    )


def outcome(
    *,
    state: RunState = RunState.DONE,
    found: Verdict | None = None,
    ledger: tuple[Evidence, ...] = (),
    notice: str | None = None,
) -> Outcome:
    return Outcome(
        investigation_id=INVESTIGATION,
        state=state,
        verdict=verdict() if found is None else found,
        evidence=ledger or (evidence(1), evidence(2)),
        notice=notice,
    )


def ending(state: RunState, *, notice: str | None) -> Outcome:
    """Return a run that ended without an answer."""
    return Outcome(
        investigation_id=INVESTIGATION, state=state, verdict=None, evidence=(), notice=notice
    )


def typed(seen: Observation) -> Outcome:
    """Return a typed command's outcome."""
    shown = evidence(1, seen)
    return Outcome(
        investigation_id=INVESTIGATION,
        state=RunState.DONE,
        verdict=None,
        evidence=(shown,),
        command=shown,
    )
