"""What guards tell from past actions: how long ago, and whether on nodes of the same cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.actions import PastAction
    from safe_ops.model.plans import Target

NODE: Final = "Node"
"""The kind whose actions take a cluster's room from all of its services."""


def minutes_since(past: PastAction, now: datetime) -> int:
    """Return how long it is in its state, in whole minutes."""
    return max(int((now - past.changed_at).total_seconds()) // 60, 0)


def of_same_node_pool(past: PastAction, target: Target) -> bool:
    """Tell whether both act on nodes of one cluster."""
    return target.kind == NODE and past.target_key.startswith(f"{target.place.name}/{NODE}/")
