"""Autoscalers at their maximum, without metrics, or with nothing to scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.tools.kubectl.quantity import amount
from bot.triage.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.bounds import Autoscaler, Condition, Metric
    from bot.triage.estate import Estate

# An autoscaler leaves a load this much above its target alone.
# https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
TOLERANCE = 1.1

_AT_MAX = "autoscaler_at_max"


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each autoscaler that cannot do what it is there for."""
    for scaler in estate.autoscalers:
        able = scaler.conditions.get("AbleToScale")
        active = scaler.conditions.get("ScalingActive")
        limited = scaler.conditions.get("ScalingLimited")
        if able is not None and not able.holds:
            yield _blind(estate, scaler, able, "autoscaler_no_target")
        elif active is not None and not active.holds and active.reason != "ScalingDisabled":
            unasked = _without_requests(estate, scaler)
            phrase = "autoscaler_no_requests" if unasked else "autoscaler_blind"
            yield _blind(estate, scaler, active, phrase, container=unasked)
        elif limited is not None and limited.holds and limited.reason == "TooManyReplicas":
            yield from _at_max(estate, scaler, limited)


def _without_requests(estate: Estate, scaler: Autoscaler) -> str:
    """Return the container that asks for none of a resource the autoscaler takes a share of."""
    shares = {one.name for one in scaler.metrics if one.target.endswith("%")}
    target = estate.workload(estate.ref(scaler.target_kind, scaler.target_name, scaler.ref))
    containers = target.spec.containers if target is not None else ()
    return next((one.name for one in containers if shares - one.requests.keys()), "")


def _at_max(estate: Estate, scaler: Autoscaler, limited: Condition) -> Iterator[Finding]:
    over = [one for one in scaler.metrics if _is_over(one)]
    if over:
        yield _finding(
            estate,
            scaler,
            limited,
            _AT_MAX,
            most=str(scaler.most),
            metric=over[0].name,
            current=over[0].current,
            wanted=over[0].target,
        )


def _is_over(metric: Metric) -> bool:
    current, target = amount(metric.current.rstrip("%")), amount(metric.target.rstrip("%"))
    return current is not None and target is not None and current > target * TOLERANCE


def _blind(
    estate: Estate, scaler: Autoscaler, told: Condition, phrase: str, **values: str
) -> Finding:
    message = told.message or told.reason
    return _finding(estate, scaler, told, phrase, message=message, **values)


def _finding(
    estate: Estate,
    scaler: Autoscaler,
    told: Condition,
    phrase: str,
    **values: str,
) -> Finding:
    is_at_max = phrase == _AT_MAX
    namespace = scaler.ref.namespace
    target = estate.ref(scaler.target_kind, scaler.target_name, scaler.ref)
    return Finding(
        object=scaler.ref,
        cause=Cause.AUTOSCALER_AT_MAX if is_at_max else Cause.AUTOSCALER_BLIND,
        category=Category.CAPACITY if is_at_max else Category.CONFIGURATION,
        phrase=phrase,
        values={"workload": scaler.target_name, **values},
        evidence=estate.cite("horizontalpodautoscalers", namespace=namespace),
        weight=0.85,
        since=told.since,
        check=f"kubectl describe horizontalpodautoscaler {scaler.ref.name} -n {namespace}",
        pods=tuple(pod.ref for pod in estate.pods_of(target) if not estate.is_over(pod)),
    )
