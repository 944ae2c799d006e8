"""Who may see an action: whoever may read of its target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.plans import System
from safe_ops.operations.autonomy import key_of

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
    if place.system is System.NIGHTDESK:
        asked = str(action.request.parameters.get("service", ""))
        key = asked if action.plan is None else key_of(action.plan).service_key
        return may_see_service(access, key)
    namespace = action.request.parameters.get("namespace")
    if action.plan is not None:
        namespace = action.plan.target.namespace
    return access.may_read(place.name, str(namespace) if namespace else None)


def may_see_service(access: Access, service_key: str) -> bool:
    """Tell whether somebody who may read so much may see how far a service is trusted.

    `service_key` is such as `eu/shop/cart`, or `eu/Deployment/shop/cart` of what is part of none.
    """
    place, *rest = service_key.split("/")
    namespace = rest[-2] if len(rest) > 1 else None
    return access.may_read(place, namespace) or access.may_read_account(place)
