"""Workloads that run, are asked about, and may say in their logs what they are in trouble with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.backing import under
from bot.triage.finding import Finding
from bot.triage.rules.last_words import RUNNING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate
    from bot.triage.objects import ObjectRef

# What was logged before has been got over, or it would be logged still.
RECENT_S = 600


def suspects(estate: Estate, target: ObjectRef) -> Iterator[Finding]:
    """Yield for the workload a question is about whose log could tell something.

    Without what its log adds this is no finding: its cause is unknown.
    """
    asked = {target, *under(estate, target)}
    pods = [
        pod
        for pod in estate.pods
        if pod.ready
        and not estate.is_over(pod)
        and (pod.ref in asked or estate.workload_of(pod) in asked)
    ]
    running = [
        (pod, container)
        for pod in sorted(pods, key=lambda one: (one.created_at, one.ref.name), reverse=True)
        for container in pod.containers
        if not container.init
    ]
    for pod, container in running[:1]:
        yield Finding(
            object=estate.workload_of(pod),
            cause=Cause.UNKNOWN,
            category=Category.NONE,
            phrase=RUNNING,
            values={"pod": pod.ref.name},
            evidence=estate.cite("pods", namespace=pod.ref.namespace),
            weight=0.5,
            affected=len(pods),
            check=f"kubectl logs {pod.ref.name} -n {pod.ref.namespace} --since={RECENT_S}s",
            pods=tuple(dict.fromkeys([pod.ref, *(one.ref for one in pods)])),
            container=container.name,
            log_since_s=RECENT_S,
        )
