"""A change window as the lifecycle takes it, from the policy that judges it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.events import WindowView

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.policy.policy import Policy


def window_view(policy: Policy, environment: str, now: datetime) -> WindowView:
    """Return what the policy says of an environment's window at `now`."""
    window = policy.window(environment, now)
    return WindowView(open=window.open, says=window.says, opens_at=window.opens_at)
