"""Kubernetes JSON → the estate's values; nothing is ever missing in a way that stops it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.fields import dig, entries, mapping, number, text
from bot.domain.spans import moment
from bot.triage.estate import (
    Batch,
    Container,
    Ending,
    Happening,
    Node,
    Pod,
    Revision,
    Workload,
)
from bot.triage.object_meta import EPOCH, conditions, created, owner, ref_of, strings
from bot.triage.objects import ObjectRef
from bot.triage.reading_specs import read_spec
from bot.triage.specs import Taint

if TYPE_CHECKING:
    from bot.ports.cluster import KubeObject

REVISION_ANNOTATION = "deployment.kubernetes.io/revision"


def read_pod(cluster: str, item: KubeObject) -> Pod:
    """Return one pod."""
    controller = owner(item)
    told = conditions(item)
    scheduled = told.get("PodScheduled", {})
    limits = {
        text(entry, "name"): text(entry, "resources", "limits", "memory")
        for key in ("containers", "initContainers")
        for entry in entries(item, "spec", key)
    }
    return Pod(
        ref=ref_of(cluster, "pod", item),
        phase=text(item, "status", "phase", default="Unknown"),
        reason=text(item, "status", "reason"),
        message=text(item, "status", "message"),
        ready=text(told.get("Ready"), "status") == "True",
        changed_at=moment(dig(told.get("Ready"), "lastTransitionTime")),
        terminating=dig(item, "metadata", "deletionTimestamp") is not None,
        owner_kind=text(controller, "kind").lower(),
        owner_name=text(controller, "name"),
        node=text(item, "spec", "nodeName"),
        created_at=created(item),
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
        labels=strings(item, "metadata", "labels"),
        spec=read_spec(mapping(item, "spec")),
    )


def read_workload(cluster: str, kind: str, item: KubeObject) -> Workload:
    """Return one Deployment, StatefulSet or DaemonSet."""
    progress = conditions(item).get("Progressing", {})
    return Workload(
        ref=ref_of(cluster, kind, item),
        desired=(
            number(item, "status", "desiredNumberScheduled")
            if kind == "daemonset"
            else number(item, "spec", "replicas", default=1)
        ),
        ready=number(item, "status", "numberReady" if kind == "daemonset" else "readyReplicas"),
        updated=number(
            item, "status", "updatedNumberScheduled" if kind == "daemonset" else "updatedReplicas"
        ),
        created_at=created(item),
        images=_images(item),
        is_stuck=text(progress, "reason") == "ProgressDeadlineExceeded",
        progressed_at=moment(dig(progress, "lastUpdateTime")),
        labels=strings(item, "spec", "template", "metadata", "labels"),
        spec=read_spec(mapping(item, "spec", "template", "spec")),
        is_unseen=number(item, "status", "observedGeneration")
        < number(item, "metadata", "generation"),
    )


def read_revision(cluster: str, item: KubeObject) -> Revision | None:
    """Return one ReplicaSet of a Deployment; None for one that stands alone."""
    controller = owner(item)
    written = text(item, "metadata", "annotations", REVISION_ANNOTATION)
    if text(controller, "kind") != "Deployment" or not (written.isascii() and written.isdecimal()):
        return None
    return Revision(
        ref=ref_of(cluster, "replicaset", item),
        deployment=text(controller, "name"),
        number=int(written[:18]),
        created_at=created(item),
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
    told = conditions(item)
    ready = told.get("Ready", {})
    pressing = {
        kind: condition
        for kind, condition in told.items()
        if kind != "Ready" and text(condition, "status") == "True"
    }
    is_ready = text(ready, "status") == "True"
    telling = [ready] if not is_ready else list(pressing.values())
    times = [moment(dig(condition, "lastTransitionTime")) for condition in telling]
    return Node(
        ref=ref_of(cluster, "node", item),
        ready=is_ready,
        pressures=tuple(sorted(pressing)),
        message=next((text(condition, "message") for condition in telling), ""),
        since=min((at for at in times if at is not None), default=None),
        labels=strings(item, "metadata", "labels"),
        taints=tuple(
            Taint(key=text(one, "key"), value=text(one, "value"), effect=text(one, "effect"))
            for one in entries(item, "spec", "taints")
        ),
        cordoned=dig(item, "spec", "unschedulable") is True,
        room=strings(item, "status", "allocatable"),
    )


def read_batch(cluster: str, item: KubeObject) -> Batch:
    """Return one Job."""
    controller = owner(item)
    told = conditions(item)
    failed = told.get("Failed", {})
    return Batch(
        ref=ref_of(cluster, "job", item),
        failed=text(failed, "status") == "True",
        complete=text(told.get("Complete"), "status") == "True",
        reason=text(failed, "reason"),
        cron_job=text(controller, "name") if text(controller, "kind") == "CronJob" else "",
        created_at=created(item),
        since=moment(dig(failed, "lastTransitionTime")),
    )


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
    began, finished = moment(dig(terminated, "startedAt")), moment(dig(terminated, "finishedAt"))
    return Ending(
        exit_code=number(terminated, "exitCode"),
        reason=text(terminated, "reason"),
        message=text(terminated, "message"),
        finished_at=finished,
        lived=finished - began if began is not None and finished is not None else None,
    )
