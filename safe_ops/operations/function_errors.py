"""How a Lambda function fares, as far as CloudWatch knows: the share of calls that come to harm."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.operations.account_metrics import Gauge, values

if TYPE_CHECKING:
    from safe_ops.operations.account import Account

_WINDOW = timedelta(minutes=5)
_CALLS_MIN = 20
"""Below that many calls a share says nothing."""
WORSE_BY = 0.05


def error_share(account: Account, function: str, *, resource: str = "") -> float | None:
    """Return the share of failed and throttled calls in the last five minutes; None of too few.

    `resource` narrows it to an alias, as `name:alias`.
    """
    dimensions = {"FunctionName": function} | ({"Resource": resource} if resource else {})

    def total(name: str) -> float:
        gauge = Gauge(namespace="AWS/Lambda", name=name, dimensions=dimensions)
        return sum(values(account, gauge, "Sum", start=account.now - _WINDOW, end=account.now))

    throttled = total("Throttles")
    # Throttled calls are not among Invocations (Lambda developer guide, types of metrics).
    calls = total("Invocations") + throttled
    if calls < _CALLS_MIN:
        return None
    return round((total("Errors") + throttled) / calls, 4)


def is_worse(before: float | None, after: float | None) -> bool:
    """Tell whether the share rose by five points or more; what was not measured did not."""
    return after is not None and after >= (before or 0.0) + WORSE_BY
