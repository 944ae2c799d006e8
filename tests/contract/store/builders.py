"""Domain values with everything filled in that a test does not care about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from bot.domain.conversation import (
    ChannelId,
    InboundEvent,
    MessageTs,
    PersonId,
    Question,
    Surface,
    ThreadId,
)
from bot.domain.evidence import EvidenceState, Grid, Observation, Window
from bot.domain.investigation import Charge, TextBlock, Turn, Usage

DAY = datetime(2031, 5, 6, 12, 0, tzinfo=UTC)
"""Where the lab's clock stands in these tests."""
LEASE = timedelta(seconds=15)
CHANNEL = ChannelId("C0PAYMENTS")


def question(
    number: int = 1,
    *,
    thread: str = "1.000001",
    person: str = "U0ONCALL",
    text: str = "why is checkout down?",
) -> Question:
    ts = f"1.{number:06}"
    return Question(
        question_id=f"{CHANNEL}/{thread}/{ts}",
        team_id="T0LAB",
        channel=CHANNEL,
        thread_ts=MessageTs(thread),
        ts=MessageTs(ts),
        person=PersonId(person),
        text=text,
        surface=Surface.CHANNEL,
        asked_at=DAY + timedelta(seconds=number),
    )


def event(
    event_id: str = "Ev1", *, at: datetime = DAY, payload: dict[str, object] | None = None
) -> InboundEvent:
    return InboundEvent(
        event_id=event_id,
        kind="event",
        payload=payload if payload is not None else {"type": "app_mention", "nested": [1, None]},
        received_at=at,
    )


def turn(text: str = "hello") -> Turn:
    return Turn(role="user", blocks=(TextBlock(text=text),))


def observation(body: str = "NAME  READY\napi-1  0/1") -> Observation:
    return Observation(
        tool="kubectl",
        source="pods",
        query="kubectl get pods -n payments",
        cluster="prod-eu",
        namespace="payments",
        state=EvidenceState.TRUNCATED,
        body=body,
        collected_at=DAY,
        took_s=0.25,
        rows=1,
        cut_bytes=17,
        window=Window(start=DAY - timedelta(hours=1), end=DAY),
        grid=Grid(columns=("NAME", "READY"), rows=(("api-1", "0/1"),)),
    )


def charge(
    cost_usd: float,
    *,
    at: datetime = DAY,
    thread: str = "t1",
    channel: str = "C1",
    person: str = "U1",
) -> Charge:
    return Charge(
        investigation_id="i1",
        thread_id=ThreadId(thread),
        channel=channel,
        person=person,
        model="anthropic:lab",
        usage=Usage(input_tokens=10, output_tokens=5, cost_usd=cost_usd),
        at=at,
    )
