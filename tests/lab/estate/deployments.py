"""Deployments of a scenario: the object, a ReplicaSet per revision, their pods and events.

A rollout whose new pods never become ready stands where the rolling update stops: as many old
pods as `maxUnavailable` spares, as many new ones as `maxSurge` allows.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lab.estate import naming, when
from tests.lab.estate.pod_status import EventNote, is_ready
from tests.lab.estate.rollouts import (
    PROGRESS_DEADLINE_S,
    deployment_status,
    standing,
    strategy_of,
)
from tests.lab.estate.templates import TEMPLATE_KEYS, pod_spec

if TYPE_CHECKING:
    from tests.lab.estate.builder import ClusterBuilder

Object = dict[str, Any]

REVISION = "deployment.kubernetes.io/revision"
_CAUSE = "kubernetes.io/change-cause"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Revision:
    number: int
    at: float
    given: Object
    template_hash: str
    wanted: int
    states: list[Object]
    lasting: object
    """What becomes of pods made of this template later on: a state, or states of single pods."""
    refused: Object | None = None
    """`made` pods exist, the next ones are refused with `message` since `since`."""


def state_of(given: object) -> Object:
    """A scenario's pod state, written short ("running") or with options, as options."""
    return dict(given) if isinstance(given, dict) else {"is": given or "running"}


def add_deployment(builder: ClusterBuilder, namespace: str, name: str, given: Object) -> None:
    """Write the deployment and all that belongs to it."""
    replicas = int(given.get("replicas", 2))
    revisions = _revisions(builder, namespace, name, given, replicas)
    newest = revisions[-1]
    labels = {"app": name} | given.get("labels", {})
    template = {"metadata": {"labels": labels}, "spec": pod_spec(name, newest.given)}
    manifest: Object = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
        },
    }
    applied = json.dumps(manifest, separators=(",", ":"))
    manifest["metadata"] |= {
        "annotations": {REVISION: str(newest.number), _LAST_APPLIED: applied + "\n"}
        | _cause(newest),
        "generation": newest.number,
        "creationTimestamp": when.stamp(
            builder.at(given["created"]) if "created" in given else revisions[0].at
        ),
    }
    manifest["spec"] |= {
        "strategy": strategy_of(given),
        "revisionHistoryLimit": 10,
        "progressDeadlineSeconds": PROGRESS_DEADLINE_S,
    }
    deployment = builder.cluster.apply(manifest)
    sets = [_add_replica_set(builder, deployment, labels, revision) for revision in revisions]
    deployment["status"] = deployment_status(
        deployment, sets, rolled_out_at=newest.at, now=builder.now
    )
    builder.cluster.apply(deployment)
    _tell_rollout(builder, deployment, replicas, revisions, sets)


def _cause(revision: _Revision) -> Object:
    cause = revision.given.get("change_cause")
    return {_CAUSE: cause} if cause else {}


def _revisions(
    builder: ClusterBuilder, namespace: str, name: str, given: Object, replicas: int
) -> list[_Revision]:
    """All revisions, oldest first, with the pods each still has."""
    current = {key: given[key] for key in TEMPLATE_KEYS if key in given}
    current |= {
        key: given[key] for key in ("change_cause", "usage", "huge_log", "chatter") if key in given
    }
    earlier = given.get("history", [])
    created = given.get("created", "-30d")
    times = [entry.get("at", created) for entry in earlier]
    times.append(given.get("rolled_out", created))
    templates = [current | entry for entry in earlier] + [current]
    state = state_of(given.get("state"))
    states = [state_of(item) for item in given["states"]] if "states" in given else None
    stuck = bool(earlier) and states is None and state.get("is", "running") != "running"
    old, new = standing(given, replicas) if stuck else (0, replicas)
    revisions = []
    newest = int(given.get("revision", len(templates)))
    oldest = newest - len(templates) + 1
    for number, (at, template) in enumerate(zip(times, templates, strict=True), start=oldest):
        is_newest = number == newest
        is_previous = number == newest - 1
        wanted = new if is_newest else old if is_previous else 0
        own = (states or [state] * wanted) if is_newest else [{"is": "running"}] * wanted
        revisions.append(
            _Revision(
                number=number,
                at=builder.at(at),
                given=template,
                template_hash=naming.suffix(
                    builder.cluster.name, namespace, name, str(number), length=10
                ),
                wanted=wanted,
                states=own,
                lasting=(states or state) if is_newest else "running",
                refused=given.get("refused") if is_newest else None,
            )
        )
    return revisions


def _add_replica_set(
    builder: ClusterBuilder, deployment: Object, labels: Object, revision: _Revision
) -> Object:
    name = deployment["metadata"]["name"]
    hashed = {"pod-template-hash": revision.template_hash}
    spec = pod_spec(name, revision.given)
    builder.cluster.behaviours.note(deployment, spec, given=revision.given, state=revision.lasting)
    replica_set = builder.cluster.apply(
        {
            "apiVersion": "apps/v1",
            "kind": "ReplicaSet",
            "metadata": {
                "name": f"{name}-{revision.template_hash}",
                "namespace": deployment["metadata"]["namespace"],
                "labels": labels | hashed,
                "annotations": {
                    REVISION: str(revision.number),
                    "deployment.kubernetes.io/desired-replicas": str(
                        deployment["spec"]["replicas"]
                    ),
                }
                | _cause(revision),
                "creationTimestamp": when.stamp(revision.at),
                "ownerReferences": [builder.owner(deployment)],
                "generation": 1,
            },
            "spec": {
                "replicas": revision.wanted,
                "selector": {"matchLabels": {"app": name} | hashed},
                "template": {"metadata": {"labels": labels | hashed}, "spec": spec},
            },
        }
    )
    made = revision.wanted if revision.refused is None else int(revision.refused.get("made", 0))
    pods = [_add_pod(builder, replica_set, revision, number) for number in range(made)]
    if revision.refused is not None:
        _tell_refused(builder, replica_set, revision.refused)
    ready = sum(is_ready(pod["status"]) for pod in pods)
    replica_set["status"] = {"replicas": len(pods), "observedGeneration": 1} | (
        {"fullyLabeledReplicas": len(pods)} if pods else {}
    )
    if ready:
        replica_set["status"] |= {"readyReplicas": ready, "availableReplicas": ready}
    if revision.refused is not None:
        failure = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}
        replica_set["status"]["conditions"] = [failure]
    return builder.cluster.apply(replica_set)


def _tell_refused(builder: ClusterBuilder, replica_set: Object, refused: Object) -> None:
    name = replica_set["metadata"]["name"]
    builder.tell(
        replica_set,
        EventNote(
            type="Warning",
            reason="FailedCreate",
            message=f'Error creating: pods "{name}-{naming.suffix(name, "refused")}" is forbidden: '
            + refused["message"],
            first_at=builder.at(refused.get("since", "-15m")),
            last_at=builder.now - 40,
            count=11,
            component="replicaset-controller",
        ),
    )


def _add_pod(
    builder: ClusterBuilder, replica_set: Object, revision: _Revision, number: int
) -> Object:
    owner = replica_set["metadata"]["name"]
    name = f"{owner}-{naming.suffix(owner, str(number))}"
    template = replica_set["spec"]["template"]
    state = revision.states[number % len(revision.states)]
    created_at = builder.at(state["created"]) if "created" in state else revision.at + number * 2
    pod = builder.add_pod(
        name=name,
        owned_by=replica_set,
        labels=dict(template["metadata"]["labels"]),
        spec=template["spec"],
        created_at=created_at,
        given=revision.given,
        state=state,
    )
    builder.tell(
        replica_set,
        EventNote(
            reason="SuccessfulCreate",
            message=f"Created pod: {name}",
            first_at=created_at,
            last_at=created_at,
            component="replicaset-controller",
        ),
    )
    return pod


def _tell_rollout(
    builder: ClusterBuilder,
    deployment: Object,
    replicas: int,
    revisions: list[_Revision],
    sets: list[Object],
) -> None:
    newest = revisions[-1]
    said = [("up", sets[-1], 0, newest.wanted)]
    if len(sets) > 1:
        said.append(("down", sets[-2], replicas, revisions[-2].wanted))
    for way, replica_set, before, after in said:
        if before == after:
            continue
        builder.tell(
            deployment,
            EventNote(
                reason="ScalingReplicaSet",
                message=f"Scaled {way} replica set {replica_set['metadata']['name']} "
                f"from {before} to {after}",
                first_at=newest.at,
                last_at=newest.at + 1,
                component="deployment-controller",
            ),
        )
