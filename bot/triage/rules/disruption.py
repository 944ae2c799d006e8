"""Disruption budgets that keep a node from being emptied."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.bounds import Budget
    from bot.triage.estate import Estate, Pod


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each budget that allows no eviction, loud where a drain waits for one."""
    drained = {node.ref.name for node in estate.nodes if node.cordoned}
    for budget in estate.budgets:
        if budget.allowed > 0 or not budget.expected:
            continue
        pods = [
            pod
            for pod in estate.pods
            if pod.ref.namespace == budget.ref.namespace
            and budget.selector.selects(pod.labels)
            and not estate.is_over(pod)
        ]
        waiting = [pod for pod in pods if pod.node in drained]
        if waiting:
            found = _finding(estate, budget, waiting, "budget_blocks", node=waiting[0].node)
            yield replace(found, weight=0.9, quiet=False)
        elif budget.needed >= budget.expected <= budget.healthy:
            # Short of healthy pods, a budget allows nothing for as long as that lasts.
            yield _finding(estate, budget, pods, "budget_never")


def _finding(
    estate: Estate, budget: Budget, pods: list[Pod], phrase: str, **values: str
) -> Finding:
    namespace = budget.ref.namespace
    families = ("poddisruptionbudgets", "pods", *(["nodes"] if "node" in values else []))
    return Finding(
        object=budget.ref,
        cause=Cause.DISRUPTION_BLOCKED,
        category=Category.CONFIGURATION,
        phrase=phrase,
        values={
            "rule": budget.rule,
            "healthy": str(budget.healthy),
            "needed": str(budget.needed),
            **values,
        },
        evidence=estate.cite(*families, namespace=namespace),
        weight=0.7,
        affected=max(len(pods), 1),
        since=budget.since,
        check=f"kubectl describe poddisruptionbudget {budget.ref.name} -n {namespace}",
        pods=tuple(pod.ref for pod in pods),
        quiet=True,
    )
