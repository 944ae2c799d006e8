"""The worker's half of the question journey: claim, look, answer, deliver, close.

Everything a run needs to go on after a death is in the store; running this twice for one thread
does nothing twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from structlog.contextvars import bound_contextvars

from bot.domain.conversation import PersonId, Scope
from bot.domain.errors import (
    CancelledByPersonError,
    LeaseLostError,
    NotAllowedError,
    UpstreamError,
)
from bot.domain.investigation import RunState
from bot.domain.outcome import Outcome
from bot.flows.alert.scoping import access_of_channel
from bot.flows.alert.suggestions import asks_nobody, suggests_cause
from bot.flows.question.heartbeat import Heartbeat
from bot.flows.question.instructions import instruction_in
from bot.flows.question.kit import is_typed
from bot.flows.question.leaving import hand_over, postpone
from bot.flows.question.scope import Unclear, resolve
from bot.flows.question.session import StoredSession

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.conversation import Thread, ThreadId
    from bot.domain.investigation import Investigation
    from bot.domain.registry import Access, Registry
    from bot.flows.alert.way import IncidentWay
    from bot.flows.question.pace import Pace
    from bot.flows.question.ways import Ways
    from bot.ports.clock import Clock
    from bot.ports.incidents import Incidents
    from bot.ports.messenger import LiveMessage, Messenger
    from bot.ports.roster import Roster
    from bot.ports.store import Store

log = structlog.get_logger()


class Answering:
    """Answers threads, one at a time."""

    def __init__(
        self,
        *,
        store: Store,
        messenger: Messenger,
        roster: Roster,
        registry: Registry,
        ways: Ways,
        incidents: Incidents,
        incident_way: IncidentWay,
        clock: Clock,
        pace: Pace,
        worker: str,
        mask: Callable[[str], str],
        call_another: Callable[[ThreadId], object],
    ) -> None:
        """Take the parts; `call_another` has another worker look at a thread."""
        self._store = store
        self._messenger = messenger
        self._roster = roster
        self._registry = registry
        self._ways = ways
        self._incidents = incidents
        self._incident_way = incident_way
        self._clock = clock
        self._pace = pace
        self._worker = worker
        self._mask = mask
        self._call_another = call_another
        self._stopping = False

    def stop(self) -> None:
        """Release the running answer at its next step; safe in a signal handler."""
        self._stopping = True

    def answer(self, thread_id: ThreadId) -> None:
        """Answer what waits in the thread, until nothing does or another worker has it."""
        thread = self._store.thread(thread_id)
        while not self._stopping:
            self._let_burst_end(thread_id)
            run = self._store.claim(
                thread_id,
                worker=self._worker,
                lease=self._pace.lease,
                max_attempts=self._pace.max_attempts,
            )
            if run is None:
                return
            with bound_contextvars(investigation_id=run.investigation_id, thread_id=thread_id):
                if not self._work(thread, run):
                    return
            if not self._store.waiting(thread_id):
                return

    def _let_burst_end(self, thread_id: ThreadId) -> None:
        """Return once nobody has written for a moment; a typed command is never kept waiting.

        Measured from when a message is seen here: Slack's time of it says nothing of how long the
        next one is on its way.
        """
        deadline = self._clock.monotonic() + self._pace.max_burst_s
        newest = None
        while self._pace.burst_s > 0 and self._clock.monotonic() < deadline:
            waiting = self._store.waiting(thread_id)
            if not waiting or is_typed(waiting[-1].text) or waiting[-1].question_id == newest:
                return
            newest = waiting[-1].question_id
            self._clock.sleep(self._pace.burst_s)

    def _work(self, thread: Thread, run: Investigation) -> bool:
        """Take one run to its end; False when somebody else has to."""
        started = self._clock.monotonic()
        try:
            if run.state is RunState.ORPHANED:
                self._give_up(thread, run)
                return True
            with Heartbeat(
                self._store, run, lease=self._pace.lease, stopping=lambda: self._stopping
            ) as heartbeat:
                outcome = self._conclude(thread, run, heartbeat)
        except LeaseLostError as error:
            log.warning("run_handed_over", reason=str(error))
            if self._stopping:
                hand_over(self._store, run, call_another=self._call_another)
            return False
        except UpstreamError as error:
            postpone(self._store, run, error, pace=self._pace)
            return False
        verdict = outcome.verdict
        log.info(
            "question_answered",
            state=outcome.state,
            attempt=run.attempt,
            status=verdict.status if verdict else None,
            answered_by=verdict.answered_by if verdict else None,
            evidence=len(outcome.evidence),
            cost_usd=verdict.cost_usd if verdict else 0.0,
            seconds=round(self._clock.monotonic() - started, 3),
        )
        return True

    def _conclude(self, thread: Thread, run: Investigation, heartbeat: Heartbeat) -> Outcome:
        """Return the outcome once it is delivered and the run is closed."""
        try:
            scope, access = self._admit(thread, run)
        except NotAllowedError as error:
            return self._refuse(thread, run, str(error))
        except _AnsweredError as answered:
            return self._close_unanswered(thread, run, answered.state)
        live = self._messenger.open_live(
            thread, run.questions[0], key=f"answer/{run.investigation_id}"
        )
        session = StoredSession(
            store=self._store,
            thread=thread,
            run=run,
            live=live,
            heartbeat=heartbeat,
            clock=self._clock,
            mask=self._mask,
            access=access,
        )
        try:
            heartbeat.check()
            outcome = self._looked_into(
                thread=thread, run=run, session=session, scope=scope, access=access
            )
        except CancelledByPersonError as stop:
            outcome = Outcome(
                investigation_id=run.investigation_id,
                state=RunState.CANCELLED,
                verdict=None,
                evidence=session.ledger(),
                stopped_by=PersonId(stop.person),
            )
        return self._deliver(run, live, outcome)

    def _looked_into(
        self,
        *,
        thread: Thread,
        run: Investigation,
        session: StoredSession,
        scope: Scope,
        access: Access,
    ) -> Outcome:
        """Return the outcome by the way of questions, or by that of incidents.

        What people write in an incident's thread goes the incident's way when they suggest a cause
        or want others looked at; everything else they ask there is a question like any.
        """
        incident = self._incidents.incident_of_thread(thread.channel, thread.thread_ts)
        asked = run.questions[-1]
        if incident is not None and (asks_nobody(run) or suggests_cause(asked.text)):
            return self._incident_way.outcome(
                incident=incident, thread=thread, run=run, session=session, access=access
            )
        return self._ways.outcome(
            thread=thread, run=run, session=session, scope=scope, access=access
        )

    def _admit(self, thread: Thread, run: Investigation) -> tuple[Scope, Access]:
        """Return scope and rights of the question.

        Raises:
            NotAllowedError: The person may not ask this here.
            _AnsweredError: The message was an instruction, or a question came back.
        """
        if asks_nobody(run):
            access = access_of_channel(self._registry, thread.channel)
            return self._store.thread(thread.thread_id).scope or Scope(clusters=()), access
        question = run.questions[-1]
        membership = self._roster.membership(question.person, team_id=question.team_id)
        if membership.barred is not None:
            raise NotAllowedError(membership.barred)
        said = instruction_in(question.text, registry=self._registry)
        if said is not None:
            self._messenger.note(thread, said, key=f"note/{run.investigation_id}")
            raise _AnsweredError(RunState.DONE)
        access = self._registry.access_of(membership.teams, thread.channel)
        scope = resolve(
            text=question.text,
            thread_scope=self._store.thread(thread.thread_id).scope,
            chosen=self._store.chosen_scope(thread.channel, question.person),
            channel=thread.channel,
            registry=self._registry,
            access=access,
        )
        if isinstance(scope, Unclear):
            self._messenger.pick_scope(
                thread, question, scope.choices, key=f"scope/{run.investigation_id}"
            )
            raise _AnsweredError(RunState.ASKED_BACK)
        return scope, access

    def _close_unanswered(self, thread: Thread, run: Investigation, state: RunState) -> Outcome:
        """Close a run that needed no look; go on at once if its question was answered already."""
        outcome = self._close(
            run,
            Outcome(investigation_id=run.investigation_id, state=state, verdict=None, evidence=()),
        )
        # A person may have picked the scope before the run that asked for it was closed.
        if state is RunState.ASKED_BACK and self._store.thread(thread.thread_id).scope is not None:
            self._store.ask_again(run.investigation_id)
        return outcome

    def _refuse(self, thread: Thread, run: Investigation, reason: str) -> Outcome:
        self._messenger.whisper(thread, run.questions[-1].person, reason)
        return self._close(
            run,
            Outcome(
                investigation_id=run.investigation_id,
                state=RunState.REFUSED,
                verdict=None,
                evidence=(),
                notice=reason,
            ),
        )

    def _give_up(self, thread: Thread, run: Investigation) -> None:
        """Show that a run was orphaned; it is closed already."""
        live = self._messenger.open_live(
            thread, run.questions[0], key=f"answer/{run.investigation_id}"
        )
        outcome = Outcome(
            investigation_id=run.investigation_id,
            state=RunState.ORPHANED,
            verdict=None,
            evidence=tuple(self._store.of_investigation(run.investigation_id)),
            notice=f"{run.attempt - 1} attempts at this question failed; it was given up.",
        )
        shown, reason = True, None
        try:
            live.close(outcome)
        except UpstreamError as error:
            shown, reason = False, str(error)
        log.error("run_orphaned", attempts=run.attempt - 1, shown=shown, reason=reason)

    def _deliver(self, run: Investigation, live: LiveMessage, outcome: Outcome) -> Outcome:
        """Deliver, then mark: a run is closed only when people have its end before them."""
        live.close(outcome)
        return self._close(run, outcome)

    def _close(self, run: Investigation, outcome: Outcome) -> Outcome:
        refusal = outcome.notice if outcome.state is RunState.REFUSED else None
        self._store.finish(
            run.investigation_id,
            fence=run.fence,
            state=outcome.state,
            verdict=outcome.verdict,
            refusal=self._mask(refusal or ""),
        )
        return outcome


class _AnsweredError(Exception):
    """The message is dealt with and needs no look at anything."""

    def __init__(self, state: RunState) -> None:
        super().__init__(state)
        self.state = state
