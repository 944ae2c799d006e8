"""How one run of an incident goes: look up, triage, first card, then a lead where one may be asked.

The rules' verdict is there first and stays the answer when no model is, or when it falls silent in
the middle. What people suggest in the thread is looked into by the same way.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from bot.agent.belief import judged_by_rules
from bot.agent.case import Case, Lore
from bot.domain.conversation import Thread
from bot.domain.errors import UpstreamError
from bot.domain.incident import Incident, IncidentState
from bot.domain.investigation import Investigation, RunState
from bot.domain.outcome import Outcome
from bot.domain.spans import stamp
from bot.domain.verdict import Status
from bot.flows.alert.checks import run_checks
from bot.flows.alert.lookup import look_up
from bot.flows.alert.scoping import may_read_there, place_of
from bot.flows.alert.suggestions import asks_nobody
from bot.flows.alert.weighing import weighed
from bot.flows.approval.relief import relieved, with_orders
from bot.flows.approval.run_proposals import RunProposals
from bot.flows.question.history import earlier_answers
from bot.flows.question.kit import Kit
from bot.flows.question.session import StoredSession
from bot.tools.remediation import RemediationTool
from bot.triage.incident import AlertBrief

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.agent.lead import Lead
    from bot.domain.conversation import Scope
    from bot.domain.evidence import Observation
    from bot.domain.registry import Access, Registry
    from bot.domain.runbook import Runbook
    from bot.domain.verdict import Verdict
    from bot.flows.alert.knowledge import Knowledge
    from bot.flows.approval.proposing import Proposals
    from bot.flows.spending import Spending
    from bot.ports.alert_state import AlertStates
    from bot.ports.clock import Clock
    from bot.ports.incidents import Incidents
    from bot.ports.knowledge import PastIncident
    from bot.ports.metrics import MetricsSources
    from bot.ports.store import Store
    from bot.triage.incident import IncidentTriage, Looked

log = structlog.get_logger()

# Enough to see a rhythm; what became of them is told by likeness (knowledge).
MAX_RECURRENCES = 5

_CONCLUSIVE = frozenset({Status.CONFIRMED, Status.LIKELY, Status.HEALTHY})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sitting:
    """One run at its beginning: what it is about and what it may look with."""

    incident: Incident
    thread: Thread
    run: Investigation
    session: StoredSession
    kit: Kit
    brief: AlertBrief
    started: float
    caveats: tuple[str, ...]
    """What the servers of its alerts say of them that any verdict has to be read with."""
    hand: RunProposals | None
    """What it may propose with."""


class IncidentWay:
    """Takes runs of incidents to their verdict."""

    def __init__(
        self,
        *,
        incidents: Incidents,
        store: Store,
        registry: Registry,
        metrics: MetricsSources,
        alert_states: AlertStates,
        triage: IncidentTriage,
        kit: Callable[[str, Scope, Access], Kit],
        lead: Callable[[tuple[Callable[..., Observation], ...]], Lead] | None,
        knowledge: Knowledge,
        spending: Spending,
        clock: Clock,
        proposals: Proposals | None = None,
    ) -> None:
        """Take the parts; without `proposals` nothing is ever proposed."""
        self._proposals = proposals
        self._incidents = incidents
        self._store = store
        self._registry = registry
        self._metrics = metrics
        self._alert_states = alert_states
        self._triage = triage
        self._kit = kit
        self._lead = lead
        self._knowledge = knowledge
        self._spending = spending
        self._clock = clock

    def outcome(
        self,
        *,
        incident: Incident,
        thread: Thread,
        run: Investigation,
        session: StoredSession,
        access: Access,
    ) -> Outcome:
        """Return how the run ends; the first card is shown on the way.

        Raises:
            UpstreamError: The store failed; the run has to be resumed.
            CancelledByPersonError, LeaseLostError: As the session's `check` says.
        """
        sitting = self._sit_down(incident, thread, run, session, access=access)
        looked = self._triage.look(sitting.brief, session)
        triaged = self._judged(looked.verdict, sitting)
        reason = self._spending.why_rules(thread)
        session.preview(triaged, notice=reason)
        pages = self._knowledge.runbooks(sitting.brief.alerts)
        run_checks(pages, sitting.brief.alerts, kit=sitting.kit, session=session)
        verdict, notice = self._judged(looked.verdict, sitting), reason
        if reason is None and self._lead is not None:
            try:
                acting = () if sitting.hand is None else RemediationTool(sitting.hand).functions()
                lead = replace(self._lead(sitting.kit.functions), acting=acting)
                concluded = lead.investigate(self._case(sitting, looked, verdict, pages), session)
                verdict, notice = weighed(
                    replace(concluded, caveats=(*sitting.caveats, *concluded.caveats)),
                    by_rules=self._judged(looked.verdict, sitting),
                )
            except UpstreamError as error:
                if error.system == "database":
                    raise
                log.warning("model_unreachable", system=error.system, reason=str(error))
                notice = f"The language model gave no answer ({error}): judged by rules."
                verdict = replace(
                    self._judged(looked.verdict, sitting), cost_usd=round(session.spent_usd(), 6)
                )
        verdict = self._ended(verdict, sitting)
        self._incidents.run_concluded(
            incident.incident_id,
            at=self._clock.now(),
            conclusive=verdict.status in _CONCLUSIVE,
        )
        return Outcome(
            investigation_id=run.investigation_id,
            state=RunState.DONE,
            verdict=verdict,
            evidence=session.ledger(),
            notice=notice,
        )

    def _sit_down(
        self,
        incident: Incident,
        thread: Thread,
        run: Investigation,
        session: StoredSession,
        *,
        access: Access,
    ) -> _Sitting:
        """Return the run with its alerts as complete as they can be had, and its tools."""
        started = self._clock.monotonic()
        alerts = self._incidents.alerts_of(incident.incident_id)
        place = place_of(alerts, channel=incident.channel, registry=self._registry, access=access)
        scope = thread.scope or place.scope
        found = look_up(
            alerts,
            clusters=scope.clusters,
            states=self._alert_states,
            sources=self._metrics,
            access=access,
            session=session,
            clock=self._clock,
        )
        starts = [alert.starts_at for alert in found.alerts if alert.starts_at is not None]
        return _Sitting(
            incident=incident,
            thread=thread,
            run=run,
            session=session,
            kit=self._kit("\n".join((incident.title, *place.accounts)), scope, access),
            started=started,
            caveats=found.caveats,
            hand=None
            if self._proposals is None
            else self._proposals.of(
                thread=thread, run=run, session=session, scope=scope, access=access
            ),
            brief=AlertBrief(
                alerts=found.alerts,
                scope=scope,
                accounts=place.accounts,
                access=access,
                onset=min(starts, default=incident.opened_at),
                still_active=found.still_active,
                inactive=found.inactive,
                is_guess=not place.is_named,
            ),
        )

    def _ended(self, verdict: Verdict, sitting: _Sitting) -> Verdict:
        """Return the verdict with what is proposed; rules propose only what a model did not see."""
        hand = sitting.hand
        now = self._incidents.incident(sitting.incident.incident_id)
        is_on = now is not None and now.state is IncidentState.OPEN and now.firing > 0
        if verdict.answered_by == "rules" and is_on and asks_nobody(sitting.run):
            return relieved(verdict, hand)
        return with_orders(verdict, hand)

    def _judged(self, verdict: Verdict, sitting: _Sitting) -> Verdict:
        """Return the rules' verdict with coverage and confidence, by the same rules as any."""
        judged = judged_by_rules(
            replace(verdict, caveats=(*sitting.caveats, *verdict.caveats)),
            session=sitting.session,
            unusable=sitting.kit.unusable,
            seconds=self._clock.monotonic() - sitting.started,
        )
        return with_orders(judged, sitting.hand)

    def _case(
        self, sitting: _Sitting, looked: Looked, triaged: Verdict, pages: Sequence[Runbook]
    ) -> Case:
        brief = sitting.brief
        return Case(
            title=sitting.incident.title,
            severity=sitting.incident.severity,
            alerts=brief.alerts,
            onset=brief.onset,
            scope=brief.scope,
            accounts=sitting.kit.accounts,
            now=sitting.run.started_at,
            triage=triaged,
            findings=(*looked.findings, *sitting.caveats, *self._again(sitting.incident)),
            topology=looked.topology,
            changes=looked.changes,
            lore=self._lore(sitting, triaged, pages),
            questions=tuple(
                question.text
                for question in sitting.session.questions
                if question.incident_id is None
            ),
            earlier=earlier_answers(self._store, sitting.thread, before=sitting.run),
            unusable=sitting.kit.unusable,
            names=self._registry.cluster_names(),
        )

    def _again(self, incident: Incident) -> tuple[str, ...]:
        """Return a line on earlier incidents of the same root alert; none if it is new."""
        earlier = self._incidents.recurrences(incident.incident_id, limit=MAX_RECURRENCES)
        times = ", ".join(stamp(one.opened_at) for one in earlier)
        return (f"recurs: the same alert was an incident at {times}",) if earlier else ()

    def _lore(
        self, sitting: _Sitting, triaged: Verdict, pages: Sequence[Runbook]
    ) -> tuple[Lore, ...]:
        similar = self._knowledge.similar(
            sitting.incident,
            sitting.brief.alerts,
            triaged,
            may_be_told=lambda past: self._may_be_told(past, sitting),
        )
        return (
            *(Lore(title=page.title, text=page.text, is_ours=True) for page in pages),
            *(
                Lore(
                    title=f"{past.title} at {past.at:%Y-%m-%d %H:%M} UTC", text=text, is_ours=False
                )
                for past, text in similar
            ),
        )

    def _may_be_told(self, past: PastIncident, sitting: _Sitting) -> bool:
        """Tell whether whoever reads this verdict may read of an earlier incident's place."""
        return past.channel == sitting.incident.channel or may_read_there(
            past.scope, sitting.brief.access, registry=self._registry
        )
