"""Files beside an answer: brought into the thread once, seen to arrive, and missed aloud."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.adapters.slack.calls_files import Upload
from bot.adapters.slack.errors import SlackDeniedError
from tests.contract.slack.worker import KEY, Worker, thread_of
from tests.lab.slack.server import UPLOAD_STEP
from tests.lab.slack.values import evidence, memory_chart, observation, outcome, typed

if TYPE_CHECKING:
    from bot.domain.chart import Chart
    from bot.domain.conversation import Question
    from bot.domain.outcome import Outcome
    from tests.lab.slack.reading import Seen

LONG = "\n".join(f"pod-{number:05}   1/1   Running" for number in range(4_000))


def charted(chart: Chart | None = None) -> Outcome:
    return outcome(ledger=(evidence(1, observation(chart=chart or memory_chart())), evidence(2)))


def closed(worker: Worker, found: Outcome) -> tuple[Question, list[Seen]]:
    question = worker.ask()
    worker.live(question).close(found)
    return question, worker.thread(question)


def test_a_chart_of_too_many_series_is_a_picture_in_the_thread(worker: Worker) -> None:
    _, (card, shared) = closed(worker, charted())
    assert "*Chart of E1:* a picture in this thread (9 series" in card.words
    (file,) = shared.files
    assert (file["name"], file["mimetype"]) == ("chart-E1.png", "image/png")
    assert file["alt_txt"].startswith("Line chart of container_memory_working_set_bytes")
    content = worker.lab.workspace.files[file["id"]].content
    assert content is not None
    assert content.startswith(b"\x89PNG")


def test_a_long_output_is_a_snippet_in_the_thread_and_one_message(worker: Worker) -> None:
    _, (card, shared) = closed(worker, typed(observation(body=LONG)))
    assert "the full output is a file in this thread" in card.words
    (file,) = shared.files
    assert (file["name"], file["mode"], file["alt_txt"]) == ("output-E1.txt", "snippet", "")
    content = worker.lab.workspace.files[file["id"]].content
    assert content is not None
    assert content.decode() == LONG


def test_the_answer_is_there_before_its_files_are_asked_for(worker: Worker) -> None:
    question, _ = closed(worker, charted())
    methods = [call.method for call in worker.lab.calls()]
    assert methods.index("chat.postMessage") < methods.index("files.getUploadURLExternal")
    (call,) = worker.lab.calls("files.completeUploadExternal")
    assert (call.args["channel_id"], call.args["thread_ts"]) == (
        question.channel,
        question.thread_ts,
    )


@pytest.mark.parametrize("step", ["files.getUploadURLExternal", "files.completeUploadExternal"])
def test_a_refused_upload_leaves_the_figures_and_says_what_is_missing(
    worker: Worker, step: str
) -> None:
    worker.lab.faults.add(step, error="file_uploads_disabled", times=None)
    _, (card,) = closed(worker, charted())
    assert "*The picture of E1 is missing:*" in card.words
    assert "pod=cart-1" in card.words


def test_bytes_that_are_not_taken_are_missed_too(worker: Worker) -> None:
    worker.lab.faults.add(UPLOAD_STEP, status=500, times=None)
    _, (card,) = closed(worker, charted())
    assert "*The picture of E1 is missing:*" in card.words


def test_a_snippet_that_is_refused_leaves_three_messages(worker: Worker) -> None:
    worker.lab.faults.add("files.getUploadURLExternal", error="file_uploads_disabled", times=None)
    _, cards = closed(worker, typed(observation(body=LONG)))
    assert len(cards) == 3
    assert "Slack did not take the full output as a file" in cards[-1].words
    assert "a file in this thread" not in cards[0].words


def test_a_file_slack_accepts_and_never_shares_is_missed(worker: Worker) -> None:
    worker.lab.workspace.shares_files = False
    question = worker.ask()
    worker.live(question).close(charted())
    (card,) = worker.thread(question)
    assert "*The picture of E1 is missing:*" in card.words


def test_an_answer_delivered_again_brings_its_files_once(worker: Worker) -> None:
    question = worker.ask()
    for _ in range(2):
        worker.live(question).close(charted())
    card, shared = worker.thread(question)
    assert shared.files
    assert "The picture of E1 is missing" not in card.words
    assert len(worker.lab.calls("files.completeUploadExternal")) == 1


def test_a_worker_that_died_after_sharing_is_found_out_by_the_thread(worker: Worker) -> None:
    question = worker.ask()
    picture = Upload(name="chart-E1.png", title="E1", content=b"png", alt_text="a chart")
    worker.gateway().share_files(
        question.channel, [picture], thread_ts=question.thread_ts, comment="Chart of E1"
    )
    worker.lab.wait_for(lambda: worker.thread(question), what="the shared file")
    worker.live(question).close(charted())
    assert len(worker.lab.calls("files.completeUploadExternal")) == 1
    assert sum(bool(seen.files) for seen in worker.thread(question)) == 1


def test_a_message_with_files_is_not_taken_for_a_lost_answer(worker: Worker) -> None:
    question = worker.ask()
    picture = Upload(name="other.png", title="other", content=b"png", alt_text="a chart")
    worker.gateway().share_files(
        question.channel, [picture], thread_ts=question.thread_ts, comment="Another chart"
    )
    worker.lab.wait_for(lambda: worker.thread(question), what="the shared file")
    worker.live(question).close(outcome())
    shared, card = worker.thread(question)
    assert shared.text == "Another chart"
    assert "checkout crashes" in card.words


def test_without_the_scope_the_error_names_it(worker: Worker) -> None:
    worker.lab.faults.add("files.getUploadURLExternal", error="missing_scope")
    question = worker.ask()
    with pytest.raises(SlackDeniedError, match="add it to the app and reinstall"):
        worker.gateway().share_files(
            question.channel,
            [Upload(name="a.txt", title="a", content=b"a", is_snippet=True)],
            thread_ts=question.thread_ts,
            comment="a",
        )


def test_a_session_that_would_have_to_wait_is_left_as_it_is(worker: Worker) -> None:
    worker.lab.faults.rate_limit("agents.sessions.setStatus", retry_after_s=20, times=None)
    question = worker.ask()
    messenger = worker.messenger(patience_s=25.0)
    began = worker.time.monotonic()
    messenger.acknowledge(question)
    messenger.open_live(thread_of(question), question, key=KEY).close(outcome())
    assert worker.time.monotonic() - began < 10
    (card,) = worker.thread(question)
    assert "checkout crashes" in card.words
