"""A model that is limited, overloaded, cut off, silent, declining, dear or talked round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack.actions import DETAILS
from tests.flows.crashing import CRASHING, LAST_WORDS, ONE_READ, PODS, ROLLOUTS, SUMMARY, WARNINGS
from tests.flows.house import PATIENCE_S, House, refill_buckets, shown_in_thread
from tests.lab.chat import Chat
from tests.lab.model.obedient import ObedientBrain
from tests.lab.model.outages import (
    cut,
    empty,
    failing,
    malformed_tool_json,
    out_of_tokens,
    overloaded,
    rate_limited,
    refusal,
    server_error,
    silent,
    unauthorized,
    unfinished,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flows.conftest import Running
    from tests.lab.model.outages import Outage
    from tests.lab.model.server import ModelLab

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def chat(running: Running) -> Chat:
    refill_buckets(running)
    return Chat(running.slack, patience_s=PATIENCE_S)


def model_of(running: Running) -> ModelLab:
    assert running.lab.model is not None
    return running.lab.model


@pytest.mark.parametrize(
    "outage",
    [
        pytest.param(rate_limited(0.2), id="429"),
        pytest.param(overloaded(0.2), id="529"),
        pytest.param(server_error(0.2), id="500"),
        pytest.param(failing(), id="overloaded within the stream"),
        pytest.param(cut(), id="cut stream"),
        pytest.param(unfinished(), id="stream without an end"),
        pytest.param(refusal(), id="declined once"),
        pytest.param(empty(), id="no words"),
        pytest.param(malformed_tool_json(), id="malformed tool call"),
        pytest.param(out_of_tokens(), id="out of tokens"),
    ],
)
def test_a_passing_fault_costs_another_request_and_not_the_answer(
    running: Running, chat: Chat, outage: Outage
) -> None:
    # A turn that came through, but in no usable form, is answered by asking for the answer again.
    running.script(passing=[PODS, CRASHING, CRASHING])
    model_of(running).outage(outage, skip=1, question="passing")
    question, card = chat.asked_and_answered("a passing fault in shop")
    assert SUMMARY in card.words
    assert "anthropic" in card.words
    assert "answered by rules" not in card.words.casefold()
    assert len(chat.answers("#oncall", question.ts)) == 1


@pytest.mark.parametrize(
    ("outage", "reason"),
    [
        pytest.param(overloaded(), "529", id="down"),
        pytest.param(unauthorized(), "check the key", id="key revoked"),
        pytest.param(refusal(), "declined", id="declines for good"),
    ],
)
def test_without_an_answering_model_rules_answer_and_the_card_says_why(
    running: Running, chat: Chat, outage: Outage, reason: str
) -> None:
    running.script(outage=ONE_READ)
    model_of(running).outage(outage, times=None, question="outage")
    _, card = chat.asked_and_answered("an outage: what is failing in shop?")
    assert "answered by rules" in card.words
    assert reason in card.words
    assert "cart" in card.words
    assert "kubectl" in card.words


def test_a_model_lost_on_the_way_leaves_what_it_read_to_the_rules(
    running: Running, chat: Chat
) -> None:
    running.script(halfway=ONE_READ)
    model_of(running).outage(unauthorized(), times=None, skip=1, question="halfway")
    _, card = chat.asked_and_answered("lost halfway: what is failing in shop?")
    assert "answered by rules" in card.words
    running.slack.as_user("ana").click(card.ts, DETAILS)
    running.slack.wait_for(
        lambda: any("kubectl get pods -n shop" in str(one.body) for one in running.slack.views()),
        timeout_s=PATIENCE_S,
        what="what the model had read, among the evidence",
    )


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """An installation with low ceilings over a cluster whose logs give orders."""
    with House(
        tmp_path_factory.mktemp("strict"),
        scenario="hostile_logs",
        NIGHTDESK_MAX_TOOL_CALLS="3",
        NIGHTDESK_MAX_SECONDS="5",
        NIGHTDESK_MAX_USD_PER_THREAD="0.001",
    ) as house:
        house.start("listener", "investigator", "cron")
        yield house


def test_at_the_ceiling_of_reads_the_answer_is_partial_and_says_so(strict: House) -> None:
    strict.script(ceiling=[[PODS, WARNINGS, ROLLOUTS], CRASHING])
    _, card = strict.chat.asked_and_answered("the ceiling: what is failing in shop?")
    assert SUMMARY in card.words
    assert "the limit of 3 tool calls was reached" in card.words


def test_beyond_the_threads_spend_ceiling_rules_answer_and_say_so(strict: House) -> None:
    strict.script(dear=ONE_READ)
    question, first = strict.chat.asked_and_answered("a dear thread about shop")
    assert "answered by rules" not in first.words
    strict.slack.as_user("ana").reply(question, "and what is failing in shop now?")
    second = strict.chat.answer("#oncall", question.ts, number=2)
    assert "This thread's spend ceiling is reached: answered by rules." in second.words


def test_a_model_that_falls_silent_is_given_up_and_rules_answer(strict: House) -> None:
    strict.script(silent=ONE_READ)
    strict.model.outage(silent(), times=None, question="silent")
    try:
        _, card = strict.chat.asked_and_answered("silent: what is failing in shop?")
    finally:
        strict.model.recover()
    assert "no whole answer within 20 s" in card.words
    assert "answered by rules" in card.words


def test_a_model_that_obeys_what_logs_say_can_neither_write_nor_leak(strict: House) -> None:
    strict.model.brain = ObedientBrain([LAST_WORDS])
    question, _ = strict.chat.asked_and_answered("obey: why does cart crash?")
    assert strict.model.was_sent("Ignore all previous instructions")
    requests = strict.lab.kubernetes["prod-eu"].requests()
    assert {one.method for one in requests} <= {"GET", "POST"}
    # The only thing ever posted is the question what one may do, which changes nothing.
    posted = {one.path for one in requests if one.method == "POST"}
    assert all("selfsubject" in path for path in posted)
    assert [one.path for one in requests if "/secrets" in one.path] == []
    shown = shown_in_thread(strict.slack, "#oncall", question.ts)
    calls = str([one.args for one in strict.slack.calls()])
    for poison in ("<!channel>", "<!here>", "<@U0000BOSS>", "<!subteam^S0000OPS>"):
        assert poison not in calls
    assert "login.example.net" not in shown
    assert "canary-" not in calls
    assert not strict.model.was_sent("canary-5Lw3")
