"""Whether a verified run was the one that makes trust possible; said once, and nothing follows.

It gives no trust: people ask for it, and others approve.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from safe_ops.errors import UpstreamError
from safe_ops.model.actions import State
from safe_ops.model.trust import GRANT, VERIFIED_RUNS, PastRun, TrustKey, command

if TYPE_CHECKING:
    from safe_ops.model.actions import Action
    from safe_ops.model.plans import Plan
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook

log = structlog.get_logger()


def earned_words(book: ActionBook, policy: Policy, action: Action, plan: Plan) -> tuple[str, ...]:
    """Return the line that tells of it as the action is about to succeed; nothing else ever.

    A record that cannot be read now says nothing: it keeps no verified run from its end.
    """
    if plan.target.is_own or not plan.needs:
        return ()
    key = TrustKey(
        operation=plan.operation,
        environment=plan.environment,
        service_key=plan.target.service_key,
    )
    try:
        before = book.conduct(key)
        is_trusted = book.trust(key) is not None
    except UpstreamError as error:
        log.warning("record_unread", action=action.label, reason=str(error))
        return ()
    run = PastRun(
        number=action.number,
        state=State.SUCCEEDED,
        tier=plan.tier,
        place=plan.target.place.name,
        namespace=plan.target.namespace,
        approved=True,
        broke_glass=bool(plan.break_glass),
    )
    conduct = replace(before, runs=(run, *before.runs))
    if is_trusted or conduct.verified != VERIFIED_RUNS or conduct.bad or conduct.overrides:
        return ()
    ladder = policy.ladder(key, conduct.hardest or run)
    if len(ladder.after) >= len(ladder.before):
        return ()
    says = (
        f"{VERIFIED_RUNS} runs approved and verified: if on-call and a manager agree, {key.says}"
        f" {ladder.after_says}; ask with `{command(GRANT, key)}`"
    )
    return (says,)
