"""A question desk that writes down what it is asked and answers what a test gave it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from bot.domain.errors import NotAllowedError, UpstreamError
from bot.domain.investigation import RunState
from bot.domain.verdict import Status
from bot.ports.desk import ClusterHealth, HomePage, Reach, RecentQuestion, ServiceStatus
from tests.lab.slack.values import NOON, outcome

if TYPE_CHECKING:
    from bot.domain.conversation import ChannelId, MessageTs, PersonId, Question, Rating
    from bot.domain.outcome import Outcome


class RecordingDesk:
    """bot.ports.desk.QuestionDesk in memory; `refusal` and `outage` make it refuse or fail."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.acts: list[tuple[str, dict[str, Any]]] = []
        self.known: set[tuple[str, str]] = set()
        self.outcome: Outcome | None = outcome()
        self.refusal = ""
        self.outage = ""
        self.recent: tuple[RecentQuestion, ...] = ()
        self.takes_s = 0.0

    def knows_thread(self, channel: ChannelId, thread_ts: MessageTs) -> bool:
        return (channel, thread_ts) in self.known

    def receive(self, question: Question) -> None:
        self._act("receive", question=question)
        self.asked.append(question)
        self.known.add((question.channel, question.thread_ts))

    def stop(self, *, channel: ChannelId, thread_ts: MessageTs, person: PersonId) -> str:
        self._act("stop", channel=channel, thread_ts=thread_ts, person=person)
        return "Stopping."

    def retry(
        self,
        *,
        channel: ChannelId,
        thread_ts: MessageTs,
        team_id: str,
        person: PersonId,
        investigation_id: str | None,
    ) -> str:
        self._act(
            "retry",
            channel=channel,
            thread_ts=thread_ts,
            team_id=team_id,
            person=person,
            investigation_id=investigation_id,
        )
        return "Asking again."

    def use_scope(
        self,
        *,
        channel: ChannelId,
        thread_ts: MessageTs | None,
        team_id: str,
        person: PersonId,
        cluster: str,
        namespace: str | None,
    ) -> str:
        self._act(
            "use_scope",
            channel=channel,
            thread_ts=thread_ts,
            team_id=team_id,
            person=person,
            cluster=cluster,
            namespace=namespace,
        )
        return f"From now on this is about {cluster}."

    def pick_scope(
        self,
        *,
        channel: ChannelId,
        thread_ts: MessageTs,
        team_id: str,
        person: PersonId,
        cluster: str,
    ) -> str:
        self._act(
            "pick_scope",
            channel=channel,
            thread_ts=thread_ts,
            team_id=team_id,
            person=person,
            cluster=cluster,
        )
        return f"Looking at {cluster}."

    def rate(self, investigation_id: str, *, person: PersonId, rating: Rating) -> str:
        self._act("rate", investigation_id=investigation_id, person=person, rating=rating)
        return "Thank you: it is kept with the answer."

    def details(self, investigation_id: str, *, person: PersonId) -> Outcome | None:
        self._act("details", investigation_id=investigation_id, person=person)
        return self.outcome

    def status(self, *, team_id: str, channel: ChannelId, person: PersonId) -> ServiceStatus:
        self._act("status", team_id=team_id, channel=channel, person=person)
        return ServiceStatus(clusters=self._clusters(), model=None, running=1, waiting=2)

    def home(self, person: PersonId, *, team_id: str) -> HomePage:
        self._act("home", person=person, team_id=team_id)
        return HomePage(clusters=self._clusters(), recent=self.recent, model=None)

    def remember(self, question: Question) -> None:
        """Show the question on the home page."""
        self.recent = (
            RecentQuestion(
                investigation_id="inv-0001",
                text=question.text,
                state=RunState.DONE,
                status=Status.LIKELY,
                channel=question.channel,
                ts=question.ts,
                asked_at=NOON,
            ),
        )

    def did(self, name: str) -> list[dict[str, Any]]:
        """Return the arguments of each call of that name."""
        return [arguments for act, arguments in self.acts if act == name]

    def _clusters(self) -> tuple[ClusterHealth, ...]:
        return (ClusterHealth(name="prod-eu", environment="prod", reach=Reach.REACHABLE),)

    def _act(self, name: str, **arguments: Any) -> None:
        if self.takes_s:
            threading.Event().wait(self.takes_s)
        if self.outage:
            raise UpstreamError(self.outage, system="database")
        if self.refusal:
            raise NotAllowedError(self.refusal)
        self.acts.append((name, arguments))


def until(condition: Any, *, timeout_s: float = 5.0) -> Any:
    """Return the condition's first truthy value; for what the workspace does not see change."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError("it did not become true in time")
        time.sleep(0.005)
    return value
