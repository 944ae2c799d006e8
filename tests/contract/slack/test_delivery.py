"""An answer reaches its thread once, whatever breaks on the way."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient

from bot.adapters.slack.blocks.notice import note_card
from bot.domain.errors import UpstreamError
from tests.contract.slack.worker import KEY, Worker, question_of, task, thread_of
from tests.lab.slack.desk import until
from tests.lab.slack.values import evidence, observation, outcome, typed, verdict


def test_closing_twice_leaves_one_card(worker: Worker) -> None:
    question = worker.ask()
    live = worker.live(question)
    live.close(outcome())
    live.close(outcome())
    worker.live(question).close(outcome())
    assert len(worker.thread(question)) == 1


def test_what_continues_an_answer_is_not_repeated_by_the_next_worker(worker: Worker) -> None:
    long = outcome(found=verdict(summary="many words " * 1_500))
    question = worker.ask()
    worker.live(question).close(long)
    before = [(seen.ts, seen.words) for seen in worker.thread(question)]
    worker.live(question).close(long)
    assert [(seen.ts, seen.words) for seen in worker.thread(question)] == before


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("method", ["chat.startStream", "chat.appendStream", "chat.update"])
def test_a_cut_connection_leaves_one_message_with_the_answer(
    worker: Worker, method: str, moment: str
) -> None:
    worker.lab.faults.add(method, drop="before" if moment == "before" else "after")
    question = worker.ask()
    live = worker.live(question)
    live.show(task(1))
    worker.lab.wait_for(lambda: worker.thread(question), what="a message")
    live.show(task(2))
    live.close(outcome())
    (card,) = worker.thread(question)
    assert "checkout crashes" in card.words


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_cut_connection_while_posting_leaves_one_message(worker: Worker, moment: str) -> None:
    worker.lab.faults.add("chat.postMessage", drop="before" if moment == "before" else "after")
    question = worker.ask()
    worker.live(question).close(outcome())
    (card,) = worker.thread(question)
    assert "checkout crashes" in card.words
    (stored,) = worker.store.sent_in(question.channel, question.thread_ts)
    assert stored.ts == card.ts


def test_a_worker_that_died_streaming_is_continued_in_its_message(worker: Worker) -> None:
    question = worker.ask()
    first = worker.live(question)
    first.show(task(1))
    worker.lab.wait_for_call("chat.startStream")
    until(lambda: worker.store.sent_in(question.channel, question.thread_ts))
    second = worker.live(question)
    second.show(task(2))
    worker.lab.wait_for_call("chat.update")
    second.close(outcome())
    (card,) = worker.thread(question)
    assert not card.streaming
    assert "checkout crashes" in card.words


def test_a_stream_nobody_recorded_is_found_and_continued(worker: Worker) -> None:
    question = worker.ask()
    # What a worker leaves behind that was killed between Slack's answer and its own mark.
    orphan = worker.gateway().start_stream(
        question.channel,
        question.thread_ts,
        recipient=question.person,
        team_id=question.team_id,
        chunks=[{"type": "markdown_text", "text": "half a word"}],
    )
    worker.live(question).close(outcome())
    (card,) = worker.thread(question)
    assert card.ts == orphan
    assert "checkout crashes" in card.words


def test_a_card_nobody_recorded_is_found_by_its_key(worker: Worker) -> None:
    question = worker.ask()
    gateway = worker.gateway()
    gateway.post(question.channel, note_card("half"), thread_ts=question.thread_ts, key=KEY)
    other = gateway.post(
        question.channel, note_card("a note"), thread_ts=question.thread_ts, key="note/1"
    )
    worker.live(question).close(outcome())
    card, note = worker.thread(question)
    assert "checkout crashes" in card.words
    assert (note.ts, note.text) == (other, "a note")


def test_earlier_answers_in_the_thread_are_not_mistaken_for_this_one(worker: Worker) -> None:
    first = worker.ask()
    worker.live(first).close(outcome())
    again = worker.lab.as_user("ana").reply(first.ts, "and now?")
    second = question_of(again)
    worker.live(second, key="answer/inv-0002").close(
        outcome(found=verdict(summary="all is well now"))
    )
    cards = worker.thread(second)
    assert len(cards) == 2
    assert "checkout crashes" in cards[0].words
    assert "all is well now" in cards[1].words


def test_a_message_somebody_deleted_is_posted_anew(worker: Worker) -> None:
    question = worker.ask()
    live = worker.live(question)
    live.show(task(1))
    worker.lab.wait_for_call("chat.startStream")
    (progress,) = worker.thread(question)
    WebClient(token=worker.lab.bot_token, base_url=worker.lab.api_url).chat_delete(
        channel=question.channel, ts=progress.ts
    )
    live.close(outcome())
    live.close(outcome())
    (card,) = worker.thread(question)
    assert card.ts != progress.ts
    assert "checkout crashes" in card.words


def test_a_card_slack_will_not_have_is_sent_as_text(worker: Worker) -> None:
    worker.lab.faults.add("chat.postMessage", error="invalid_blocks")
    question = worker.ask()
    worker.live(question).close(outcome())
    (card,) = worker.thread(question)
    assert card.blocks == [] or "checkout crashes" in card.text
    assert "Confirmed: checkout crashes" in card.text


def test_when_slack_cannot_be_reached_the_answer_is_delivered_on_resume(worker: Worker) -> None:
    question = worker.ask()
    worker.lab.faults.add("chat.*", status=503, times=None)
    worker.lab.faults.add("conversations.replies", status=503, times=None)
    with pytest.raises(UpstreamError, match="Slack"):
        worker.messenger(patience_s=0.1).open_live(thread_of(question), question, key=KEY).close(
            outcome()
        )
    worker.lab.faults.clear()
    worker.live(question).close(outcome())
    assert len(worker.thread(question)) == 1


def test_a_typed_commands_output_is_one_message_with_its_table(worker: Worker) -> None:
    question = worker.ask("kubectl get pods")
    worker.live(question).close(typed(observation(body="NAME\ncheckout-1")))
    (card,) = worker.thread(question)
    assert "checkout-1" in card.words


def test_the_ledger_of_a_large_run_fits_into_its_card(worker: Worker) -> None:
    ledger = tuple(evidence(number) for number in range(1, 60))
    question = worker.ask()
    worker.live(question).close(outcome(ledger=ledger))
    (card,) = worker.thread(question)
    assert "58 more under Details" in card.words
