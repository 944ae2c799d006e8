"""Answers one question: the model looks and concludes, code decides what of it may be believed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bot.agent.belief import believable
from bot.agent.budget import Budget, Limits
from bot.agent.conclusion import complaint, conclude_spec, verdict_of
from bot.agent.fence import Fence
from bot.agent.loop import Loop
from bot.agent.opening import Brief, opening
from bot.agent.outgoing import Outgoing
from bot.agent.prompt_book import PromptBook
from bot.agent.search import EvidenceSearch
from bot.agent.toolbox import Report, Toolbox
from bot.agent.transcript import last_model, told_by
from bot.domain.evidence import Observation
from bot.ports.clock import Clock
from bot.ports.model import LanguageModel

if TYPE_CHECKING:
    from bot.agent.session import Session
    from bot.domain.verdict import Verdict

PROMPT = "answerer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """Answers with these tools; cheap to make, so make one for each asker's rights."""

    model: LanguageModel
    tools: tuple[Callable[..., Observation], ...]
    """Read-only functions bound to what the asker may read."""
    acting: tuple[Callable[..., Report], ...] = ()
    """What may be asked of people; it looks at nothing and changes nothing."""
    prompts: PromptBook
    clock: Clock
    nonce: Callable[[], str]
    """Returns random hexadecimal digits, such as `secrets.token_hex(8)`."""
    limits: Limits = field(default_factory=Limits)
    links: tuple[str, ...] = ()
    """URL prefixes an answer may show."""
    mask: Callable[[str], str] = str
    """Takes secrets out of a text."""

    def answer(self, brief: Brief, session: Session) -> Verdict:
        """Return the verdict, going on where an earlier worker stopped if there was one.

        Raises:
            UpstreamError: No model answered; what was collected is in the ledger.
            CancelledByPersonError: Somebody stopped it.
            LeaseLostError: Another worker has the run.
        """
        began = self.clock.monotonic()
        fence = Fence(nonce=self.nonce())
        search = EvidenceSearch(find=session.find, clock=self.clock)
        loop = Loop(
            model=self.model,
            toolbox=Toolbox.of(*self.tools, search.search_evidence, *self.acting),
            budget=Budget(self.limits, self.clock),
            session=session,
            fence=fence,
            terminal=conclude_spec(),
            complaint=complaint,
        )
        ending = loop.run(
            system=self.prompts.prompt(PROMPT).text,
            opening=opening(brief, session.ledger(), fence),
        )
        scope = (*brief.scope.clusters, brief.scope.namespace or "")
        verdict = believable(
            verdict_of(ending),
            session=session,
            ending=ending,
            outgoing=Outgoing(links=self.links, mask=self.mask),
            known=(
                *brief.questions,
                *scope,
                *brief.names,
                f"{brief.now:%Y-%m-%dT%H:%M:%SZ}",
                *told_by(session.turns(), [one.__name__ for one in self.acting]),
            ),
            unusable=brief.unusable,
        )
        turns = session.turns()
        return replace(
            verdict,
            answered_by=last_model(turns) or verdict.answered_by,
            cost_usd=round(sum(turn.usage.cost_usd for turn in turns), 6),
            seconds=round(self.clock.monotonic() - began, 3),
            calls=len(session.ledger()),
        )
