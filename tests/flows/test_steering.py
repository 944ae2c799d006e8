"""People who stop a run, steer it, ask again, or ask how the service stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack.actions import DETAILS, RETRY
from tests.flows.crashing import CRASHING, ONE_READ, PODS, ROLLOUTS, SUMMARY, WARNINGS
from tests.flows.house import PATIENCE_S, held_about, refill_buckets, wait_until_closed
from tests.lab.chat import Chat
from tests.lab.model.outages import held

if TYPE_CHECKING:
    from tests.flows.conftest import Running
    from tests.lab.model.server import ModelLab
    from tests.lab.slack.reading import Seen
    from tests.lab.slack.records import Message

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(180)


@pytest.fixture
def chat(running: Running) -> Chat:
    refill_buckets(running)
    return Chat(running.slack, patience_s=PATIENCE_S)


def model_of(running: Running) -> ModelLab:
    assert running.lab.model is not None
    return running.lab.model


def asked_and_held(running: Running, chat: Chat, text: str, *, keyword: str) -> Message:
    """Ask, and return the question once the first read is done and the model thinks again."""
    model_of(running).outage(held(), skip=1, question=keyword)
    question = chat.ask(text)
    held_about(model_of(running), keyword)
    return question


def assert_stopped(card: Seen, *, by: str) -> None:
    assert "Stopped" in card.words
    assert f"<@{by}>" in card.words
    assert not card.streaming
    assert RETRY in card.action_ids
    # What was found until then stays.
    assert DETAILS in card.action_ids


@pytest.mark.parametrize("word", ["stop", "Stopp!", "please cancel"])
def test_the_word_stop_ends_a_run_and_keeps_what_it_found(
    running: Running, chat: Chat, word: str
) -> None:
    running.script(halted=ONE_READ)
    question = asked_and_held(running, chat, "halted: what is wrong in shop?", keyword="halted")
    marta = running.slack.as_user("marta")
    marta.reply(question, word)
    card = chat.answer("#oncall", question.ts)
    assert_stopped(card, by=marta.id)
    assert [seen.ts for seen in chat.said_by_bot("#oncall", question.ts)] == [card.ts]


def test_slacks_own_stop_button_ends_a_run(running: Running, chat: Chat) -> None:
    running.script(button=ONE_READ)
    question = asked_and_held(running, chat, "button: what is wrong in shop?", keyword="button")
    ana = running.slack.as_user("ana")
    ana.stop("#oncall", question.ts)
    card = chat.answer("#oncall", question.ts)
    assert_stopped(card, by=ana.id)
    running.slack.wait_for(
        lambda: (
            (found := running.slack.session("#oncall", question.ts))
            and found.status != "processing"
        ),
        timeout_s=PATIENCE_S,
        what="the button gone",
    )


def test_stop_where_nothing_runs_says_so(running: Running, chat: Chat) -> None:
    running.script(over=ONE_READ)
    question, _ = chat.asked_and_answered("over: what is wrong in shop?")
    wait_until_closed(running.installation, question)
    running.slack.as_user("ana").reply(question, "stop")
    running.slack.wait_for_ephemeral("ana", contains="Nothing is running", timeout_s=PATIENCE_S)


def test_a_stopped_run_can_be_tried_again(running: Running, chat: Chat) -> None:
    running.script(again=ONE_READ)
    question = asked_and_held(running, chat, "again: what is wrong in shop?", keyword="again")
    ana = running.slack.as_user("ana")
    ana.reply(question, "stop")
    stopped = chat.answer("#oncall", question.ts)
    wait_until_closed(running.installation, question)
    ana.click(stopped.ts, RETRY)
    second = chat.answer("#oncall", question.ts, number=2)
    assert SUMMARY in second.words
    running.slack.wait_for(
        lambda: RETRY not in chat.answers("#oncall", question.ts)[0].action_ids,
        timeout_s=PATIENCE_S,
        what="the used button gone",
    )


def test_what_people_add_while_it_runs_reaches_the_model_within_the_same_answer(
    running: Running, chat: Chat
) -> None:
    running.script(steered=[[PODS], [WARNINGS], [ROLLOUTS], CRASHING])
    # Long enough for the worker to learn, between two turns, that somebody wrote.
    running.lab.world.cluster("prod-eu").slow(1.0, on="/events", times=1)
    question = asked_and_held(running, chat, "steered: what is wrong in shop?", keyword="steered")
    running.slack.as_user("marta").reply(question, "could it be the database host?")
    running.slack.wait_until_delivered(timeout_s=PATIENCE_S)
    model_of(running).release()
    chat.answer("#oncall", question.ts)
    last = model_of(running).turns()[-1].request
    assert "could it be the database host?" not in last.first_user_text
    assert "could it be the database host?" in str(last.body["messages"])
    assert len(chat.answers("#oncall", question.ts)) == 1


def test_the_status_names_clusters_and_work_under_way(running: Running, chat: Chat) -> None:
    running.script(under=ONE_READ)
    question = asked_and_held(running, chat, "under way in shop", keyword="under way")
    ana = running.slack.as_user("ana")
    ana.slash("/nightdesk", "status")
    shown = running.slack.wait_for_ephemeral(
        "ana", contains="1 investigation running", timeout_s=PATIENCE_S
    )
    for name in running.lab.kubernetes:
        assert name in shown.words
    assert "claude" in shown.words
    model_of(running).release()
    chat.answer("#oncall", question.ts)


def test_words_that_are_no_command_are_told_where_to_ask(running: Running) -> None:
    running.slack.as_user("tom").slash("/nightdesk", "what is this?")
    running.slack.wait_for_ephemeral("tom", contains="is no command", timeout_s=PATIENCE_S)


@pytest.mark.parametrize("text", ["help", ""])
def test_help_shows_what_can_be_asked(running: Running, text: str) -> None:
    running.slack.as_user("tom").slash("/nightdesk", text)
    shown = running.slack.wait_for_ephemeral(
        "tom", contains="Mention me in a channel", timeout_s=PATIENCE_S
    )
    assert "kubectl get pods" in shown.words
