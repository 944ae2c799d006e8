"""Workloads: how many pods they want and have, why not all are there, and their template."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from bot.domain.errors import UpstreamError
from bot.domain.fields import dig, entries, mapping, text
from bot.domain.spans import since
from bot.ports.cluster import Selection
from bot.tools.kubectl.describe.common import conditions, field, pairs
from bot.tools.kubectl.describe.containers import containers
from bot.tools.kubectl.describe.pods import placement, volumes
from bot.tools.kubectl.fields import kind, label_selector, name_of, namespace_of
from bot.tools.kubectl.log_pods import trouble

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports.cluster import ClusterReader, KubeObject

# Enough to see a pattern; `get pods` lists them all.
_PODS_NAMED = 5
_COUNTS = (
    ("desired", ("status", "desiredNumberScheduled")),
    ("completions", ("spec", "completions")),
    ("current", ("status", "replicas")),
    ("updated", ("status", "updatedReplicas")),
    ("updated", ("status", "updatedNumberScheduled")),
    ("ready", ("status", "readyReplicas")),
    ("ready", ("status", "numberReady")),
    ("available", ("status", "availableReplicas")),
    ("unavailable", ("status", "unavailableReplicas")),
    ("unavailable", ("status", "numberUnavailable")),
    ("active", ("status", "active")),
    ("succeeded", ("status", "succeeded")),
    ("failed", ("status", "failed")),
)
_SETTINGS = (
    ("paused", ("spec", "paused")),
    ("progress deadline", ("spec", "progressDeadlineSeconds")),
    ("parallelism", ("spec", "parallelism")),
    ("backoff limit", ("spec", "backoffLimit")),
    ("active deadline", ("spec", "activeDeadlineSeconds")),
    ("service", ("spec", "serviceName")),
    ("current revision", ("status", "currentRevision")),
    ("update revision", ("status", "updateRevision")),
    ("started", ("status", "startTime")),
    ("completed", ("status", "completionTime")),
)


def describe_workload(item: KubeObject, reader: ClusterReader, now: datetime) -> list[str]:
    """Return replicas, conditions, pods and template of a workload, without its events."""
    counts = []
    replicas = dig(item, "spec", "replicas")
    if replicas is not None:
        counts.append(f"desired {replicas}")
    for label, path in _COUNTS:
        value = dig(item, *path)
        if value is not None:
            counts.append(f"{label} {value}")
    lines = field("replicas", ", ".join(counts))
    strategy = mapping(item, "spec", "strategy") or mapping(item, "spec", "updateStrategy")
    rolling = pairs(mapping(strategy, "rollingUpdate"))
    kind_of_update = text(strategy, "type")
    lines += field("strategy", f"{kind_of_update} {rolling or ''}".strip())
    for label, path in _SETTINGS:
        lines += field(label, dig(item, *path))
    selector = label_selector(mapping(item, "spec", "selector"))
    lines += field("selector", selector)
    lines += conditions(item, now)
    lines += _pods(item, selector, reader)
    return lines + template(mapping(item, "spec", "template"), now)


def describe_cron_job(item: KubeObject, _: ClusterReader, now: datetime) -> list[str]:
    """Return schedule, last runs and template of a cron job, without its events."""
    spec, status = mapping(item, "spec"), mapping(item, "status")
    zone = text(spec, "timeZone")
    lines = field("schedule", f"{text(spec, 'schedule')} {zone}".strip())
    lines += field("suspended", "yes" if spec.get("suspend") else "no")
    lines += field("concurrency", text(spec, "concurrencyPolicy"))
    lines += field("starting deadline", dig(spec, "startingDeadlineSeconds"))
    for label, key in (("last run", "lastScheduleTime"), ("last success", "lastSuccessfulTime")):
        lines += field(label, since(now, status.get(key)) if status.get(key) else "never")
    active = [text(one, "name") for one in entries(status, "active")]
    lines += field("active jobs", ", ".join(active) or "none")
    job = mapping(spec, "jobTemplate", "spec")
    lines += field("backoff limit", dig(job, "backoffLimit"))
    return lines + template(mapping(job, "template"), now)


def template(pod_template: dict[str, Any], now: datetime) -> list[str]:
    """Return a pod template: containers, volumes, and what limits its nodes."""
    spec = mapping(pod_template, "spec")
    if not spec:
        return []
    return [
        "Template:",
        *field("service account", text(spec, "serviceAccountName")),
        *field("restart policy", text(spec, "restartPolicy")),
        *placement(spec),
        *containers(spec, {}, now),
        *volumes(spec),
    ]


def _pods(item: KubeObject, selector: str | None, reader: ClusterReader) -> list[str]:
    if selector is None:
        return []
    selection = Selection(namespace=namespace_of(item), labels=selector)
    try:
        found = reader.list(kind("pods"), selection)
    except UpstreamError as error:
        return [f"Pods: could not be read: {error}"]
    phases = Counter(text(pod, "status", "phase", default="Unknown") for pod in found.items)
    more = " and more" if found.more else ""
    lines = [f"Pods: {pairs(dict(phases)) or 'none'}{more}"]
    failing = [(name_of(pod), wrong) for pod in found.items if (wrong := trouble(pod))]
    lines += [f"  {name}: {wrong}" for name, wrong in failing[:_PODS_NAMED]]
    if len(failing) > _PODS_NAMED:
        lines.append(f"  and {len(failing) - _PODS_NAMED} more in trouble")
    return lines
