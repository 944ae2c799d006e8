"""The controllers of a cluster that somebody changes: they carry what was touched to its spec.

Only what a request touched is ever looked at, so that a scenario stands still until somebody acts
on it. They run in a thread of their own, a step every tenth of a second until nothing changes.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from tests.lab.estate.followers import follow, follow_cordon, follow_load, top_of
from tests.lab.estate.ordered import Sets
from tests.lab.estate.podlife import PodLife, is_going
from tests.lab.estate.rolling import Rollouts
from tests.lab.kubernetes.kinds import kind_named

if TYPE_CHECKING:
    from tests.lab.estate.store import SimulatedCluster

Object = dict[str, Any]
Item = tuple[str, str, str]
"""Kind, namespace and name."""

STEP_S = 0.1


class Controllers:
    """Every controller of one cluster, at work between `start` and `stop`."""

    def __init__(self, cluster: SimulatedCluster, *, step_s: float = STEP_S) -> None:
        self._cluster = cluster
        self._step_s = step_s
        self._life = PodLife(cluster)
        self._rollouts = Rollouts(self._life)
        self._sets = Sets(self._life)
        self._due: dict[Item, float] = {}
        self._known: set[Item] = set()
        self._woken = threading.Condition()
        self._ended = False
        self._thread: threading.Thread | None = None

    def touch(self, item: Object, policy: str = "") -> None:
        """Look at what was changed, and at what controls it; `policy` tells of a deletion."""
        if policy and item["kind"] == "Job":
            self._release(item, policy)
        self._enqueue(self._responsible(item))

    def stop(self) -> None:
        """End the thread; what is under way stays as it is."""
        self._cluster.clock.forget(self._look_again)
        with self._woken:
            self._ended = True
            self._woken.notify()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _responsible(self, item: Object) -> Item:
        meta = item["metadata"]
        namespace = meta.get("namespace", "")
        for ref in meta.get("ownerReferences", ()):
            if ref.get("controller") and item["kind"] != "Job":
                top = top_of(self._cluster, ref, namespace)
                if top is not None:
                    return top["kind"], namespace, top["metadata"]["name"]
        return item["kind"], namespace, meta["name"]

    def _enqueue(self, item: Item) -> None:
        with self._woken:
            if self._ended:
                return
            self._known.add(item)
            self._due.setdefault(item, time.monotonic() + self._step_s)
            if self._thread is None:
                self._cluster.clock.on_advance(self._look_again)
                self._thread = threading.Thread(target=self._run, daemon=True, name="controllers")
                self._thread.start()
            self._woken.notify()

    def _look_again(self) -> None:
        """Time was pushed forward: a rollout may have run out of it."""
        for item in tuple(self._known):
            self._enqueue(item)

    def _run(self) -> None:
        while True:
            with self._woken:
                while not self._ended and not self._due_now():
                    self._woken.wait(timeout=self._wait_s())
                if self._ended:
                    return
                items = self._due_now()
                for item in items:
                    del self._due[item]
            for item in items:
                if self._step(item):
                    self._enqueue(item)

    def _due_now(self) -> list[Item]:
        now = time.monotonic()
        return [item for item, at in self._due.items() if at <= now]

    def _wait_s(self) -> float | None:
        return max(0.0, min(self._due.values()) - time.monotonic()) if self._due else None

    def _step(self, item: Item) -> bool:
        """Bring one object a stage on; whether anything changed by it."""
        kind, namespace, name = item
        with self._cluster.alone:
            before = self._cluster.resource_version
            stored = self._cluster.peek(kind_named(kind).key, namespace, name)
            if stored is not None:
                self._carry(kind, stored)
            if namespace:
                follow(self._life, namespace)
            return self._cluster.resource_version != before

    def _carry(self, kind: str, stored: Object) -> None:
        match kind:
            case "Deployment":
                self._rollouts.step(stored)
            case "StatefulSet" | "DaemonSet":
                self._sets.step(stored)
            case "ReplicaSet":
                for pod in self._life.owned(stored):
                    self._life.step(pod)
                self._rollouts.fill(stored, workload=stored)
            case "HorizontalPodAutoscaler":
                target = follow_load(self._life, stored)
                if target is not None:
                    self.touch(target)
            case "Node":
                if follow_cordon(self._life, stored):
                    self._look_again()
            case "Pod":
                self._life.step(stored)
            case "Job":
                self._step_job(stored)
            case _:
                # Of cron jobs only the fields count; no run of theirs falls into a test.
                return

    def _step_job(self, job: Object) -> None:
        for pod in self._life.owned(job):
            if is_going(job) and not is_going(pod):
                self._life.end(pod, by=job)
            else:
                self._life.step(pod)
        if is_going(job) and not self._life.owned(job):
            meta = job["metadata"]
            self._cluster.delete("Job", meta["name"], meta["namespace"])

    def _release(self, job: Object, policy: str) -> None:
        """Delete a job's pods, or leave them without an owner, as the deletion wants it."""
        if policy == "Foreground":
            return
        for pod in self._life.owned(job):
            if policy == "Orphan":
                meta = {key: v for key, v in pod["metadata"].items() if key != "ownerReferences"}
                self._cluster.apply(pod | {"metadata": meta})
            elif not is_going(pod):
                self._life.end(pod)
                self._enqueue(("Pod", pod["metadata"]["namespace"], pod["metadata"]["name"]))
