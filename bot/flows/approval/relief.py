"""What a verdict's steps mean for operations: which can be asked for, and which rules ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import ToolError
from bot.domain.verdict import Status
from bot.ports.proposals import Wanted

if TYPE_CHECKING:
    from bot.domain.verdict import Step, Verdict
    from bot.flows.approval.run_proposals import RunProposals

log = structlog.get_logger()

_SURE = frozenset({Status.CONFIRMED, Status.LIKELY})


def with_orders(verdict: Verdict, proposals: RunProposals | None) -> Verdict:
    """Return the verdict as people may act on it here.

    Its steps name an operation only where they may ask for it, and what the run has proposed is
    told.
    """

    def kept(step: Step) -> Step:
        if not step.operation or (
            proposals is not None and proposals.can_order(step.operation, step.parameters)
        ):
            return step
        return replace(step, operation="", parameters={}, from_text=())

    return replace(
        verdict,
        mitigation=tuple(kept(one) for one in verdict.mitigation),
        permanent=tuple(kept(one) for one in verdict.permanent),
        proposals=() if proposals is None else proposals.labels(),
    )


def relieved(verdict: Verdict, proposals: RunProposals | None) -> Verdict:
    """Return a verdict of rules, its first relief that is an operation proposed.

    Nothing is proposed when nobody has to act, or when rules cannot tell.

    Raises:
        UpstreamError: It could not be stored.
    """
    if proposals is None:
        return verdict
    step = next((one for one in verdict.mitigation if one.operation), None)
    if step is not None and verdict.status in _SURE and not verdict.nothing_to_do:
        wanted = Wanted(
            operation=step.operation,
            parameters=step.parameters,
            why=verdict.summary,
            evidence=verdict.evidence,
        )
        try:
            proposals.propose_reckoned(wanted, from_text=step.from_text)
        except ToolError as error:
            log.info("operation_not_proposed", operation=step.operation, reason=str(error))
    return replace(verdict, proposals=proposals.labels())
