"""Whether guards may be set aside: asked when it is planned, and again before the first call.

It does not know which guards; those say themselves whether they yield.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.errors import RefusedError
from safe_ops.policy.roles import BREAK_GLASS_EVERY

if TYPE_CHECKING:
    from safe_ops.model.actions import Action, Person
    from safe_ops.policy.policy import Policy
    from safe_ops.ports.book import ActionBook


def check_glass(
    book: ActionBook, policy: Policy, person: Person | None, action: Action, *, environment: str
) -> None:
    """Refuse to set guards aside for this action, where the policy does not let this person.

    What waits for its approvals does not count as broken; so it is asked again before the first
    call, when others may have been carried out.

    Raises:
        RefusedError: `break-glass`: nobody asked in person; and as `Policy.check_break_glass`.
    """
    if person is None:
        raise RefusedError("Only a person may set guards aside.", code="break-glass")
    now = book.now()
    recent = book.recent(
        environment=environment, since=now - BREAK_GLASS_EVERY, but=action.action_id
    )
    found = ((past, book.find(past.action_id)) for past in recent)
    times = [past.changed_at for past, one in found if one and one.plan and one.plan.break_glass]
    policy.check_break_glass(
        person,
        environment=environment,
        incident_id=action.request.incident_id,
        reason=action.request.break_glass,
        last_at=max(times, default=None),
        now=now,
    )
