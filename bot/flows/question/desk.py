"""Where questions come in: stored, acknowledged, a worker called; nothing here waits for one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from bot.domain.conversation import Scope, Surface, Thread
from bot.domain.errors import NotAllowedError
from bot.domain.evidence import EvidenceState
from bot.domain.investigation import RunState
from bot.domain.outcome import Outcome
from bot.flows.question.incidents import open_incidents
from bot.flows.question.sight import may_see
from bot.ports.desk import ClusterHealth, HomePage, Reach, RecentQuestion, ServiceStatus
from bot.ports.queue import Queue

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.conversation import ChannelId, MessageTs, PersonId, Question, Rating, ThreadId
    from bot.domain.investigation import Investigation
    from bot.domain.registry import Access, Registry
    from bot.ports.messenger import Messenger
    from bot.ports.queue import Doorbell
    from bot.ports.roster import Roster
    from bot.ports.store import Store

log = structlog.get_logger()

RECENT_QUESTIONS = 5
_REACHES = {
    EvidenceState.UNREACHABLE: Reach.UNREACHABLE,
    EvidenceState.DENIED: Reach.DENIED,
}


class Desk:
    """Implements bot.ports.desk.QuestionDesk over the store, the doorbell and the messenger."""

    def __init__(
        self,
        *,
        store: Store,
        doorbell: Doorbell,
        messenger: Messenger,
        roster: Roster,
        registry: Registry,
        model: str | None,
        mask: Callable[[str], str],
    ) -> None:
        self._mask = mask
        self._store = store
        self._doorbell = doorbell
        self._messenger = messenger
        self._roster = roster
        self._registry = registry
        self._model = model

    def knows_thread(self, channel: ChannelId, thread_ts: MessageTs) -> bool:
        """Tell whether a message there needs no mention: our thread, in no quiet channel."""
        entry = self._registry.channel(channel)
        if entry is not None and entry.quiet:
            return False
        return self._store.find_thread(channel, thread_ts) is not None

    def receive(self, question: Question) -> None:
        """Store the question without its secrets, show that it was seen, and call a worker."""
        subject = question.subject
        thread = self._store.add_question(
            replace(
                question,
                text=self._mask(question.text),
                subject=None if subject is None else self._mask(subject),
            )
        )
        self._ring(thread.thread_id)
        self._messenger.acknowledge(question)
        log.info(
            "question_received",
            thread_id=thread.thread_id,
            channel=question.channel,
            surface=question.surface,
            chars=len(question.text),
        )

    def stop(self, *, channel: ChannelId, thread_ts: MessageTs, person: PersonId) -> str:
        """Ask the thread's run to stop and forget what waits."""
        thread = self._store.find_thread(channel, thread_ts)
        if thread is None:
            return "I am not working on anything in this thread."
        stopped = self._store.request_cancel(thread.thread_id, person=person)
        dropped = self._store.drop_waiting(thread.thread_id)
        log.info("stop_requested", thread_id=thread.thread_id, running=stopped, dropped=dropped)
        if stopped:
            return "Stopping. What I found until now stays in the thread."
        if dropped:
            return "I had not begun yet; the question is dropped."
        return "Nothing is running in this thread."

    def retry(
        self,
        *,
        channel: ChannelId,
        thread_ts: MessageTs,
        team_id: str,
        person: PersonId,
        investigation_id: str | None,
    ) -> str:
        """Ask the questions of that run again; None means the thread's latest run."""
        self._access(person, team_id=team_id, channel=channel)
        thread = self._store.find_thread(channel, thread_ts)
        if thread is None:
            return "There is nothing in this thread to try again."
        run = self._finished_run(thread, investigation_id)
        if run is None:
            return "This question is being worked on already."
        asked = self._store.ask_again(run.investigation_id)
        self._ring(thread.thread_id)
        if asked == 0:
            return "This question is being worked on already."
        return "Asking again; the answer comes as a new message in this thread."

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
        """Set the scope of a thread, or of what the person asks in the channel from now on."""
        scope = self._readable_scope(
            cluster, namespace, person=person, team_id=team_id, channel=channel
        )
        place = scope.clusters[0] + (f", namespace {namespace}" if namespace else "")
        thread = self._store.find_thread(channel, thread_ts) if thread_ts is not None else None
        if thread is not None:
            self._store.set_scope(thread.thread_id, scope)
            return f"This thread is about {place} from now on."
        self._store.choose_scope(channel, person, scope)
        return f"What you ask in this channel is about {place} from now on."

    def pick_scope(
        self,
        *,
        channel: ChannelId,
        thread_ts: MessageTs,
        team_id: str,
        person: PersonId,
        cluster: str,
    ) -> str:
        """Take the choice of the picker and let the waiting question go on."""
        scope = self._readable_scope(cluster, None, person=person, team_id=team_id, channel=channel)
        thread = self._store.find_thread(channel, thread_ts)
        if thread is None:
            return "I no longer know this thread; please ask again."
        self._store.set_scope(thread.thread_id, scope)
        for run in self._store.latest(thread.thread_id, limit=1):
            if run.state is RunState.ASKED_BACK:
                self._store.ask_again(run.investigation_id)
        self._ring(thread.thread_id)
        return f"Looking at {scope.clusters[0]}."

    def rate(self, investigation_id: str, *, person: PersonId, rating: Rating) -> str:
        """Keep what the person thinks of the answer; say what comes of it."""
        changed = self._store.rate(investigation_id, person=person, rating=rating)
        if not changed:
            return "You said so already; it is kept."
        if rating.value == "good":
            return "Thank you. The answer counts as right."
        return (
            "Thank you. The answer counts as wrong, and the next answer in this thread will not"
            " rest on it. Write what you expected, and I look again."
        )

    def details(self, investigation_id: str, *, person: PersonId) -> Outcome | None:
        """Return the whole outcome, less the evidence this person may not read."""
        run = self._store.investigation(investigation_id)
        if run is None:
            return None
        thread = self._store.thread(run.thread_id)
        access = self._access(person, team_id=thread.team_id, channel=thread.channel)
        evidence = tuple(
            entry
            for entry in self._store.of_investigation(investigation_id)
            if may_see(access, entry.observation)
        )
        return Outcome(
            investigation_id=investigation_id,
            state=run.state,
            verdict=run.verdict,
            evidence=evidence,
        )

    def status(self, *, team_id: str, channel: ChannelId, person: PersonId) -> ServiceStatus:
        """Return how the service stands, as far as this person may see it."""
        access = self._access(person, team_id=team_id, channel=channel)
        return ServiceStatus(
            clusters=self._health(access),
            model=self._model,
            running=self._store.count_running(),
            waiting=self._store.count_waiting(),
        )

    def home(self, person: PersonId, *, team_id: str) -> HomePage:
        """Return the person's home page."""
        membership = self._roster.membership(person, team_id=team_id)
        if membership.barred is not None:
            return HomePage(clusters=(), recent=(), model=self._model, barred=membership.barred)
        access = self._registry.access_of(membership.teams, "*")
        return HomePage(
            clusters=self._health(access),
            recent=tuple(
                self._recent(run) for run in self._store.recent_of(person, limit=RECENT_QUESTIONS)
            ),
            model=self._model,
            incidents=open_incidents(self._store, teams=membership.teams, registry=self._registry),
        )

    def _ring(self, thread_id: ThreadId) -> None:
        self._doorbell.ring(Queue.QUESTIONS, "answer", thread_id)

    def _access(self, person: PersonId, *, team_id: str, channel: ChannelId) -> Access:
        membership = self._roster.membership(person, team_id=team_id)
        if membership.barred is not None:
            raise NotAllowedError(membership.barred)
        return self._registry.access_of(membership.teams, channel)

    def _readable_scope(
        self,
        cluster: str,
        namespace: str | None,
        *,
        person: PersonId,
        team_id: str,
        channel: ChannelId,
    ) -> Scope:
        access = self._access(person, team_id=team_id, channel=channel)
        readable = access.clusters(self._registry.cluster_names())
        known = self._registry.cluster(cluster)
        if known is None or known.name not in readable:
            choices = ", ".join(readable) or "none"
            raise NotAllowedError(
                f"There is no cluster {cluster} you may read. There is: {choices}."
            )
        if namespace is not None and not access.may_read(known.name, namespace):
            granted = ", ".join(access.namespaces(known.name))
            raise NotAllowedError(
                f"You may not read namespace {namespace} of {known.name}. You may read: {granted}."
            )
        return Scope(clusters=(known.name,), namespace=namespace)

    def _finished_run(self, thread: Thread, investigation_id: str | None) -> Investigation | None:
        if investigation_id is not None:
            run = self._store.investigation(investigation_id)
            if run is None or run.thread_id != thread.thread_id:
                return None
        else:
            run = next(iter(self._store.latest(thread.thread_id, limit=1)), None)
        return run if run is not None and run.state is not RunState.RUNNING else None

    def _health(self, access: Access) -> tuple[ClusterHealth, ...]:
        readable = access.clusters(self._registry.cluster_names())
        return tuple(
            self._health_of(entry.name, entry.environment)
            for entry in self._registry.clusters
            if entry.name in readable
        )

    def _health_of(self, name: str, environment: str) -> ClusterHealth:
        latest = self._store.latest_of_cluster(name)
        if latest is None:
            return ClusterHealth(name=name, environment=environment, reach=Reach.UNKNOWN)
        seen = latest.observation
        reach = _REACHES.get(seen.state, Reach.REACHABLE)
        return ClusterHealth(
            name=name,
            environment=environment,
            reach=reach,
            note=seen.body.splitlines()[0] if reach is not Reach.REACHABLE and seen.body else None,
            seen_at=seen.collected_at,
        )

    def _recent(self, run: Investigation) -> RecentQuestion:
        thread = self._store.thread(run.thread_id)
        question = run.questions[0]
        return RecentQuestion(
            investigation_id=run.investigation_id,
            text=question.text,
            state=run.state,
            status=run.verdict.status if run.verdict is not None else None,
            channel=thread.channel,
            ts=thread.thread_ts if thread.surface is Surface.CHANNEL else question.ts,
            asked_at=question.asked_at,
        )
