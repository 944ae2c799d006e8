"""The lead investigator: starts from triage, may delegate, concludes, and is argued against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.agent import second_look as second
from bot.agent import specialists
from bot.agent.belief import believable
from bot.agent.budget import Budget, Limits
from bot.agent.case import Case, case_opening
from bot.agent.conclusion import complaint, conclude_spec, verdict_of
from bot.agent.fence import Fence
from bot.agent.loop import Loop
from bot.agent.outgoing import Outgoing
from bot.agent.prompt_book import PromptBook
from bot.agent.search import EvidenceSearch
from bot.agent.toolbox import Report, Toolbox
from bot.agent.transcript import last_model, told_by
from bot.domain.alert import Severity
from bot.domain.evidence import Observation
from bot.domain.spans import stamp
from bot.ports.clock import Clock
from bot.ports.model import LanguageModel

if TYPE_CHECKING:
    from bot.agent.session import Session
    from bot.domain.verdict import Verdict

PROMPT = "lead"
DELEGATES_FROM = Severity.HIGH
"""Below it, one model is enough, and specialists would cost more than they find."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """Looks into incidents with these tools; cheap to make, so make one for each run."""

    model: LanguageModel
    tools: tuple[Callable[..., Observation], ...]
    """Read-only functions bound to what may be read for this incident."""
    acting: tuple[Callable[..., Report], ...] = ()
    """What may be asked of people; neither specialists nor the second look have it."""
    prompts: PromptBook
    clock: Clock
    nonce: Callable[[], str]
    limits: Limits = field(default_factory=Limits)
    links: tuple[str, ...] = ()
    mask: Callable[[str], str] = str

    def investigate(self, case: Case, session: Session) -> Verdict:
        """Return the verdict after the second look, going on where an earlier worker stopped.

        Raises:
            UpstreamError: No model answered; what was collected is in the ledger.
            CancelledByPersonError: Somebody stopped it.
            LeaseLostError: Another worker has the run.
        """
        began = self.clock.monotonic()
        budget = Budget(self.limits, self.clock)
        fence = Fence(nonce=self.nonce())
        search = EvidenceSearch(find=session.find, clock=self.clock)
        outgoing = Outgoing(links=self.links, mask=self.mask)
        delegation = specialists.Delegation(
            model=self.model,
            tools=self.tools,
            system=self.prompts.prompt(specialists.PROMPT).text,
            session=session,
            clock=self.clock,
            nonce=self.nonce,
            purse=budget,
        )
        delegates = (delegation.delegate,) if case.severity >= DELEGATES_FROM else ()
        ending = Loop(
            model=self.model,
            toolbox=Toolbox.of(*self.tools, search.search_evidence, *delegates, *self.acting),
            budget=budget,
            session=session,
            fence=fence,
            terminal=conclude_spec(),
            complaint=complaint,
        ).run(
            system=self.prompts.prompt(PROMPT).text,
            opening=case_opening(case, session.ledger(), fence),
        )
        verdict = believable(
            verdict_of(ending),
            session=session,
            ending=ending,
            outgoing=outgoing,
            known=(
                *_known(case),
                *told_by(session.turns(), [one.__name__ for one in self.acting]),
            ),
            unusable=case.unusable,
        )
        verdict = second.second_look(
            verdict,
            session=session,
            model=self.model,
            tools=self.tools,
            system=self.prompts.prompt(second.PROMPT).text,
            outgoing=outgoing,
            clock=self.clock,
            nonce=self.nonce(),
        )
        turns = session.turns()
        return replace(
            verdict,
            answered_by=last_model(turns) or verdict.answered_by,
            cost_usd=round(session.spent_usd(), 6),
            seconds=round(self.clock.monotonic() - began, 3),
            calls=len(session.ledger()),
        )


def _known(case: Case) -> tuple[str, ...]:
    """Return texts whose names and times need no evidence: the alerts are what is asked about."""
    told = [
        text
        for alert in case.alerts
        for text in (alert.name, *alert.labels.values(), stamp(alert.starts_at))
    ]
    scope = (*case.scope.clusters, case.scope.namespace or "", case.accounts)
    return (case.title, *told, *scope, *case.questions, *case.names, stamp(case.now))
