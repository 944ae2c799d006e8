"""What scheduler and kubelet do to pods of a running lab: place them, start them, let them go.

A pod passes one stage per step, so that a rollout can be watched; what becomes of it is what its
template's behaviour says.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lab.estate import naming, when
from tests.lab.estate.builder import ClusterBuilder
from tests.lab.estate.pod_status import EventNote, is_ready

if TYPE_CHECKING:
    from tests.lab.estate.store import SimulatedCluster

Object = dict[str, Any]

# Beyond any address a scenario hands out, so that no two pods share one.
_ADDRESSES_FROM = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Birth:
    """What a pod that is being made will be."""

    owner: Object
    workload: Object
    spec: Object
    created_at: float
    node: str


class PodLife:
    """Makes, starts and ends the pods of one cluster; used under the store's lock."""

    def __init__(self, cluster: SimulatedCluster) -> None:
        self.cluster = cluster
        self.builder = ClusterBuilder(cluster, pods_placed=_ADDRESSES_FROM)
        self._births: dict[str, _Birth] = {}
        self._made = 0

    def now(self) -> float:
        """The lab's time, which the builder writes too."""
        self.builder.now = self.cluster.clock.now()
        return self.builder.now

    def owned(self, owner: Object) -> list[Object]:
        """The pods an object controls, those that are going included."""
        uid = owner["metadata"]["uid"]
        return [
            pod
            for pod in self.cluster.listed("pods", owner["metadata"].get("namespace", ""))
            if any(ref["uid"] == uid for ref in pod["metadata"].get("ownerReferences", ()))
        ]

    def alive(self, owner: Object) -> list[Object]:
        """The pods an object controls that are not going."""
        return [pod for pod in self.owned(owner) if not is_going(pod)]

    def make(
        self,
        owner: Object,
        template: Object,
        *,
        workload: Object,
        labels: Object,
        name: str = "",
        spec: Object | None = None,
        node: str = "",
    ) -> None:
        """Create a pod of a template, which starts in a later step."""
        self._made += 1
        prefix = owner["metadata"]["name"]
        now = self.now()
        birth = _Birth(
            owner=owner,
            workload=workload,
            spec=spec or template["spec"],
            created_at=now,
            node=node,
        )
        chosen = name or f"{prefix}-{naming.suffix(prefix, 'made', str(self._made))}"
        uid = naming.uid(self.cluster.name, "made", prefix, chosen, str(self._made))
        self._births[uid] = birth
        annotations = template.get("metadata", {}).get("annotations")
        self._write(chosen, uid, labels, annotations, birth, starting=True)
        self.tell(
            owner,
            reason="SuccessfulCreate",
            message=f"Created pod: {chosen}",
            component=f"{owner['kind'].lower()}-controller",
        )

    def end(self, pod: Object, *, by: Object | None = None) -> None:
        """Begin to delete a pod, which is gone in a later step."""
        going = deepcopy(pod)
        going["metadata"] |= {
            "deletionTimestamp": when.stamp(self.now()),
            "deletionGracePeriodSeconds": pod["spec"].get("terminationGracePeriodSeconds", 30),
        }
        self.cluster.apply(going)
        if by is not None:
            self.tell(
                by,
                reason="SuccessfulDelete",
                message=f"Deleted pod: {pod['metadata']['name']}",
                component=f"{by['kind'].lower()}-controller",
            )

    def step(self, pod: Object) -> None:
        """Bring a pod one stage on: gone if it was going, started if it was being made."""
        meta = pod["metadata"]
        if is_going(pod):
            for container in pod["spec"]["containers"]:
                self.tell(pod, reason="Killing", message=f"Stopping container {container['name']}")
            self._births.pop(meta["uid"], None)
            self.cluster.delete("pods", meta["name"], meta["namespace"])
            return
        birth = self._births.get(meta["uid"])
        if birth is None:
            return
        placed = pod["spec"].get("nodeName", "")
        if not placed and not self._eligible(birth):
            return
        labels, annotations = meta["labels"], meta.get("annotations")
        self._write(
            meta["name"], meta["uid"], labels, annotations, birth, starting=not placed, node=placed
        )
        if placed:
            del self._births[meta["uid"]]

    def tell(self, about: Object, *, reason: str, message: str, component: str = "kubelet") -> None:
        """Write an event of this moment."""
        now = self.now()
        self.builder.tell(
            about,
            EventNote(
                reason=reason, message=message, first_at=now, last_at=now, component=component
            ),
        )

    def _write(
        self,
        name: str,
        uid: str,
        labels: Object,
        annotations: Object | None,
        birth: _Birth,
        *,
        starting: bool,
        node: str = "",
    ) -> None:
        self.now()
        behaviour = self.cluster.behaviours.of(birth.workload, birth.spec)
        eligible = self._eligible(birth)
        state = {"is": "creating"} if starting else behaviour.state
        everything = nodes_of(self.cluster)
        self.builder.nodes = everything
        if not starting or birth.node:
            chosen = node or birth.node
        elif eligible:
            chosen = self._least_loaded(eligible)
        else:
            chosen = ""
            state = {"is": "unschedulable", "lacking": "node(s) were unschedulable"}
        self.builder.add_pod(
            name=name,
            owned_by=birth.owner,
            labels=dict(labels),
            annotations=annotations,
            spec=birth.spec,
            created_at=birth.created_at,
            given=behaviour.given,
            state=state,
            node=chosen,
            uid=uid,
        )

    def _eligible(self, birth: _Birth) -> list[str]:
        if birth.node:
            return [birth.node]
        wanted = birth.spec.get("nodeSelector", {})
        return [
            node["metadata"]["name"]
            for node in self.cluster.listed("nodes")
            if takes_pods(node) and wanted.items() <= node["metadata"]["labels"].items()
        ]

    def _least_loaded(self, names: list[str]) -> str:
        placed = [pod["spec"].get("nodeName") for pod in self.cluster.listed("pods")]
        return min(names, key=placed.count)


def is_going(pod: Object) -> bool:
    """Whether a pod is being deleted."""
    return "deletionTimestamp" in pod["metadata"]


def counts_as_ready(pod: Object) -> bool:
    """Whether controllers count a pod as ready."""
    return is_ready(pod["status"]) and not is_going(pod)


def takes_pods(node: Object) -> bool:
    """Whether the scheduler may put an ordinary pod on a node."""
    if node["spec"].get("unschedulable"):
        return False
    barred = {"NoSchedule", "NoExecute"}
    if any(taint["effect"] in barred for taint in node["spec"].get("taints", ())):
        return False
    return is_ready(node["status"])


def nodes_of(cluster: SimulatedCluster) -> list[tuple[str, str]]:
    """Name and address of every node."""
    return [
        (node["metadata"]["name"], node["status"]["addresses"][0]["address"])
        for node in cluster.listed("nodes")
    ]
