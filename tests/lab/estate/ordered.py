"""What the controllers of StatefulSets and DaemonSets do to a set somebody changed, step by step.

One pod at a time is replaced, the highest ordinal first; a set's revisions are kept as
ControllerRevisions.
"""

from __future__ import annotations

import json
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from tests.lab.estate import naming, when
from tests.lab.estate.podlife import counts_as_ready, is_going
from tests.lab.estate.sets import own_spec
from tests.lab.estate.writing import store

if TYPE_CHECKING:
    from tests.lab.estate.podlife import PodLife

Object = dict[str, Any]

_HASH = "controller-revision-hash"


class Sets:
    """Carries StatefulSets and DaemonSets towards their specs; used under the store's lock."""

    def __init__(self, life: PodLife) -> None:
        self._life = life
        self._cluster = life.cluster

    def step(self, owner: Object) -> None:
        """Bring a set one stage on."""
        for pod in self._life.owned(owner):
            self._life.step(pod)
        revision = self._revision(owner)
        if owner["kind"] == "StatefulSet":
            self._step_ordinals(owner, revision)
            self._report_ordinals(owner, revision)
        else:
            self._step_nodes(owner, revision)
            self._report_nodes(owner, revision)

    def _revision(self, owner: Object) -> str:
        """The name of the revision of the set's template, made or numbered the newest."""
        meta = owner["metadata"]
        known = sorted(
            (
                item
                for item in self._cluster.listed("controllerrevisions.apps", meta["namespace"])
                if any(ref["uid"] == meta["uid"] for ref in item["metadata"]["ownerReferences"])
            ),
            key=lambda item: int(item["revision"]),
        )
        template = owner["spec"]["template"]
        same = [one for one in known if _template(one) == template]
        newest = known[-1]["revision"] if known else 0
        if same and same[-1]["revision"] == newest:
            return str(same[-1]["metadata"]["name"])
        if same:
            self._cluster.apply(same[-1] | {"revision": newest + 1})
            return str(same[-1]["metadata"]["name"])
        marker = naming.suffix(
            meta["namespace"], meta["name"], json.dumps(template, sort_keys=True), length=10
        )
        name = f"{meta['name']}-{marker}"
        self._cluster.apply(
            {
                "apiVersion": "apps/v1",
                "kind": "ControllerRevision",
                "metadata": {
                    "name": name,
                    "namespace": meta["namespace"],
                    "labels": owner["spec"]["selector"]["matchLabels"] | {_HASH: marker},
                    "creationTimestamp": when.stamp(self._life.now()),
                    "ownerReferences": [self._life.builder.owner(owner)],
                },
                "data": {"spec": {"template": deepcopy(template) | {"$patch": "replace"}}},
                "revision": newest + 1,
            }
        )
        return name

    def _step_ordinals(self, owner: Object, revision: str) -> None:
        pods = {pod["metadata"]["name"]: pod for pod in self._life.owned(owner)}
        name, replicas = owner["metadata"]["name"], owner["spec"]["replicas"]
        for number in range(replicas):
            pod = pods.get(f"{name}-{number}")
            if pod is None:
                self._make(owner, f"{name}-{number}", revision)
            if pod is None or not counts_as_ready(pod):
                break
        surplus = [pod for pod in pods.values() if _ordinal(pod) >= replicas and not is_going(pod)]
        if surplus:
            self._life.end(max(surplus, key=_ordinal), by=owner)
            return
        update = owner["spec"].get("updateStrategy", {})
        if update.get("type", "RollingUpdate") != "RollingUpdate":
            return
        first = (update.get("rollingUpdate") or {}).get("partition", 0)
        for number in range(replicas - 1, first - 1, -1):
            pod = pods.get(f"{name}-{number}")
            if pod is not None and not _is_of(pod, revision) and not is_going(pod):
                self._life.end(pod, by=owner)
                return
            if pod is None or not counts_as_ready(pod):
                return

    def _step_nodes(self, owner: Object, revision: str) -> None:
        pods = self._life.owned(owner)
        taken = {pod["spec"].get("nodeName") for pod in pods}
        for node in self._cluster.listed("nodes"):
            if node["metadata"]["name"] not in taken:
                self._make(owner, "", revision, node=node["metadata"]["name"])
        pods = self._life.owned(owner)
        outdated = [pod for pod in pods if not _is_of(pod, revision) and not is_going(pod)]
        unready = [pod for pod in pods if not counts_as_ready(pod)]
        if outdated and not [pod for pod in unready if _is_of(pod, revision) or is_going(pod)]:
            self._life.end(min(outdated, key=counts_as_ready), by=owner)

    def _make(self, owner: Object, name: str, revision: str, *, node: str = "") -> None:
        template = owner["spec"]["template"]
        labels = template["metadata"]["labels"] | {_HASH: revision.rsplit("-", 1)[1]}
        if name:
            labels |= {
                "apps.kubernetes.io/pod-index": name.rsplit("-", 1)[1],
                "statefulset.kubernetes.io/pod-name": name,
            }
        self._life.make(
            owner,
            template,
            workload=owner,
            labels=labels,
            name=name,
            spec=own_spec(owner, name) if name else template["spec"],
            node=node,
        )

    def _report_ordinals(self, owner: Object, revision: str) -> None:
        alive = self._life.alive(owner)
        updated = sum(_is_of(pod, revision) for pod in alive)
        ready = sum(counts_as_ready(pod) for pod in alive)
        before = owner.get("status", {})
        done = updated == len(alive) == ready == owner["spec"]["replicas"]
        current = revision if done else before.get("currentRevision", revision)
        status = {
            "observedGeneration": owner["metadata"]["generation"],
            "replicas": len(alive),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "currentReplicas": sum(_is_of(pod, current) for pod in alive),
            "updatedReplicas": updated,
            "currentRevision": current,
            "updateRevision": revision,
            "collisionCount": 0,
        }
        store(self._cluster, owner, status=status)

    def _report_nodes(self, owner: Object, revision: str) -> None:
        alive = self._life.alive(owner)
        ready = sum(counts_as_ready(pod) for pod in alive)
        nodes = len(self._cluster.listed("nodes"))
        status = {
            "observedGeneration": owner["metadata"]["generation"],
            "currentNumberScheduled": len(alive),
            "desiredNumberScheduled": nodes,
            "numberMisscheduled": 0,
            "numberReady": ready,
            "numberAvailable": ready,
            "updatedNumberScheduled": sum(_is_of(pod, revision) for pod in alive),
        }
        if nodes > ready:
            status["numberUnavailable"] = nodes - ready
        store(self._cluster, owner, status=status)


def _template(revision: Object) -> Object:
    template = revision["data"]["spec"]["template"]
    return {key: value for key, value in template.items() if key != "$patch"}


def _ordinal(pod: Object) -> int:
    return int(pod["metadata"]["name"].rsplit("-", 1)[1])


def _is_of(pod: Object, revision: str) -> bool:
    marker: str = pod["metadata"]["labels"].get(_HASH, "")
    return revision.endswith(f"-{marker}")
