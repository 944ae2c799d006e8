"""Who may see an action: whoever may read of its target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.plans import System

if TYPE_CHECKING:
    from bot.domain.registry import Access
    from safe_ops.model.actions import Action


def may_see(access: Access, action: Action) -> bool:
    """Tell whether somebody who may read so much may see the action.

    What belongs to no namespace may be seen by who may read all of them.
    """
    place = action.request.place
    if place.system is System.AWS:
        return access.may_read_account(place.name)
    namespace = action.request.parameters.get("namespace")
    if action.plan is not None:
        namespace = action.plan.target.namespace
    return access.may_read(place.name, str(namespace) if namespace else None)
