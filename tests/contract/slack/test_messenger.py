"""What is said around an answer, and how calls to Slack fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.adapters.slack.blocks.notice import note_card
from bot.adapters.slack.errors import SlackBusyError, SlackDeniedError, SlackUncertainError
from bot.domain.conversation import (
    MessageTs,
    Surface,
)
from tests.contract.slack.worker import ROOM, Worker, question_of, thread_of
from tests.lab.slack.records import BOT_USER_ID
from tests.lab.slack.values import outcome


def test_a_revoked_token_is_named_with_what_to_do(worker: Worker) -> None:
    question = worker.ask()
    worker.lab.revoke_token()
    with pytest.raises(SlackDeniedError, match=r"token_revoked.*reinstall.*SLACK_BOT_TOKEN"):
        worker.live(question).close(outcome())


def test_a_channel_we_are_not_in_is_named_with_what_to_do(worker: Worker) -> None:
    thread = thread_of(question_of(worker.lab.as_user("ana").post("#random", "why?")))
    with pytest.raises(SlackDeniedError, match="invite the bot"):
        worker.messenger().note(thread, "hello", key="note/1")


def test_a_note_is_said_once_for_each_key(worker: Worker) -> None:
    question = worker.ask()
    for messenger in (worker.messenger(), worker.messenger()):
        messenger.note(thread_of(question), "Another worker goes on.", key="note/1")
    assert [seen.text for seen in worker.thread(question)] == ["Another worker goes on."]


def test_a_whisper_is_seen_by_one_person_only(worker: Worker) -> None:
    question = worker.ask()
    worker.messenger().whisper(thread_of(question), question.person, "You may not read prod-eu.")
    assert [seen.text for seen in worker.lab.ephemerals("ana")] == ["You may not read prod-eu."]
    assert worker.lab.ephemerals("tom") == []
    assert worker.thread(question) == []


def test_a_refusal_takes_the_status_line_and_the_stop_button_away(worker: Worker) -> None:
    question = worker.ask()
    messenger = worker.messenger()
    messenger.acknowledge(question)
    messenger.whisper(thread_of(question), question.person, "You may not read prod-eu.")
    assert worker.lab.statuses(ROOM, question.thread_ts)[0].cleared_by == "app"
    session = worker.lab.session(ROOM, question.thread_ts)
    assert session is not None
    assert session.status == "active"


def test_a_refusal_in_a_direct_message_lasts(worker: Worker) -> None:
    question = question_of(worker.lab.as_user("ana").dm("why?"))
    thread = replace(thread_of(question), surface=Surface.DIRECT)
    worker.messenger().whisper(thread, question.person, "You may not read prod-eu.")
    assert [seen.text for seen in worker.thread(question)] == ["You may not read prod-eu."]


def test_a_picker_somebody_used_is_not_shown_again(worker: Worker) -> None:
    question = worker.ask()
    thread = thread_of(question)
    worker.messenger().pick_scope(thread, question, ("prod-eu", "prod-us"), key="pick/1")
    (picker,) = worker.thread(question)
    worker.gateway().update(question.channel, MessageTs(picker.ts), note_card("chosen"))
    worker.messenger().pick_scope(thread, question, ("prod-eu", "prod-us"), key="pick/1")
    assert [seen.text for seen in worker.thread(question)] == ["chosen"]


def test_the_picker_is_shown_once_for_each_key(worker: Worker) -> None:
    question = worker.ask()
    for messenger in (worker.messenger(), worker.messenger()):
        messenger.pick_scope(thread_of(question), question, ("prod-eu", "prod-us"), key="pick/1")
    (picker,) = worker.thread(question)
    assert picker.action_ids == ["scope.button.0", "scope.button.1"]


def test_a_question_is_acknowledged_with_status_reaction_and_stop(worker: Worker) -> None:
    question = worker.ask()
    worker.messenger().acknowledge(question)
    assert worker.lab.statuses(ROOM, question.thread_ts)[-1].text == "is looking into it…"
    (root,) = worker.lab.thread(ROOM, question.thread_ts)
    assert root.reactions == {"eyes": [BOT_USER_ID]}
    session = worker.lab.session(ROOM, question.thread_ts)
    assert session is not None
    assert session.status == "processing"


def test_a_quiet_channel_and_a_direct_message_get_no_reaction(worker: Worker) -> None:
    quiet = worker.ask(room="#payments")
    direct = question_of(worker.lab.as_user("ana").dm("why?"))
    for question in (quiet, direct):
        worker.messenger().acknowledge(question)
        assert worker.lab.statuses(question.channel, question.thread_ts)
    assert worker.lab.calls("reactions.add") == []


def test_acknowledging_never_raises_and_never_waits(worker: Worker) -> None:
    question = worker.ask()
    worker.lab.faults.rate_limit("*", retry_after_s=30, times=None)
    worker.messenger(patience_s=0).acknowledge(question)
    assert {call.status for call in worker.lab.calls()} == {429}


def test_without_patience_a_rate_limit_is_an_error_at_once(worker: Worker) -> None:
    question = worker.ask()
    worker.lab.faults.rate_limit("chat.postMessage", retry_after_s=7)
    gateway = worker.gateway(patience_s=0)
    for _ in range(2):
        with pytest.raises(SlackBusyError) as raised:
            gateway.post(question.channel, note_card("x"), thread_ts=question.thread_ts)
        assert raised.value.retry_after_s == pytest.approx(7, abs=1)
    assert len(worker.lab.calls("chat.postMessage")) == 1


def test_a_post_whose_fate_is_unknown_is_not_repeated_by_the_gateway(worker: Worker) -> None:
    question = worker.ask()
    worker.lab.faults.add("chat.postMessage", drop="after")
    with pytest.raises(SlackUncertainError):
        worker.gateway().post(question.channel, note_card("x"), thread_ts=question.thread_ts)
    assert len(worker.thread(question)) == 1
