"""Volumes that are not bound, attached or mounted, and what a pod waits for because of that."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding
from bot.triage.rules.scheduling import VOLUME
from bot.triage.rules.startup import missing_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate, Happening, Pod

CREATING = frozenset({"ContainerCreating", "PodInitializing"})
MOUNTING = ("FailedMount", "FailedAttachVolume", "FailedMapVolume")
NETWORKING = ("FailedCreatePodSandBox", "NetworkNotReady")
BINDING = ("ProvisioningFailed", "FailedBinding")
# The kubelet tries again at least every two minutes; what it said longer ago is over.
RECENT = timedelta(minutes=10)


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each pod that waits for a volume, or for a network to be set up."""
    for pod in estate.pods:
        if estate.is_over(pod):
            continue
        if pod.unschedulable:
            if VOLUME.search(pod.unschedulable):
                yield _unbound(estate, pod)
        elif any(entry.waiting_reason in CREATING for entry in pod.containers):
            event = next(
                (
                    one
                    for one in estate.about(pod.ref, *MOUNTING, *NETWORKING)
                    if estate.at - one.last_seen <= RECENT
                ),
                None,
            )
            if event is not None:
                yield _stuck(estate, pod, event)


def _unbound(estate: Estate, pod: Pod) -> Finding:
    claims = [estate.ref("persistentvolumeclaim", claim, pod.ref) for claim in pod.claims]
    told = [event for claim in claims for event in estate.about(claim, *BINDING)]
    sources = ("pods", "events") if told else ("pods",)
    message = told[0].message if told else pod.unschedulable
    return _finding(estate, pod, "volume_unbound", Cause.STORAGE, message, *sources)


def _stuck(estate: Estate, pod: Pod, event: Happening) -> Finding:
    missing = missing_reference(event.message)
    if missing is not None:
        return _finding(
            estate, pod, "config_missing", Cause.MISSING_CONFIG, missing, "pods", "events"
        )
    if event.reason in NETWORKING:
        return _finding(
            estate, pod, "network_setup", Cause.NETWORK, event.message, "pods", "events"
        )
    return _finding(estate, pod, "volume_unmounted", Cause.STORAGE, event.message, "pods", "events")


def _finding(
    estate: Estate, pod: Pod, phrase: str, cause: Cause, message: str, *sources: str
) -> Finding:
    is_ours = cause is Cause.MISSING_CONFIG
    is_bare = phrase == "volume_unbound"
    return Finding(
        object=estate.workload_of(pod),
        cause=cause,
        category=Category.CONFIGURATION if is_ours else Category.INFRASTRUCTURE,
        phrase=phrase,
        values={"pod": pod.ref.name, "message": message, "missing": message},
        evidence=estate.cite(*sources, namespace=pod.ref.namespace),
        weight=0.95 if is_ours else 0.85,
        since=estate.onset(pod, *MOUNTING, *NETWORKING, "FailedScheduling", known=[pod.created_at]),
        check=f"kubectl describe pod {pod.ref.name} -n {pod.ref.namespace}",
        pods=(pod.ref,),
        # What is wrong with its claim says more, where it is known.
        symptom=is_bare,
    )
