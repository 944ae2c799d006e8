"""A worker as Slack sees it: gateway, messenger and store, over the lab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.adapters.buckets import TokenBuckets
from bot.adapters.slack.calling import web_client
from bot.adapters.slack.gateway import SlackGateway
from bot.adapters.slack.messenger import SlackMessenger
from bot.adapters.store.store import SqlStore
from bot.domain.conversation import (
    ChannelId,
    MessageTs,
    PersonId,
    Question,
    Surface,
    Thread,
    ThreadId,
)
from bot.domain.progress import Task, TaskState
from bot.domain.registry import Registry
from tests.lab.slack.records import TEAM_ID, Message
from tests.lab.slack.testing import SlackLab
from tests.lab.slack.values import NOON
from tests.lab.time import LabTime

if TYPE_CHECKING:
    from bot.ports.messenger import LiveMessage
    from tests.lab.slack.reading import Seen


KEY = "answer/inv-0001"
ROOM = "#oncall"
INTERVAL_S = 0.02
LOOK_AFTER_S = (0.1, 0.3, 0.9)


@dataclass(frozen=True, kw_only=True)
class Worker:
    """A worker's Slack side; each `messenger` is another worker's, on the same store."""

    lab: SlackLab
    store: SqlStore
    registry: Registry

    @property
    def time(self) -> LabTime:
        return LabTime(self.lab.clock)

    def gateway(self, *, patience_s: float = 3.0) -> SlackGateway:
        return SlackGateway(
            client=web_client(token=self.lab.bot_token, base_url=self.lab.api_url),
            buckets=TokenBuckets(None, clock=self.time),
            clock=self.time,
            patience_s=patience_s,
        )

    def messenger(
        self, *, patience_s: float = 3.0, interval_s: float = INTERVAL_S
    ) -> SlackMessenger:
        return SlackMessenger(
            gateway=self.gateway(patience_s=patience_s),
            deliveries=self.store,
            registry=self.registry,
            clock=self.time,
            update_interval_s=interval_s,
            stream_interval_s=interval_s,
            look_after_s=LOOK_AFTER_S,
        )

    def ask(self, text: str = "why is checkout down?", *, room: str = ROOM) -> Question:
        message = self.lab.as_user("ana").mention(room, text)
        return question_of(message)

    def live(self, question: Question, *, key: str = KEY) -> LiveMessage:
        return self.messenger().open_live(thread_of(question), question, key=key)

    def thread(self, question: Question) -> list[Seen]:
        return [
            seen for seen in self.lab.thread(question.channel, question.thread_ts) if seen.by_bot
        ]


def question_of(message: Message, *, person: str | None = None) -> Question:
    return Question(
        question_id=f"{message.channel}:{message.ts}",
        team_id=TEAM_ID,
        channel=ChannelId(message.channel),
        thread_ts=MessageTs(message.root_ts),
        ts=MessageTs(message.ts),
        person=PersonId(message.user if person is None else person),
        text=message.text,
        surface=Surface.DIRECT if message.channel.startswith("D") else Surface.CHANNEL,
        asked_at=NOON,
    )


def thread_of(question: Question) -> Thread:
    return Thread(
        thread_id=ThreadId("thread-1"),
        team_id=question.team_id,
        channel=question.channel,
        thread_ts=question.thread_ts,
        surface=question.surface,
    )


def task(number: int, state: TaskState = TaskState.COMPLETE, *, title: str = "") -> Task:
    return Task(
        task_id=f"task-{number}",
        title=title or f"Read pods of shard {number}",
        state=state,
        outcome=f"{number} rows" if state is TaskState.COMPLETE else None,
    )
