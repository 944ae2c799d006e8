"""What the deployment and replica set controllers do to a Deployment somebody changed.

One step at a time: a ReplicaSet for the template, its size and the others' by the strategy's
bounds, their pods, and the status that tells of it. Knows nothing of requests.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from tests.lab.estate import naming, when
from tests.lab.estate.deployments import REVISION
from tests.lab.estate.podlife import counts_as_ready
from tests.lab.estate.rollouts import deployment_status, part
from tests.lab.estate.writing import settled_status, store

if TYPE_CHECKING:
    from tests.lab.estate.podlife import PodLife

Object = dict[str, Any]

_HASH = "pod-template-hash"
_DESIRED = "deployment.kubernetes.io/desired-replicas"
_HISTORY = "deployment.kubernetes.io/revision-history"
# Annotations a Deployment does not hand on to its ReplicaSets.
_OWN = frozenset(
    {
        REVISION,
        _DESIRED,
        _HISTORY,
        "deployment.kubernetes.io/max-replicas",
        "kubectl.kubernetes.io/last-applied-configuration",
    }
)


class Rollouts:
    """Carries Deployments towards their specs; used under the store's lock."""

    def __init__(self, life: PodLife) -> None:
        self._life = life
        self._cluster = life.cluster
        self._moved: dict[str, tuple[str, float]] = {}

    def step(self, deployment: Object) -> None:
        """Bring a Deployment one stage on."""
        namespace, name = _place(deployment)
        for replica_set in self._sets(deployment):
            for pod in self._life.owned(replica_set):
                self._life.step(pod)
        deployment = self._numbered(deployment)
        self._resize(deployment)
        for replica_set in self._sets(deployment):
            self.fill(replica_set, workload=deployment)
        self._report(self._cluster.get("Deployment", name, namespace))

    def fill(self, replica_set: Object, *, workload: Object) -> None:
        """Bring a ReplicaSet's pods to the number it wants, and report them."""
        alive = self._life.alive(replica_set)
        wanted = replica_set["spec"]["replicas"]
        template = replica_set["spec"]["template"]
        for _ in range(wanted - len(alive)):
            labels = template["metadata"]["labels"]
            self._life.make(replica_set, template, workload=workload, labels=labels)
        surplus = len(alive) - wanted
        if surplus > 0:
            for pod in sorted(alive, key=_worth)[:surplus]:
                self._life.end(pod, by=replica_set)
        alive = self._life.alive(replica_set)
        ready = sum(counts_as_ready(pod) for pod in alive)
        status = {
            "replicas": len(alive),
            "observedGeneration": replica_set["metadata"]["generation"],
        }
        counts = {
            "fullyLabeledReplicas": len(alive),
            "readyReplicas": ready,
            "availableReplicas": ready,
        }
        store(
            self._cluster,
            replica_set,
            status=status | {key: count for key, count in counts.items() if count},
        )

    def _sets(self, deployment: Object) -> list[Object]:
        """The Deployment's ReplicaSets by revision, the newest last."""
        uid = deployment["metadata"]["uid"]
        found = [
            item
            for item in self._cluster.listed(
                "replicasets.apps", deployment["metadata"]["namespace"]
            )
            if any(ref["uid"] == uid for ref in item["metadata"].get("ownerReferences", ()))
        ]
        return sorted(found, key=_revision)

    def _numbered(self, deployment: Object) -> Object:
        """The Deployment with its template's ReplicaSet in place and numbered the newest."""
        if deployment["spec"].get("paused"):
            return deployment
        sets = self._sets(deployment)
        wanted = _comparable(deployment["spec"]["template"])
        matching = [one for one in sets if _comparable(one["spec"]["template"]) == wanted]
        newest = max((_revision(one) for one in sets), default=0)
        if not matching:
            self._create(deployment, newest + 1)
            number = newest + 1
        else:
            number = _revision(matching[-1])
            if number != newest:
                number = self._raise(matching[-1], newest + 1)
        self._hand_on(deployment, number)
        annotations = deployment["metadata"].get("annotations", {})
        if annotations.get(REVISION) == str(number):
            return deployment
        changed = deepcopy(deployment)
        changed["metadata"]["annotations"] = annotations | {REVISION: str(number)}
        changed["metadata"]["generation"] += 1
        return self._cluster.apply(changed)

    def _create(self, deployment: Object, number: int) -> None:
        namespace, name = _place(deployment)
        template = deepcopy(deployment["spec"]["template"])
        marker = naming.suffix(namespace, name, _comparable(template), length=10)
        labels = template["metadata"]["labels"] = template["metadata"]["labels"] | {_HASH: marker}
        selector = deployment["spec"]["selector"]["matchLabels"] | {_HASH: marker}
        self._cluster.apply(
            {
                "apiVersion": "apps/v1",
                "kind": "ReplicaSet",
                "metadata": {
                    "name": f"{name}-{marker}",
                    "namespace": namespace,
                    "labels": dict(labels),
                    "annotations": {REVISION: str(number)},
                    "creationTimestamp": when.stamp(self._life.now()),
                    "ownerReferences": [self._life.builder.owner(deployment)],
                    "generation": 1,
                },
                "spec": {
                    "replicas": 0,
                    "selector": {"matchLabels": selector},
                    "template": template,
                },
                "status": {"replicas": 0, "observedGeneration": 1},
            }
        )

    def _raise(self, replica_set: Object, number: int) -> int:
        changed = deepcopy(replica_set)
        annotations = changed["metadata"].setdefault("annotations", {})
        before = [annotations.get(_HISTORY, ""), annotations[REVISION]]
        annotations |= {REVISION: str(number), _HISTORY: ",".join(filter(None, before))}
        self._cluster.apply(changed)
        return number

    def _hand_on(self, deployment: Object, number: int) -> None:
        given = deployment["metadata"].get("annotations", {})
        wanted = {key: value for key, value in given.items() if key not in _OWN}
        wanted[_DESIRED] = str(deployment["spec"]["replicas"])
        newest = self._sets(deployment)[-1]
        if _revision(newest) != number:
            return
        has = newest["metadata"].get("annotations", {})
        kept = {key: value for key, value in has.items() if key in _OWN}
        if has != kept | wanted:
            changed = deepcopy(newest)
            changed["metadata"]["annotations"] = kept | wanted
            self._cluster.apply(changed)

    def _resize(self, deployment: Object) -> None:
        sets = self._sets(deployment)
        if not sets:
            return
        *old, new = sets
        replicas = deployment["spec"]["replicas"]
        strategy = deployment["spec"].get("strategy", {})
        if strategy.get("type") == "Recreate":
            for one in old:
                self._scale(deployment, one, 0)
            if any(self._life.owned(one) for one in old):
                return
            self._scale(deployment, new, replicas)
            return
        rolling = strategy.get("rollingUpdate") or {}
        surge = part(rolling.get("maxSurge", "25%"), replicas, up=True)
        spared = part(rolling.get("maxUnavailable", "25%"), replicas, up=False)
        if not surge and not spared:
            spared = 1
        self._grow(deployment, new, sum(_size(one) for one in old), replicas, surge)
        if not deployment["spec"].get("paused"):
            self._shrink(deployment, least=replicas - spared)

    def _grow(
        self, deployment: Object, new: Object, old_total: int, replicas: int, surge: int
    ) -> None:
        if _size(new) >= replicas:
            self._scale(deployment, new, replicas)
            return
        room = max(0, replicas + surge - old_total - _size(new))
        self._scale(deployment, new, min(replicas, _size(new) + room))

    def _shrink(self, deployment: Object, *, least: int) -> None:
        """Take pods from old ReplicaSets: first those that are not ready, then any to spare."""
        *old, new = self._sets(deployment)
        lacking = _size(new) - self._ready(new)
        spare = sum(_size(one) for one in (*old, new)) - least - lacking
        for one in old:
            cut = min(max(0, spare), _size(one) - self._ready(one))
            spare -= cut
            self._scale(deployment, one, _size(one) - cut)
        *old, new = self._sets(deployment)
        spare = sum(self._ready(one) for one in (*old, new)) - least
        for one in old:
            cut = min(max(0, spare), _size(one))
            spare -= cut
            self._scale(deployment, one, _size(one) - cut)

    def _ready(self, replica_set: Object) -> int:
        return sum(counts_as_ready(pod) for pod in self._life.alive(replica_set))

    def _scale(self, deployment: Object, replica_set: Object, size: int) -> None:
        before = _size(replica_set)
        if before == size:
            return
        changed = deepcopy(replica_set)
        changed["spec"]["replicas"] = size
        changed["metadata"]["generation"] += 1
        self._cluster.apply(changed)
        way = "up" if size > before else "down"
        self._life.tell(
            deployment,
            reason="ScalingReplicaSet",
            message=f"Scaled {way} replica set {replica_set['metadata']['name']} from {before}"
            f" to {size}",
            component="deployment-controller",
        )

    def _report(self, deployment: Object) -> None:
        sets = self._sets(deployment)
        if not sets:
            return
        status = deployment_status(
            deployment,
            sets,
            rolled_out_at=self._moved_at(deployment, sets),
            now=self._life.now(),
        )
        if deployment["spec"].get("paused"):
            progress = next(c for c in status["conditions"] if c["type"] == "Progressing")
            progress |= {
                "status": "Unknown",
                "reason": "DeploymentPaused",
                "message": "Deployment is paused",
            }
        earlier = deployment.get("status", {})
        store(
            self._cluster,
            deployment,
            status=settled_status(earlier, status, now=self._life.now()),
        )

    def _moved_at(self, deployment: Object, sets: list[Object]) -> float:
        """When the rollout last got on; the progress deadline counts from there."""
        uid, now = deployment["metadata"]["uid"], self._life.now()
        counts = json.dumps([[_size(one), one["status"]] for one in sets], sort_keys=True)
        if self._moved.get(uid, ("", 0.0))[0] != counts:
            self._moved[uid] = (counts, now)
        return self._moved[uid][1]


def _place(item: Object) -> tuple[str, str]:
    return item["metadata"]["namespace"], item["metadata"]["name"]


def _revision(replica_set: Object) -> int:
    return int(replica_set["metadata"].get("annotations", {}).get(REVISION, 0))


def _size(replica_set: Object) -> int:
    size: int = replica_set["spec"]["replicas"]
    return size


def _worth(pod: Object) -> tuple[bool, bool, str]:
    """The order in which pods are given up: not running, not ready, then the youngest."""
    running = pod["status"].get("phase") == "Running"
    age = pod["metadata"]["creationTimestamp"]
    return running, counts_as_ready(pod), "".join(chr(0x10FFFF - ord(c)) for c in age)


def _comparable(template: Object) -> str:
    """A pod template without the hash label, as text that is equal when the templates are."""
    meta = template.get("metadata", {})
    labels = {key: value for key, value in meta.get("labels", {}).items() if key != _HASH}
    annotations = meta.get("annotations") or {}
    return json.dumps([labels, annotations, template["spec"]], sort_keys=True)
