"""Slack that loses, repeats, limits, cuts and forgets: one whole answer all the same."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.flows.crashing import ONE_READ, PODS, SUMMARY
from tests.flows.house import (
    PATIENCE_S,
    evidence_of,
    held_about,
    refill_buckets,
    shown_in_thread,
)
from tests.lab.chat import Chat
from tests.lab.model.brains import conclude
from tests.lab.model.outages import held
from tests.lab.slack.errors import RateLimitedError
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from tests.flows.conftest import Running
    from tests.lab.slack.faults import Faults
    from tests.lab.slack.tiers import Tiers

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(180)

LIST_PODS = "kubectl get pods -n shop"


@pytest.fixture
def chat(running: Running) -> Chat:
    refill_buckets(running)
    return Chat(running.slack, patience_s=PATIENCE_S)


def lose_the_acknowledgement(faults: Faults) -> None:
    faults.lose_acks(1, what="app_mention")


def deliver_twice(faults: Faults) -> None:
    faults.duplicate_events(1, what="app_mention")


@pytest.mark.parametrize("mishap", [lose_the_acknowledgement, deliver_twice])
def test_an_event_that_comes_twice_is_answered_once(
    running: Running, chat: Chat, mishap: object
) -> None:
    running.script(twice=ONE_READ)
    turns = len(running.lab.model.turns()) if running.lab.model else 0
    assert callable(mishap)
    mishap(running.slack.faults)
    question, card = chat.asked_and_answered("twice: what is wrong in shop?")
    running.slack.wait_until_delivered(timeout_s=PATIENCE_S)
    told = [one for one in running.slack.deliveries("app_mention") if concerns(one, question.ts)]
    assert sum(one.attempts for one in told) == 2
    assert [seen.ts for seen in chat.said_by_bot("#oncall", question.ts)] == [card.ts]
    assert running.lab.model is not None
    assert len(running.lab.model.turns()) == turns + 2


@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.update"])
def test_a_rate_limit_delays_the_answer_and_nothing_else(
    running: Running, chat: Chat, method: str
) -> None:
    running.script(limited=ONE_READ)
    until_it_streams(running, chat)
    # Long enough for progress to be appended to the stream.
    running.lab.world.cluster("prod-eu").slow(1.0, on="/pods", times=1)
    running.slack.faults.rate_limit(method, retry_after_s=1)
    question, card = chat.asked_and_answered("limited: what is wrong in shop?")
    assert SUMMARY in card.words
    assert running.slack.faults.pending() == []
    assert [seen.ts for seen in chat.said_by_bot("#oncall", question.ts)] == [card.ts]


def test_a_rate_limit_on_posting_delays_a_typed_command_and_nothing_else(
    running: Running, chat: Chat
) -> None:
    running.slack.faults.rate_limit("chat.postMessage", retry_after_s=1)
    question = chat.ask(LIST_PODS)
    card = chat.answer("#oncall", question.ts)
    assert running.slack.faults.pending() == []
    assert [seen.ts for seen in chat.said_by_bot("#oncall", question.ts)] == [card.ts]


def test_with_every_budget_spent_the_answer_comes_a_little_later(
    running: Running, chat: Chat
) -> None:
    running.script(budget=ONE_READ)
    tiers = running.slack.tiers
    tiers.on(chat_update=30, chat_startStream=30, chat_stopStream=30)
    for method in ("chat.update", "chat.startStream", "chat.stopStream"):
        spend_all(tiers, method)
    question, card = chat.asked_and_answered("budget: what is wrong in shop?")
    assert SUMMARY in card.words
    assert [seen.ts for seen in chat.said_by_bot("#oncall", question.ts)] == [card.ts]
    assert any(one.status == 429 for one in running.slack.calls("chat.update"))


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.stopStream"])
def test_a_connection_that_breaks_leaves_one_answer(
    running: Running, chat: Chat, method: str, moment: str
) -> None:
    running.script(broken=ONE_READ)
    until_it_streams(running, chat)
    running.slack.faults.add(method, drop="after" if moment == "after" else "before")
    text = LIST_PODS if method == "chat.postMessage" else "broken: what is wrong in shop?"
    question, card = chat.asked_and_answered(text)
    assert running.slack.faults.pending() == []
    assert [seen.ts for seen in chat.said_by_bot("#oncall", question.ts)] == [card.ts]
    assert not card.streaming


def test_an_output_of_twenty_kilobytes_is_shown_whole_in_several_messages(
    running: Running, chat: Chat
) -> None:
    question, _ = chat.asked_and_answered("kubectl get deployments -A -o yaml")
    shown = shown_in_thread(running.slack, "#oncall", question.ts)
    (read,) = evidence_of(running.installation, question)
    assert len(read.observation.body) > 11_000
    assert [line for line in read.observation.body.splitlines() if line.strip() not in shown] == []


def test_an_output_beyond_what_a_message_holds_is_a_file_with_all_of_it(
    running: Running, chat: Chat
) -> None:
    question, _ = chat.asked_and_answered("kubectl get pods -n shop -o yaml")
    (read,) = evidence_of(running.installation, question)

    def files() -> list[str]:
        return [
            file["id"]
            for seen in running.slack.thread("#oncall", question.ts)
            if seen.by_bot
            for file in seen.files
        ]

    eventually(lambda: len(files()) == 1, "the output is in the thread as a file")
    content = running.slack.workspace.files[files()[0]].content
    assert content is not None
    assert content.decode() == read.observation.body


def test_a_long_verdict_keeps_its_summary_whole_and_says_where_the_rest_is(
    running: Running, chat: Chat
) -> None:
    words = " ".join(f"word{number}" for number in range(140))
    step = {"action": words[:400], "check": words[:400], "risk": words[:400], "undo": words[:400]}
    long = conclude(
        status="CONFIRMED",
        summary=f"cart is in CrashLoopBackOff [E1]. {words}",
        object="prod-eu/deployment/shop/cart",
        cause="application_crash",
        category="application",
        hypotheses=[
            {"statement": words[:400], "state": "supported", "evidence": ["E1"]} for _ in range(6)
        ],
        timeline=[{"at": "2026-10-01T10:20:00Z", "what": words[:400]} for _ in range(10)],
        mitigation=[step] * 4,
        permanent=[step] * 4,
        code_change=words + "\nlast line of the change",
        next_checks=[words[:400]] * 4,
    )
    running.script(lengthy=[[PODS], long])
    question, card = chat.asked_and_answered("a lengthy verdict on shop")
    assert words in shown_in_thread(running.slack, "#oncall", question.ts)
    assert "see Details" in card.words
    assert running.slack.unknown_methods() == []


def test_an_answer_is_delivered_when_the_revoked_token_works_again(
    running: Running, chat: Chat
) -> None:
    running.script(revoked=ONE_READ)
    said_before = len(running.investigator.said())
    running.slack.revoke_token()
    try:
        question = chat.ask("revoked: what is wrong in shop?")
        eventually(
            lambda: '"run_postponed"' in running.investigator.said()[said_before:],
            "the run is postponed",
            within_s=PATIENCE_S,
        )
    finally:
        running.slack.revoke_token(error="")
    said = running.investigator.said()[said_before:]
    assert "reinstall the app and set SLACK_BOT_TOKEN" in said
    assert "Traceback" not in said
    assert "slack_access_ended" in running.listener.said()
    card = chat.answer("#oncall", question.ts)
    assert SUMMARY in card.words
    assert [seen.ts for seen in chat.said_by_bot("#oncall", question.ts)] == [card.ts]


def test_a_socket_that_slack_refreshes_in_mid_conversation_loses_nothing(
    running: Running, chat: Chat
) -> None:
    model = running.lab.model
    assert model is not None
    running.script(socket=ONE_READ)
    model.outage(held(), question="socket")
    question = chat.ask("socket: what is wrong in shop?")
    held_about(model, "socket")
    running.slack.kill_sockets("refresh_requested")
    running.slack.as_user("ana").reply(question, "and what of its database?")
    running.slack.wait_until_delivered(timeout_s=PATIENCE_S)
    model.release()
    assert SUMMARY in chat.answer("#oncall", question.ts).words
    eventually(
        lambda: model.was_sent("and what of its database?"),
        "the model is told of the second message",
        within_s=PATIENCE_S,
    )


def until_it_streams(running: Running, chat: Chat) -> None:
    """Return once answers are streamed: a rate limit of a test before may still be observed."""

    def streamed() -> bool:
        began = len(running.slack.calls("chat.startStream"))
        chat.asked_and_answered("limited and broken: is there a stream?")
        return any(not one.error for one in running.slack.calls("chat.startStream")[began:])

    eventually(streamed, "a streamed answer", within_s=PATIENCE_S)


def spend_all(tiers: Tiers, method: str) -> None:
    with suppress(RateLimitedError):
        while True:
            tiers.spend(method, "")


def concerns(delivery: object, ts: str) -> bool:
    return ts in str(getattr(delivery, "payload", ""))
