"""Jobs that failed; of a CronJob's runs only the newest finished one counts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Batch, Container, Estate, Pod
    from bot.triage.objects import ObjectRef

# A Job that failed longer ago than this is worth a word, but hardly what somebody asks about.
FRESH = timedelta(hours=24)


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each failed job that no later run of the same CronJob made good."""
    newest: dict[ObjectRef, Batch] = {}
    for batch in estate.batches:
        if not (batch.failed or batch.complete):
            continue
        owner = estate.controller_of(batch.ref)
        if owner not in newest or batch.created_at > newest[owner].created_at:
            newest[owner] = batch
    for owner, batch in newest.items():
        if batch.failed:
            yield _judge(estate, owner, batch)


def _judge(estate: Estate, owner: ObjectRef, batch: Batch) -> Finding:
    pods = [
        pod
        for pod in estate.pods
        if (pod.owner_kind, pod.owner_name) == ("job", batch.ref.name)
        and pod.ref.namespace == batch.ref.namespace
    ]
    ended = _ended(pods)
    is_starved = any(one.ended is not None and one.ended.reason == "OOMKilled" for _, one in ended)
    codes = [str(one.ended.exit_code) for _, one in ended if one.ended is not None]
    values = {
        "job": batch.ref.name,
        "reason": batch.reason or "Failed",
        "exit_code": codes[0] if codes else "",
    }
    is_fresh = estate.at - (batch.since or batch.created_at) <= FRESH
    return Finding(
        object=owner,
        cause=Cause.OUT_OF_MEMORY if is_starved else Cause.JOB_FAILED,
        category=Category.CAPACITY if is_starved else Category.APPLICATION,
        phrase="job_starved" if is_starved else "job_failed",
        values=values,
        evidence=estate.cite(
            "jobs", *(["pods"] if is_starved else []), namespace=batch.ref.namespace
        ),
        weight=(0.9 if is_starved else 0.75) - (0.0 if is_fresh else 0.3),
        since=batch.since or batch.created_at,
        check=f"kubectl describe job {batch.ref.name} -n {batch.ref.namespace}",
        pods=tuple(dict.fromkeys(pod.ref for pod, _ in ended)),
        container=ended[0][1].name if ended else "",
    )


def _ended(pods: list[Pod]) -> list[tuple[Pod, Container]]:
    """Return the containers that ended with an error, the newest pod's first."""
    return [
        (pod, container)
        for pod in sorted(pods, key=lambda pod: pod.created_at, reverse=True)
        for container in pod.containers
        if container.ended is not None and container.ended.exit_code != 0
    ]
