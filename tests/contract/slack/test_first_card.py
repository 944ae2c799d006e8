"""What rules see already stands above the plan of a run, soon, until the final card."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.investigation import RunState
from bot.domain.progress import TaskState
from tests.contract.slack.worker import KEY, question_of, task, thread_of
from tests.lab.slack.seed import ALERTS
from tests.lab.slack.values import outcome

if TYPE_CHECKING:
    from bot.domain.conversation import Question
    from bot.domain.outcome import Outcome
    from bot.ports.messenger import LiveMessage
    from tests.contract.slack.worker import Worker
    from tests.lab.slack.reading import Seen

MARK = "First look, by rules only."


def alerted(worker: Worker) -> Question:
    alert = worker.lab.post_as_app({"text": "KubePodCrashLooping"})
    return question_of(worker.lab.workspace.messages[ALERTS][alert.ts], person="")


def shown(worker: Worker, question: Question, *words: str) -> Seen:
    """Return the run's message once it holds the words."""

    def look() -> Seen | None:
        found = worker.thread(question)
        return found[0] if found and all(word in found[0].words for word in words) else None

    return worker.lab.wait_for(look, what=f"{words} in the thread")


def patient(worker: Worker, question: Question) -> LiveMessage:
    """Return a live message whose progress may be updated once an hour only."""
    messenger = worker.messenger(interval_s=3_600.0)
    return messenger.open_live(thread_of(question), question, key=KEY)


def running() -> Outcome:
    return outcome(state=RunState.RUNNING)


def test_it_stands_above_the_plan_and_both_stay_until_the_card(worker: Worker) -> None:
    question = alerted(worker)
    live = worker.live(question)
    live.show(task(1))
    live.preview(running())
    first = shown(worker, question, MARK, "checkout crashes", "shard 1")
    live.show(task(2, TaskState.IN_PROGRESS))
    later = shown(worker, question, MARK, "checkout crashes", "shard 2")
    assert first.ts == later.ts
    kinds = [block["type"] for block in later.blocks]
    assert kinds.index("markdown") < kinds.index("plan")
    assert later.action_ids == ["run.stop"]
    live.close(outcome())
    (card,) = worker.thread(question)
    assert card.ts == first.ts
    assert MARK not in card.words
    assert "shard" not in card.words


def test_it_does_not_wait_for_the_pace_of_progress(worker: Worker) -> None:
    question = alerted(worker)
    live = patient(worker, question)
    live.show(task(1))
    worker.lab.wait_for_call("chat.postMessage")
    live.preview(running())
    shown(worker, question, MARK)
    live.close(outcome())


def test_it_may_be_the_first_there_is_to_say(worker: Worker) -> None:
    question = alerted(worker)
    live = patient(worker, question)
    live.preview(running())
    shown(worker, question, MARK, "checkout crashes")
    live.close(outcome())
    assert len(worker.thread(question)) == 1


@pytest.mark.parametrize("streams_first", [True, False])
def test_where_a_person_asked_the_stream_gives_way_to_it(
    worker: Worker, *, streams_first: bool
) -> None:
    question = worker.ask("could it be the database?")
    live = worker.live(question)
    if streams_first:
        live.show(task(1))
        worker.lab.wait_for_call("chat.startStream")
    live.preview(running())
    first = shown(worker, question, MARK)
    live.show(task(2))
    later = shown(worker, question, MARK, "shard 2")
    assert not later.streaming
    assert later.ts == first.ts
    live.close(outcome())
    (card,) = worker.thread(question)
    assert card.ts == first.ts
    assert MARK not in card.words


def test_a_rate_limit_delays_it_and_nobody_hears_of_an_error(worker: Worker) -> None:
    question = alerted(worker)
    worker.lab.faults.rate_limit("chat.postMessage", retry_after_s=1)
    live = worker.live(question)
    live.preview(running())
    shown(worker, question, MARK)
    live.close(outcome())


def test_when_slack_is_down_it_is_left_out_and_the_answer_still_comes(worker: Worker) -> None:
    question = alerted(worker)
    worker.lab.faults.add("*", status=503, times=None)
    live = worker.live(question)
    live.preview(running())
    worker.lab.wait_for_call("conversations.replies")
    worker.lab.faults.clear()
    live.close(outcome())
    (card,) = worker.thread(question)
    assert "checkout crashes" in card.words
    assert MARK not in card.words
