"""The live message of a run: streamed, edited, limited, stopped, and then one card."""

from __future__ import annotations

import pytest

from bot.adapters.slack import limits
from bot.domain.investigation import RunState
from bot.domain.progress import TaskState
from tests.contract.slack.worker import KEY, ROOM, Worker, question_of, task, thread_of
from tests.lab.slack.values import outcome, verdict


def test_a_person_sees_a_plan_grow_and_then_one_card_in_its_place(worker: Worker) -> None:
    question = worker.ask()
    live = worker.live(question)
    live.show(task(1, TaskState.IN_PROGRESS))
    worker.lab.wait_for_call("chat.startStream")
    live.show(task(1))
    live.show(task(2, TaskState.IN_PROGRESS))
    worker.lab.wait_for_call("chat.appendStream")
    (progress,) = worker.thread(question)
    assert progress.streaming
    assert [(one["task_id"], one["status"]) for one in progress.tasks] == [
        ("task-1", "complete"),
        ("task-2", "in_progress"),
    ]
    live.close(outcome())
    (card,) = worker.thread(question)
    assert card.ts == progress.ts
    assert not card.streaming
    assert "checkout crashes since 11:40" in card.words
    assert "Read pods" not in card.words
    assert card.metadata is not None
    assert card.metadata["event_payload"] == {"key": KEY}


def test_a_question_of_nobody_is_answered_by_a_message_that_is_edited(worker: Worker) -> None:
    alert = worker.lab.post_webhook_alert(text="KubePodCrashLooping")
    message = worker.lab.workspace.messages[alert.channel][alert.ts]
    question = question_of(message, person="")
    live = worker.live(question)
    live.show(task(1, TaskState.IN_PROGRESS))
    worker.lab.wait_for_call("chat.postMessage")
    live.show(task(1))
    worker.lab.wait_for_call("chat.update")
    (progress,) = worker.thread(question)
    assert "run.stop" in progress.action_ids
    live.close(outcome())
    (card,) = worker.thread(question)
    assert "run.stop" not in card.action_ids
    assert worker.lab.calls("chat.startStream") == []


@pytest.mark.parametrize(
    "error", ["missing_recipient_user_id", "unknown_method", "internal_error", "restricted_action"]
)
def test_where_slack_refuses_a_stream_the_message_is_edited(worker: Worker, error: str) -> None:
    worker.lab.faults.add("chat.startStream", error=error)
    question = worker.ask()
    live = worker.live(question)
    live.show(task(1))
    worker.lab.wait_for_call("chat.postMessage")
    live.close(outcome())
    (card,) = worker.thread(question)
    assert "checkout crashes" in card.words


def test_a_method_the_workspace_lacks_is_asked_for_once(worker: Worker) -> None:
    worker.lab.faults.add("chat.startStream", error="unknown_method", times=None)
    messenger = worker.messenger()
    for number in range(3):
        question = worker.ask(f"question {number}")
        live = messenger.open_live(thread_of(question), question, key=f"answer/{number}")
        live.show(task(1))
        live.close(outcome())
    assert len(worker.lab.calls("chat.startStream")) <= 1


def test_a_stream_older_than_slack_allows_goes_on_in_the_same_message(worker: Worker) -> None:
    question = worker.ask()
    live = worker.live(question)
    live.show(task(1))
    worker.lab.wait_for_call("chat.startStream")
    worker.lab.clock.advance(limits.STREAM_TTL_S + 1)
    live.show(task(2))
    worker.lab.wait_for_call("chat.update")
    (progress,) = worker.thread(question)
    assert "Read pods of shard 1" in progress.words
    assert "Read pods of shard 2" in progress.words
    live.close(outcome())
    (card,) = worker.thread(question)
    assert card.ts == progress.ts
    assert "checkout crashes" in card.words


def test_a_stream_is_ended_before_slack_ends_it(worker: Worker) -> None:
    question = worker.ask()
    live = worker.live(question)
    live.show(task(1))
    worker.lab.wait_for_call("chat.startStream")
    worker.lab.clock.advance(limits.STREAM_ROTATE_AFTER_S + 1)
    live.show(task(2))
    worker.lab.wait_for_call("chat.update")
    assert [call.error for call in worker.lab.calls("chat.stopStream")] == [""]
    live.close(outcome())


def test_a_run_longer_than_five_minutes_without_news_still_ends_in_its_card(worker: Worker) -> None:
    question = worker.ask()
    live = worker.live(question)
    live.show(task(1, TaskState.IN_PROGRESS))
    worker.lab.wait_for_call("chat.startStream")
    worker.lab.clock.advance(700)
    live.close(outcome())
    (card,) = worker.thread(question)
    assert "checkout crashes" in card.words


def test_progress_of_more_than_eleven_kilobytes_loses_no_answer(worker: Worker) -> None:
    question = worker.ask()
    live = worker.live(question)
    for number in range(120):
        live.show(task(number, title=f"Read the logs of pod {number} " + "ü" * 60))
        if number % 20 == 0:
            worker.lab.wait_for_call("chat.startStream")
    worker.lab.wait_for(
        lambda: [seen for seen in worker.thread(question) if "pod 119" in seen.words],
        what="the last task",
    )
    live.close(outcome())
    (card,) = worker.thread(question)
    assert "checkout crashes" in card.words
    assert all(call.error != "msg_too_long" for call in worker.lab.calls())


def test_an_answer_of_eleven_kilobytes_arrives_whole(worker: Worker) -> None:
    words = [f"finding{number:04}" for number in range(900)]
    question = worker.ask()
    worker.live(question).close(outcome(found=verdict(summary=" ".join(words))))
    thread = worker.thread(question)
    said = "\n".join(seen.words for seen in thread)
    assert len(said) > 11_000
    assert [word for word in words if word not in said] == []
    assert len(thread) == 2


def test_a_person_who_stops_the_stream_still_gets_the_end_state(worker: Worker) -> None:
    question = worker.ask()
    worker.messenger().acknowledge(question)
    live = worker.live(question)
    live.show(task(1))
    worker.lab.wait_for_call("chat.startStream")
    worker.lab.as_user("ana").stop(ROOM, question.thread_ts)
    live.show(task(2))
    worker.lab.wait_for_call("chat.update")
    live.close(outcome(state=RunState.CANCELLED, notice="Stopped by ana."))
    (card,) = worker.thread(question)
    assert "Stopped by ana." in card.words
    session = worker.lab.session(ROOM, question.thread_ts)
    assert session is not None
    assert session.status == "active"


def test_a_rate_limit_on_progress_delays_it_and_does_not_break_the_stream(worker: Worker) -> None:
    question = worker.ask()
    live = worker.live(question)
    live.show(task(1))
    worker.lab.wait_for_call("chat.startStream")
    worker.lab.faults.rate_limit("chat.appendStream", retry_after_s=1)
    live.show(task(2))
    worker.lab.wait_for_call("chat.appendStream", count=2)
    (progress,) = worker.thread(question)
    assert progress.streaming
    assert [one["task_id"] for one in progress.tasks] == ["task-1", "task-2"]
    live.close(outcome())


def test_a_rate_limit_on_the_card_is_waited_for(worker: Worker) -> None:
    question = worker.ask()
    live = worker.live(question)
    live.show(task(1))
    worker.lab.wait_for_call("chat.startStream")
    worker.lab.faults.rate_limit("chat.update", retry_after_s=1)
    live.close(outcome())
    (card,) = worker.thread(question)
    assert "checkout crashes" in card.words
