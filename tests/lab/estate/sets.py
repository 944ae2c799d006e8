"""StatefulSets and DaemonSets of a scenario, with their revisions, claims, volumes and pods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.lab.estate import naming, when
from tests.lab.estate.deployments import state_of
from tests.lab.estate.pod_status import is_ready
from tests.lab.estate.templates import pod_spec

if TYPE_CHECKING:
    from tests.lab.estate.builder import ClusterBuilder

Object = dict[str, Any]


def add_stateful_set(builder: ClusterBuilder, namespace: str, name: str, given: Object) -> None:
    """Write the set, its revision, its pods `name-0 …` and a bound volume for each."""
    replicas = int(given.get("replicas", 1))
    stored = _add_set(builder, "StatefulSet", namespace, name, given)
    revision = _add_revision(builder, stored)
    states = given.get("states", [given.get("state")] * replicas)
    pods = []
    for number in range(replicas):
        if "storage" in given:
            _add_volume(builder, namespace, f"data-{name}-{number}", stored, given)
        pods.append(
            _add_pod(
                builder,
                stored,
                f"{name}-{number}",
                revision=revision,
                given=given,
                state=states[number],
            )
        )
    ready = sum(is_ready(pod["status"]) for pod in pods)
    stored["status"] = {
        "observedGeneration": 1,
        "replicas": replicas,
        "readyReplicas": ready,
        "availableReplicas": ready,
        "currentReplicas": replicas,
        "updatedReplicas": replicas,
        "currentRevision": revision,
        "updateRevision": revision,
        "collisionCount": 0,
    }
    builder.cluster.apply(stored)


def add_daemon_set(builder: ClusterBuilder, namespace: str, name: str, given: Object) -> None:
    """Write the set and one pod on every node."""
    stored = _add_set(builder, "DaemonSet", namespace, name, given)
    revision = _add_revision(builder, stored)
    pods = [
        _add_pod(
            builder,
            stored,
            f"{name}-{naming.suffix(namespace, name, node)}",
            revision=revision,
            given=given,
            state=given.get("state"),
            node=node,
        )
        for node, _ in builder.nodes
    ]
    ready = sum(is_ready(pod["status"]) for pod in pods)
    stored["status"] = {
        "observedGeneration": 1,
        "currentNumberScheduled": len(pods),
        "desiredNumberScheduled": len(pods),
        "numberMisscheduled": 0,
        "numberReady": ready,
        "numberAvailable": ready,
        "updatedNumberScheduled": len(pods),
    }
    builder.cluster.apply(stored)


def _add_set(
    builder: ClusterBuilder, kind: str, namespace: str, name: str, given: Object
) -> Object:
    spec: Object = {
        "selector": {"matchLabels": {"app": name}},
        "template": {"metadata": {"labels": {"app": name}}, "spec": pod_spec(name, given)},
        "updateStrategy": {"type": "RollingUpdate"},
        "revisionHistoryLimit": 10,
    }
    if kind == "StatefulSet":
        spec |= {
            "replicas": int(given.get("replicas", 1)),
            "serviceName": name,
            "podManagementPolicy": "OrderedReady",
        }
        if "storage" in given:
            spec["volumeClaimTemplates"] = [
                {
                    "metadata": {"name": "data"},
                    "spec": _claim_spec(given),
                    "status": {"phase": "Pending"},
                }
            ]
    stored = builder.cluster.apply(
        {
            "apiVersion": "apps/v1",
            "kind": kind,
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"app": name},
                "generation": 1,
                "creationTimestamp": when.stamp(builder.at(given.get("created", "-30d"))),
            },
            "spec": spec,
        }
    )
    builder.cluster.behaviours.note(
        stored,
        spec["template"]["spec"],
        given=given,
        state=given.get("states") or given.get("state"),
    )
    return stored


def _add_revision(builder: ClusterBuilder, owner: Object) -> str:
    meta = owner["metadata"]
    marker = naming.suffix(meta["namespace"], meta["name"], "revision", length=10)
    name = f"{meta['name']}-{marker}"
    builder.cluster.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "ControllerRevision",
            "metadata": {
                "name": name,
                "namespace": meta["namespace"],
                "labels": {"app": meta["name"], "controller-revision-hash": marker},
                "creationTimestamp": meta["creationTimestamp"],
                "ownerReferences": [builder.owner(owner)],
            },
            "data": {"spec": {"template": owner["spec"]["template"] | {"$patch": "replace"}}},
            "revision": 1,
        }
    )
    return name


def _add_pod(
    builder: ClusterBuilder,
    owner: Object,
    name: str,
    *,
    revision: str,
    given: Object,
    state: object,
    node: str = "",
) -> Object:
    labels = {
        "app": owner["metadata"]["name"],
        "controller-revision-hash": revision.rsplit("-", 1)[1],
    }
    if owner["kind"] == "StatefulSet":
        labels |= {
            "apps.kubernetes.io/pod-index": name.rsplit("-", 1)[1],
            "statefulset.kubernetes.io/pod-name": name,
        }
    return builder.add_pod(
        name=name,
        owned_by=owner,
        labels=labels,
        spec=own_spec(owner, name),
        created_at=when.read_stamp(owner["metadata"]["creationTimestamp"]) + 5,
        given=given,
        state=state_of(state),
        node=node,
    )


def own_spec(owner: Object, name: str) -> Object:
    """The template's spec with the pod's own claim, where the set has one for each pod."""
    spec: Object = owner["spec"]["template"]["spec"]
    if "volumeClaimTemplates" not in owner["spec"]:
        return spec
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": f"data-{name}"}}
    return spec | {"volumes": [claim]}


def _claim_spec(given: Object) -> Object:
    return {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": given["storage"]}},
        "storageClassName": given.get("storage_class", "gp3"),
        "volumeMode": "Filesystem",
    }


def _add_volume(
    builder: ClusterBuilder, namespace: str, name: str, owner: Object, given: Object
) -> None:
    created = owner["metadata"]["creationTimestamp"]
    volume = f"pvc-{naming.uid(namespace, name, 'volume')}"
    capacity = {"storage": given["storage"]}
    spec = _claim_spec(given)
    if given.get("storage_unbound"):
        builder.cluster.apply(
            {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {
                    "name": name,
                    "namespace": namespace,
                    "labels": {"app": owner["metadata"]["name"]},
                    "creationTimestamp": created,
                },
                "spec": spec,
                "status": {"phase": "Pending"},
            }
        )
        return
    claim = builder.cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"app": owner["metadata"]["name"]},
                "creationTimestamp": created,
            },
            "spec": spec | {"volumeName": volume},
            "status": {
                "phase": "Bound",
                "accessModes": spec["accessModes"],
                "capacity": capacity,
            },
        }
    )
    builder.cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": volume, "creationTimestamp": created},
            "spec": {
                "capacity": capacity,
                "accessModes": spec["accessModes"],
                "persistentVolumeReclaimPolicy": "Delete",
                "storageClassName": spec["storageClassName"],
                "volumeMode": "Filesystem",
                "claimRef": {
                    "apiVersion": "v1",
                    "kind": "PersistentVolumeClaim",
                    "namespace": namespace,
                    "name": name,
                    "uid": claim["metadata"]["uid"],
                },
                "csi": {"driver": "ebs.csi.aws.com", "volumeHandle": f"vol-{volume[-12:]}"},
            },
            "status": {"phase": "Bound"},
        }
    )
