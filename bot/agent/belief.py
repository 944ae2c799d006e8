"""From what a model concluded to what may be believed of it: filtered, grounded, judged by code."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.agent.confidence import judge
from bot.agent.coverage import coverage_of
from bot.agent.grounding import ground

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.agent.loop import Ending
    from bot.agent.outgoing import Outgoing
    from bot.agent.session import Session
    from bot.domain.verdict import Gap, Verdict


def believable(
    verdict: Verdict,
    *,
    session: Session,
    ending: Ending,
    outgoing: Outgoing,
    known: Sequence[str],
    unusable: Sequence[Gap],
) -> Verdict:
    """Return the verdict as far as the evidence carries it, with coverage and confidence.

    `known` are texts whose names and numbers need no evidence, such as the question's own.
    """
    grounded = ground(outgoing.verdict(verdict), find=session.find, known=tuple(known))
    verdict = grounded.verdict
    coverage = coverage_of(session.ledger(), unusable=unusable)
    judgement = judge(
        verdict,
        cited=[one for label in verdict.evidence if (one := session.find(label))],
        coverage=coverage,
        unverified_share=grounded.missing / grounded.checked if grounded.checked else 0.0,
    )
    notes = list(judgement.reasons)
    if ending.ceiling is not None:
        notes.append(f"The work ended early: the limit of {ending.ceiling} was reached.")
    return replace(
        verdict,
        status=judgement.status,
        confidence=judgement.confidence,
        coverage=coverage,
        caveats=tuple(notes),
    )


def judged_by_rules(
    verdict: Verdict, *, session: Session, unusable: Sequence[Gap], seconds: float
) -> Verdict:
    """Return a verdict of rules with coverage and confidence; its sentences cite the ledger."""
    ledger = session.ledger()
    coverage = coverage_of(ledger, unusable=unusable)
    judgement = judge(
        verdict,
        cited=[entry for entry in ledger if entry.label in verdict.evidence],
        coverage=coverage,
        unverified_share=0.0,
    )
    return replace(
        verdict,
        status=judgement.status,
        confidence=judgement.confidence,
        caveats=(*verdict.caveats, *judgement.reasons),
        coverage=coverage,
        answered_by="rules",
        seconds=round(seconds, 3),
        calls=len(ledger),
    )
