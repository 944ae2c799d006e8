"""Pods that run but are not let into service, or are killed, because a probe fails."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding
from bot.triage.rules.probe_targets import judged
from bot.triage.rules.startup import PROBE_KILL, STEADY_AFTER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate, Happening, Pod

# A probe that last failed longer ago than this is over: the event is counted at every failure,
# at least every few minutes when the server joins them.
RECENT = timedelta(minutes=10)
# Nobody listens there, or nobody knows the path: the probe asks the wrong question.
WRONG_TARGET = ("connection refused", "statuscode: 404", "no such host")


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each pod that a probe keeps out of service or kills now."""
    for pod in estate.pods:
        if pod.phase != "Running" or estate.is_over(pod):
            continue
        failures = [
            event
            for event in estate.about(pod.ref, "Unhealthy")
            if estate.at - event.last_seen <= RECENT
        ]
        kills = [
            event
            for event in estate.about(pod.ref, "Killing")
            if PROBE_KILL in event.message and estate.at - event.last_seen <= STEADY_AFTER
        ]
        if kills and any(entry.restarts for entry in pod.containers):
            yield judged(estate, _killing(estate, pod, kills[0], failures), pod)
        elif failures and not pod.ready and _all_run(pod):
            yield judged(estate, _failing(estate, pod, failures[0]), pod)


def _all_run(pod: Pod) -> bool:
    return not any(
        entry.waiting_reason or entry.is_ended for entry in pod.containers if not entry.init
    )


def _killing(estate: Estate, pod: Pod, kill: Happening, failures: list[Happening]) -> Finding:
    said = next((one for one in failures if "Liveness" in one.message), kill)
    restarts = max(entry.restarts for entry in pod.containers)
    found = _finding(estate, pod, said.message, count=str(restarts))
    # The log of the run before may say why it no longer answered.
    killed = max(pod.containers, key=lambda entry: entry.restarts)
    return replace(found, phrase="probe_kills", weight=0.7, container=killed.name, previous=True)


def _failing(estate: Estate, pod: Pod, failure: Happening) -> Finding:
    found = _finding(estate, pod, failure.message, count=str(failure.count))
    if found.cause is Cause.UNKNOWN:
        return found
    # Its log may say which port it does listen on.
    unready = [entry.name for entry in pod.containers if not entry.ready and not entry.init]
    return replace(found, phrase="probe_refused", weight=0.7, container=next(iter(unready), ""))


def _finding(estate: Estate, pod: Pod, message: str, *, count: str) -> Finding:
    is_wrong = any(words in message.casefold() for words in WRONG_TARGET)
    return Finding(
        object=estate.workload_of(pod),
        cause=Cause.PROBE_WRONG if is_wrong else Cause.UNKNOWN,
        category=Category.CONFIGURATION if is_wrong else Category.APPLICATION,
        phrase="probe_failing",
        values={"pod": pod.ref.name, "message": message, "count": count},
        evidence=estate.cite("pods", "events", namespace=pod.ref.namespace),
        weight=0.5,
        since=estate.onset(pod, "Unhealthy"),
        check=f"kubectl describe pod {pod.ref.name} -n {pod.ref.namespace}",
        pods=(pod.ref,),
        symptom=True,
    )
