"""How far a workload's newest revision is rolled out, in kubectl's terms."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.fields import dig, entries, number, text

if TYPE_CHECKING:
    from bot.ports.cluster import KubeObject


def rollout_state(workload: KubeObject) -> tuple[bool, str]:
    """Return whether the rollout is finished, and a sentence on where it stands."""
    observed = number(workload, "status", "observedGeneration")
    if number(workload, "metadata", "generation") > observed:
        return False, "the controller has not seen the newest specification yet"
    match text(workload, "kind"):
        case "DaemonSet":
            return _daemon_set(workload)
        case "StatefulSet":
            return _stateful_set(workload)
        case _:
            return _deployment(workload)


def _deployment(workload: KubeObject) -> tuple[bool, str]:
    stuck = next(
        (
            text(one, "message")
            for one in entries(workload, "status", "conditions")
            if one.get("reason") == "ProgressDeadlineExceeded"
        ),
        None,
    )
    if stuck is not None:
        return False, f"FAILED, the progress deadline is exceeded: {stuck}"
    wanted = number(workload, "spec", "replicas", default=1)
    updated = number(workload, "status", "updatedReplicas")
    total = number(workload, "status", "replicas")
    available = number(workload, "status", "availableReplicas")
    paused = " (paused)" if dig(workload, "spec", "paused") else ""
    if updated < wanted:
        return False, f"waiting: {updated} of {wanted} new replicas are updated{paused}"
    if total > updated:
        return False, f"waiting: {total - updated} old replicas are still to be stopped{paused}"
    if available < updated:
        return False, f"waiting: {available} of {updated} updated replicas are available{paused}"
    return True, f"rolled out, {available} of {wanted} replicas are available{paused}"


def _daemon_set(workload: KubeObject) -> tuple[bool, str]:
    if text(workload, "spec", "updateStrategy", "type") == "OnDelete":
        return True, "is updated only when its pods are deleted (OnDelete)"
    wanted = number(workload, "status", "desiredNumberScheduled")
    updated = number(workload, "status", "updatedNumberScheduled")
    available = number(workload, "status", "numberAvailable")
    if updated < wanted:
        return False, f"waiting: {updated} of {wanted} new pods are updated"
    if available < wanted:
        return False, f"waiting: {available} of {wanted} updated pods are available"
    return True, f"rolled out, {available} of {wanted} pods are available"


def _stateful_set(workload: KubeObject) -> tuple[bool, str]:
    if text(workload, "spec", "updateStrategy", "type") == "OnDelete":
        return True, "is updated only when its pods are deleted (OnDelete)"
    wanted = number(workload, "spec", "replicas", default=1)
    ready = number(workload, "status", "readyReplicas")
    if ready < wanted:
        return False, f"waiting: {ready} of {wanted} pods are ready"
    partition = number(workload, "spec", "updateStrategy", "rollingUpdate", "partition")
    updated = number(workload, "status", "updatedReplicas")
    if partition and updated >= wanted - partition:
        return True, f"rolled out up to partition {partition}, {updated} pods are updated"
    same = dig(workload, "status", "updateRevision") == dig(workload, "status", "currentRevision")
    if not partition and not same:
        return False, f"waiting: {updated} of {wanted} pods are at the newest revision"
    return True, f"rolled out, {ready} of {wanted} pods are ready"
