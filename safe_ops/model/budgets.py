"""Disruption arithmetic: shares of pods, what a budget allows, what an update takes away.

The roundings are Kubernetes' own controllers': they differ between budgets and each kind of update.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from safe_ops.model.fields import dig, mapping, number, text
from safe_ops.model.objects import is_observed, name_of, namespace_of, selects

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from safe_ops.model.plans import Json
    from safe_ops.model.surveys import Object

_SHARE = re.compile(r"([0-9]{1,9})%")
# The API's default of both bounds of a Deployment's rolling update.
_QUARTER = "25%"


def portion(value: Json, whole: int, *, up: bool) -> int | None:
    """Return a count that is given as a number or a percentage of `whole`, at least 0.

    `up` rounds a percentage up, else down. None if it is missing or neither.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return max(0, value)
    found = _SHARE.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    hundredths = int(found[1]) * whole
    return -(-hundredths // 100) if up else hundredths // 100


def budgets_over(
    budgets: Iterable[Object], *, namespace: str, labels: Mapping[str, str]
) -> tuple[Object, ...]:
    """Return the budgets that count pods with these labels in the namespace."""
    return tuple(
        budget
        for budget in budgets
        if namespace_of(budget) == namespace and selects(dig(budget, "spec", "selector"), labels)
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a budget says now."""

    name: str
    allowed: int
    """Evictions it allows now; 0 where its status is not of its present specification."""
    healthy: int
    needed: int
    """Healthy pods it wants."""
    expected: int
    """Pods it counts."""

    @property
    def says(self) -> str:
        """Return it in words, such as `cart allows 1 (4 healthy, 3 needed)`."""
        return f"{self.name} allows {self.allowed} ({self.healthy} healthy, {self.needed} needed)"


def allowance(budget: Object) -> Allowance:
    """Return what a budget says now, from its status."""
    return Allowance(
        name=name_of(budget),
        allowed=number(budget, "status", "disruptionsAllowed") if is_observed(budget) else 0,
        healthy=number(budget, "status", "currentHealthy"),
        needed=number(budget, "status", "desiredHealthy"),
        expected=number(budget, "status", "expectedPods"),
    )


def needed_of(budget: Object, *, expected: int) -> int | None:
    """Return how many of `expected` pods a budget wants healthy; None if it does not say.

    Both bounds round percentages up, as the disruption controller does.
    """
    spec = mapping(budget, "spec")
    if "minAvailable" in spec:
        return portion(spec["minAvailable"], expected, up=True)
    spared = portion(spec.get("maxUnavailable"), expected, up=True)
    return None if spared is None else max(0, expected - spared)


def taken_by_update(workload: Object, *, replicas: int) -> int:
    """Return how many pods an update of a workload may have unavailable at once.

    All of them where it recreates, or where what it says cannot be read.
    """
    match text(workload, "kind"):
        case "Deployment":
            return _of_deployment(mapping(workload, "spec", "strategy"), replicas)
        case "StatefulSet":
            rolling = mapping(workload, "spec", "updateStrategy", "rollingUpdate")
            spared = portion(rolling.get("maxUnavailable", 1), replicas, up=False)
            return replicas if spared is None else min(replicas, max(1, spared))
        case "DaemonSet":
            rolling = mapping(workload, "spec", "updateStrategy", "rollingUpdate")
            spared = portion(rolling.get("maxUnavailable", 1), replicas, up=True)
            surge = portion(rolling.get("maxSurge", 0), replicas, up=True)
            if spared is None or surge is None:
                return replicas
            return min(replicas, spared if spared or surge else 1)
        case _:
            return replicas


def _of_deployment(strategy: Mapping[str, Json], replicas: int) -> int:
    if strategy.get("type", "RollingUpdate") != "RollingUpdate":
        return replicas
    rolling = mapping(strategy, "rollingUpdate")
    spared = portion(rolling.get("maxUnavailable", _QUARTER), replicas, up=False)
    surge = portion(rolling.get("maxSurge", _QUARTER), replicas, up=True)
    if spared is None or surge is None:
        return replicas
    # Where both come to nothing the controller takes one away: it could never move otherwise.
    return min(replicas, spared if spared or surge else 1)
