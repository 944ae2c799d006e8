"""Processes that die, and servers that go away, in the middle of an answer: nothing is lost."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from bot.adapters.clock import SystemClock
from bot.adapters.store.engine import writing
from bot.adapters.store.store import SqlStore
from bot.adapters.store.tables import inbox_events
from bot.bootstrap.installation import new_id
from tests.flows.crashing import SUMMARY, TWO_READS
from tests.flows.house import (
    PATIENCE_S,
    House,
    database_of,
    events_of,
    run_of,
    wait_until_closed,
    worker_of,
)
from tests.lab.model.outages import held
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.conversation import InboundEvent
    from tests.lab.installation import Process
    from tests.lab.slack.records import Message

# Real processes start and die here; a busy machine takes its time over that.
pytestmark = pytest.mark.timeout(180)


class Team:
    """A house with a listener, a clock and two investigators, whoever of them dies."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.listener, self.cron, *self.investigators = house.start(
            "listener", "cron", "investigator", "investigator"
        )

    def complete(self) -> None:
        """Replace the dead."""
        self.investigators = [one for one in self.investigators if one.popen.poll() is None]
        missing = 2 - len(self.investigators)
        self.investigators += self.house.start(*["investigator"] * missing)
        if self.listener.popen.poll() is not None:
            (self.listener,) = self.house.start("listener")

    def worker_of(self, question: Message) -> Process:
        """Return the investigator that is answering the question."""
        return worker_of(run_of(self.house.installation, question), self.investigators)


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    with House(tmp_path_factory.mktemp("survival")) as house:
        yield Team(house)


@pytest.fixture
def team(settled: Team) -> Iterator[Team]:
    settled.complete()
    yield settled
    settled.house.slack.faults.clear()
    settled.house.model.recover()
    settled.house.model.release()


def reads_of(house: House) -> list[str]:
    return [one.path for one in house.lab.kubernetes["prod-eu"].requests(containing="/shop/")]


def test_a_worker_killed_in_mid_answer_is_taken_over_and_nothing_is_read_or_asked_twice(
    team: Team,
) -> None:
    house = team.house
    house.script(killed=TWO_READS)
    house.model.outage(held(), skip=1, question="killed")
    question = house.chat.ask("why is shop killed?")
    before_death = house.wait_until_held("killed")
    read = reads_of(house)
    assert read
    team.worker_of(question).kill()
    card = house.chat.answer("#oncall", question.ts)
    assert SUMMARY in card.words
    assert "kubectl get pods -n shop" in card.words
    assert "kubectl events -n shop" in card.words
    assert reads_of(house) == read
    first, second, after_death = house.turns_about("killed")
    assert first.request.turn == 0
    assert second.number == before_death.number
    assert after_death.request.body["messages"] == second.request.body["messages"]
    assert [seen.ts for seen in house.chat.said_by_bot("#oncall", question.ts)] == [card.ts]


def test_a_worker_killed_between_answer_and_closing_leaves_one_answer(team: Team) -> None:
    house = team.house
    house.script(closing=TWO_READS)
    # The courtesy after the final card is the last thing before the run is closed.
    house.slack.faults.add("agents.sessions.setStatus", latency_s=20, skip=1)
    question = house.chat.ask("the closing of shop")
    card = house.chat.answer("#oncall", question.ts)
    turns = len(house.turns_about("closing"))
    team.worker_of(question).kill()
    assert wait_until_closed(house.installation, question).attempt == 2
    assert [seen.ts for seen in house.chat.said_by_bot("#oncall", question.ts)] == [card.ts]
    assert len(house.turns_about("closing")) == turns


def test_a_worker_asked_to_end_hands_over_at_once(team: Team) -> None:
    house = team.house
    house.script(handed=TWO_READS)
    house.model.outage(held(), skip=1, question="handed")
    question = house.chat.ask("shop is handed over")
    house.wait_until_held("handed")
    # Without the sweeper nobody rings when a lease runs out: only the leaving worker can.
    team.cron.popen.send_signal(signal.SIGSTOP)
    try:
        leaving = team.worker_of(question)
        leaving.popen.terminate()
        card = house.chat.answer("#oncall", question.ts)
        assert leaving.popen.wait(timeout=PATIENCE_S) == 0
    finally:
        team.cron.popen.send_signal(signal.SIGCONT)
    assert SUMMARY in card.words
    assert len(house.turns_about("handed")) == 3
    assert [seen.ts for seen in house.chat.said_by_bot("#oncall", question.ts)] == [card.ts]


def test_a_question_asked_while_redis_was_away_is_answered_when_it_is_back(team: Team) -> None:
    house = team.house
    house.script(away=TWO_READS)
    house.stop_redis()
    try:
        question = house.chat.ask("what is wrong in shop while redis is away?")
        eventually(lambda: events_of(team.listener, "ring_failed"), "the ring failed")
    finally:
        house.start_redis()
    card = house.chat.answer("#oncall", question.ts)
    assert SUMMARY in card.words


def test_an_event_stored_by_a_listener_that_then_died_is_routed_by_the_sweeper(team: Team) -> None:
    house = team.house
    house.script(stored=TWO_READS)
    team.listener.stop()
    (team.listener,) = house.start("listener")
    # A new listener asks Slack who it is with its first delivery, which is stored by then.
    house.slack.faults.add("auth.test", latency_s=20)
    question = house.chat.ask("stored and not routed, in shop")
    eventually(lambda: stored_but_not_routed(house), "the event is stored")
    team.listener.kill()
    assert house.chat.said_by_bot("#oncall", question.ts) == []
    let_a_minute_pass_in_the_inbox(house)
    card = house.chat.answer("#oncall", question.ts)
    assert SUMMARY in card.words
    (team.listener,) = house.start("listener")
    house.slack.wait_until_delivered(timeout_s=20)
    assert house.chat.answers("#oncall", question.ts) == [card]
    assert len(house.turns_about("stored")) == 2


def test_an_answer_that_takes_longer_than_slack_keeps_a_stream_arrives_whole_in_its_place(
    team: Team,
) -> None:
    house = team.house
    house.script(patient=TWO_READS)
    house.model.outage(held(), skip=1, question="patient")
    question = house.chat.ask("a patient question about shop")
    house.wait_until_held("patient")
    live = house.slack.wait_for_reply(
        "#oncall", question.ts, finished=False, contains="kubectl get pods", timeout_s=PATIENCE_S
    )
    assert live.streaming
    house.lab.clock.advance(301)
    house.model.release()
    card = house.chat.answer("#oncall", question.ts)
    assert card.ts == live.ts
    assert SUMMARY in card.words
    assert "kubectl events -n shop" in card.words
    assert [seen.ts for seen in house.chat.said_by_bot("#oncall", question.ts)] == [card.ts]


def stored_but_not_routed(house: House) -> list[InboundEvent]:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    with database_of(house.installation) as engine:
        store = SqlStore(engine, SystemClock(), new_id)
        return store.unrouted(received_before=tomorrow, limit=9)


def let_a_minute_pass_in_the_inbox(house: House) -> None:
    a_minute_ago = datetime.now(UTC) - timedelta(minutes=1)
    with database_of(house.installation) as engine, writing(engine) as connection:
        connection.execute(update(inbox_events).values(received_at=a_minute_ago))
