"""Kubernetes JSON → the estate's values; nothing is ever missing in a way that stops it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.domain.fields import dig, entries, mapping, number, text
from bot.domain.spans import moment
from bot.triage.estate import (
    Batch,
    Container,
    Ending,
    Happening,
    Node,
    ObjectRef,
    Pod,
    Revision,
    Workload,
)

if TYPE_CHECKING:
    from bot.ports.cluster import KubeObject

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for a time the API did not give; older than anything."""
REVISION_ANNOTATION = "deployment.kubernetes.io/revision"


def read_pod(cluster: str, item: KubeObject) -> Pod:
    """Return one pod."""
    owner = _owner(item)
    conditions = _conditions(item)
    scheduled = conditions.get("PodScheduled", {})
    limits = {
        text(entry, "name"): text(entry, "resources", "limits", "memory")
        for key in ("containers", "initContainers")
        for entry in entries(item, "spec", key)
    }
    return Pod(
        ref=_ref(cluster, "pod", item),
        phase=text(item, "status", "phase", default="Unknown"),
        reason=text(item, "status", "reason"),
        message=text(item, "status", "message"),
        ready=text(conditions.get("Ready"), "status") == "True",
        changed_at=moment(dig(conditions.get("Ready"), "lastTransitionTime")),
        terminating=dig(item, "metadata", "deletionTimestamp") is not None,
        owner_kind=text(owner, "kind").lower(),
        owner_name=text(owner, "name"),
        node=text(item, "spec", "nodeName"),
        created_at=_created(item),
        containers=tuple(
            _container(entry, init=init, limits=limits)
            for key, init in (("initContainerStatuses", True), ("containerStatuses", False))
            for entry in entries(item, "status", key)
        ),
        unschedulable=(
            text(scheduled, "message", default="no node fits")
            if text(scheduled, "reason") == "Unschedulable"
            else ""
        ),
        claims=tuple(
            name
            for entry in entries(item, "spec", "volumes")
            if (name := text(entry, "persistentVolumeClaim", "claimName"))
        ),
    )


def read_workload(cluster: str, kind: str, item: KubeObject) -> Workload:
    """Return one Deployment, StatefulSet or DaemonSet."""
    progress = _conditions(item).get("Progressing", {})
    return Workload(
        ref=_ref(cluster, kind, item),
        desired=(
            number(item, "status", "desiredNumberScheduled")
            if kind == "daemonset"
            else number(item, "spec", "replicas", default=1)
        ),
        ready=number(item, "status", "numberReady" if kind == "daemonset" else "readyReplicas"),
        updated=number(
            item, "status", "updatedNumberScheduled" if kind == "daemonset" else "updatedReplicas"
        ),
        created_at=_created(item),
        images=_images(item),
        is_stuck=text(progress, "reason") == "ProgressDeadlineExceeded",
        progressed_at=moment(dig(progress, "lastUpdateTime")),
    )


def read_revision(cluster: str, item: KubeObject) -> Revision | None:
    """Return one ReplicaSet of a Deployment; None for one that stands alone."""
    owner = _owner(item)
    written = text(item, "metadata", "annotations", REVISION_ANNOTATION)
    if text(owner, "kind") != "Deployment" or not (written.isascii() and written.isdecimal()):
        return None
    return Revision(
        ref=_ref(cluster, "replicaset", item),
        deployment=text(owner, "name"),
        number=int(written[:18]),
        created_at=_created(item),
        desired=number(item, "spec", "replicas"),
        ready=number(item, "status", "readyReplicas"),
        images=_images(item),
    )


def read_happening(cluster: str, item: KubeObject) -> Happening:
    """Return one event, of the core or the events.k8s.io form."""
    involved = mapping(item, "involvedObject") or mapping(item, "regarding")
    namespace = text(involved, "namespace")
    times = [
        moment(dig(item, *path))
        for path in (
            ("series", "lastObservedTime"),
            ("lastTimestamp",),
            ("deprecatedLastTimestamp",),
            ("eventTime",),
            ("firstTimestamp",),
            ("deprecatedFirstTimestamp",),
            ("metadata", "creationTimestamp"),
        )
    ]
    seen = [at for at in times if at is not None] or [EPOCH]
    counts = (
        number(item, "series", "count"),
        number(item, "count"),
        number(item, "deprecatedCount"),
    )
    return Happening(
        about=ObjectRef(
            cluster=cluster,
            kind=text(involved, "kind").lower(),
            namespace=namespace,
            name=text(involved, "name"),
        ),
        warning=text(item, "type") == "Warning",
        reason=text(item, "reason"),
        message=text(item, "message") or text(item, "note"),
        count=next((count for count in counts if count > 0), 1),
        first_seen=min(seen),
        last_seen=max(seen),
    )


def read_node(cluster: str, item: KubeObject) -> Node:
    """Return one node."""
    conditions = _conditions(item)
    ready = conditions.get("Ready", {})
    pressing = {
        kind: condition
        for kind, condition in conditions.items()
        if kind != "Ready" and text(condition, "status") == "True"
    }
    is_ready = text(ready, "status") == "True"
    telling = [ready] if not is_ready else list(pressing.values())
    times = [moment(dig(condition, "lastTransitionTime")) for condition in telling]
    return Node(
        ref=_ref(cluster, "node", item),
        ready=is_ready,
        pressures=tuple(sorted(pressing)),
        message=next((text(condition, "message") for condition in telling), ""),
        since=min((at for at in times if at is not None), default=None),
    )


def read_batch(cluster: str, item: KubeObject) -> Batch:
    """Return one Job."""
    owner = _owner(item)
    conditions = _conditions(item)
    failed = conditions.get("Failed", {})
    return Batch(
        ref=_ref(cluster, "job", item),
        failed=text(failed, "status") == "True",
        complete=text(conditions.get("Complete"), "status") == "True",
        reason=text(failed, "reason"),
        cron_job=text(owner, "name") if text(owner, "kind") == "CronJob" else "",
        created_at=_created(item),
        since=moment(dig(failed, "lastTransitionTime")),
    )


def _ref(cluster: str, kind: str, item: KubeObject) -> ObjectRef:
    return ObjectRef(
        cluster=cluster,
        kind=kind,
        namespace=text(item, "metadata", "namespace"),
        name=text(item, "metadata", "name"),
    )


def _created(item: KubeObject) -> datetime:
    return moment(dig(item, "metadata", "creationTimestamp")) or EPOCH


def _owner(item: KubeObject) -> dict[str, Any]:
    owners = entries(item, "metadata", "ownerReferences")
    controlling = [owner for owner in owners if owner.get("controller")] or owners
    return controlling[0] if controlling else {}


def _conditions(item: KubeObject) -> dict[str, dict[str, Any]]:
    return {text(entry, "type"): entry for entry in entries(item, "status", "conditions")}


def _images(item: KubeObject) -> tuple[str, ...]:
    containers = entries(item, "spec", "template", "spec", "containers")
    return tuple(text(entry, "image") for entry in containers)


def _container(entry: dict[str, Any], *, init: bool, limits: dict[str, str]) -> Container:
    waiting = mapping(entry, "state", "waiting")
    current = mapping(entry, "state", "terminated")
    ended = current or mapping(entry, "lastState", "terminated")
    name = text(entry, "name")
    return Container(
        name=name,
        image=text(entry, "image"),
        ready=dig(entry, "ready") is True,
        restarts=number(entry, "restartCount"),
        init=init,
        waiting_reason=text(waiting, "reason"),
        waiting_message=text(waiting, "message"),
        ended=_ending(ended) if ended else None,
        is_ended=bool(current),
        memory_limit=limits.get(name, ""),
    )


def _ending(terminated: dict[str, Any]) -> Ending:
    return Ending(
        exit_code=number(terminated, "exitCode"),
        reason=text(terminated, "reason"),
        message=text(terminated, "message"),
        finished_at=moment(dig(terminated, "finishedAt")),
    )
