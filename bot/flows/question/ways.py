"""The three ways a question is answered: a typed command, a model, rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from bot.agent.belief import judged_by_rules
from bot.agent.coverage import coverage_of
from bot.agent.opening import Brief
from bot.domain.errors import OutOfReachError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState
from bot.domain.investigation import RunState
from bot.domain.outcome import Outcome
from bot.domain.verdict import Cause, Status, Verdict, order_of
from bot.flows.approval.relief import with_orders
from bot.flows.question.history import earlier_answers
from bot.flows.question.kit import Kit, is_typed
from bot.flows.question.wishes import order_meant
from bot.tools.remediation import RemediationTool
from bot.triage.brief import NOBODY, TriageBrief

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.agent.answerer import Answerer
    from bot.domain.conversation import PersonId, Scope, Thread
    from bot.domain.evidence import Evidence, Observation
    from bot.domain.investigation import Investigation
    from bot.domain.redaction.placeholder import Seal
    from bot.domain.registry import Access, Registry
    from bot.flows.approval.proposing import Proposals
    from bot.flows.approval.run_proposals import RunProposals
    from bot.flows.question.session import StoredSession
    from bot.flows.spending import Spending
    from bot.ports.clock import Clock
    from bot.ports.cloud import Cloud
    from bot.ports.cluster import Clusters
    from bot.ports.logs import LogSources
    from bot.ports.store import Store
    from bot.tools.promql.pacing import PacedMetrics
    from bot.triage.answerer import RuleAnswerer

log = structlog.get_logger()


class Ways:
    """Chooses how a question is answered, and falls from model to rules when it must."""

    def __init__(
        self,
        *,
        store: Store,
        registry: Registry,
        clusters: Clusters,
        metrics: PacedMetrics,
        logs: LogSources,
        cloud: Cloud,
        seal: Seal,
        rules: RuleAnswerer,
        answerer: Callable[[tuple[Callable[..., Observation], ...]], Answerer] | None,
        spending: Spending,
        clock: Clock,
        proposals: Proposals | None = None,
    ) -> None:
        """Take the parts; without `proposals` nothing is ever proposed."""
        self._proposals = proposals
        self._store = store
        self._registry = registry
        self._clusters = clusters
        self._metrics = metrics
        self._logs = logs
        self._cloud = cloud
        self._seal = seal
        self._rules = rules
        self._answerer = answerer
        self._spending = spending
        self._clock = clock

    def outcome(
        self,
        *,
        thread: Thread,
        run: Investigation,
        session: StoredSession,
        scope: Scope,
        access: Access,
    ) -> Outcome:
        """Return how the run ends.

        Raises:
            UpstreamError: The store failed; the run has to be resumed.
            CancelledByPersonError, LeaseLostError: As the session's `check` says.
        """
        kit = self.kit(
            "\n".join(question.text for question in session.questions),
            scope=scope,
            access=access,
            person=run.questions[-1].person,
        )
        text = run.questions[-1].text
        if is_typed(text):
            return self._command(kit, text, run, session)
        hand = self._hand(thread, run, session, scope=scope, access=access)
        reason = self._spending.why_rules(thread)
        if reason is None and self._answerer is not None:
            try:
                brief = self._brief(thread, run, session, kit=kit, scope=scope, access=access)
                acting = () if hand is None else RemediationTool(hand).functions()
                answerer = replace(self._answerer(kit.functions), acting=acting)
                verdict = answerer.answer(brief, session)
            except UpstreamError as error:
                if error.system == "database":
                    raise
                log.warning("model_unreachable", system=error.system, reason=str(error))
                reason = f"The language model gave no answer ({error}): answered by rules."
            else:
                return self._done(run, session, with_orders(verdict, hand), notice=None)
        verdict = with_orders(self._by_rules(session, kit, scope, access), hand)
        notice = " ".join(filter(None, (reason, _hint(text, verdict, hand)))) or None
        return self._done(run, session, verdict, notice=notice)

    def _hand(
        self,
        thread: Thread,
        run: Investigation,
        session: StoredSession,
        *,
        scope: Scope,
        access: Access,
    ) -> RunProposals | None:
        if self._proposals is None:
            return None
        return self._proposals.of(
            thread=thread, run=run, session=session, scope=scope, access=access
        )

    def kit(self, text: str, *, scope: Scope, access: Access, person: PersonId = NOBODY) -> Kit:
        """Return the tools for a conversation; accounts that the text names come first.

        Metrics are queried at this person's pace.
        """
        return Kit(
            clusters=self._clusters,
            metrics=self._metrics.of(person),
            logs=self._logs,
            cloud=self._cloud,
            seal=self._seal,
            registry=self._registry,
            text=text,
            scope=scope,
            access=access,
            clock=self._clock,
        )

    def _command(self, kit: Kit, text: str, run: Investigation, session: StoredSession) -> Outcome:
        started = self._clock.monotonic()
        try:
            observation = kit.typed(text)
        except ToolError as error:
            is_refused = isinstance(error, OutOfReachError)
            return Outcome(
                investigation_id=run.investigation_id,
                state=RunState.REFUSED if is_refused else RunState.DONE,
                verdict=None,
                evidence=(),
                notice=str(error),
            )
        evidence = session.enter("direct-1", observation)
        return Outcome(
            investigation_id=run.investigation_id,
            state=RunState.DONE,
            verdict=replace(
                _verdict_of_command(evidence), seconds=self._clock.monotonic() - started
            ),
            evidence=session.ledger(),
            command=evidence,
        )

    def _by_rules(self, session: StoredSession, kit: Kit, scope: Scope, access: Access) -> Verdict:
        started = self._clock.monotonic()
        text = "\n".join(question.text for question in session.questions)
        verdict = self._rules.answer(
            TriageBrief(
                text=text,
                scope=scope,
                access=access,
                aliases=self._registry.aliases(),
                person=session.questions[-1].person,
                subject=session.questions[-1].subject,
            ),
            session,
        )
        return judged_by_rules(
            verdict,
            session=session,
            unusable=kit.unusable,
            seconds=self._clock.monotonic() - started,
        )

    def _done(
        self, run: Investigation, session: StoredSession, verdict: Verdict, *, notice: str | None
    ) -> Outcome:
        return Outcome(
            investigation_id=run.investigation_id,
            state=RunState.DONE,
            verdict=verdict,
            evidence=session.ledger(),
            notice=notice,
        )

    def _brief(
        self,
        thread: Thread,
        run: Investigation,
        session: StoredSession,
        *,
        kit: Kit,
        scope: Scope,
        access: Access,
    ) -> Brief:
        question = run.questions[-1]
        return Brief(
            questions=tuple(entry.text for entry in session.questions),
            scope=scope,
            now=run.started_at,
            access=_in_words(scope, access, kit.accounts),
            subject=question.subject,
            earlier=earlier_answers(self._store, thread, before=run),
            unusable=kit.unusable,
            names=self._registry.cluster_names(),
        )


def _hint(text: str, verdict: Verdict, hand: RunProposals | None) -> str:
    """Return how to ask for what the text wishes to be done; empty where it wishes nothing."""
    meant = order_meant(text, verdict.object) if hand is not None else None
    if hand is None or meant is None or not hand.can_order(*meant):
        return ""
    operation, parameters = meant
    return f"To have that put before people, type: {order_of(operation, parameters)}"


def _in_words(scope: Scope, access: Access, accounts: str) -> str:
    readable = [
        f"{cluster}: {', '.join(access.namespaces(cluster)) or 'nothing'}"
        for cluster in scope.clusters
    ]
    return "; ".join([*readable, f"AWS accounts {accounts}"] if accounts else readable)


def _verdict_of_command(evidence: Evidence) -> Verdict:
    """Return the machine-readable form of a typed command's answer."""
    seen = evidence.observation
    is_answer = seen.state in {EvidenceState.OK, EvidenceState.EMPTY, EvidenceState.TRUNCATED}
    rows = f", {seen.rows} rows" if seen.rows is not None else ""
    return Verdict(
        status=Status.CONFIRMED if is_answer else Status.INCONCLUSIVE,
        summary=f"{seen.query} on {seen.cluster}: {seen.state.value}{rows} [{evidence.label}]",
        cause=Cause.NONE if is_answer else Cause.UNKNOWN,
        coverage=coverage_of((evidence,)),
        confidence=1.0 if is_answer else 0.0,
        answered_by="command",
        evidence=(evidence.label,),
        calls=1,
    )
