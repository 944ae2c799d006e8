"""Operations that take a node out of use for new pods, and give it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from safe_ops.errors import RefusedError
from safe_ops.guardrails.nodes import OF_CORDON, OF_UNCORDON
from safe_ops.model.drainage import occupants
from safe_ops.model.marks import action_of
from safe_ops.model.nodes import could_stand_in, is_cordoned
from safe_ops.model.objects import name_of
from safe_ops.model.plans import Drawing, System, Tier, Verification
from safe_ops.model.rights import Rights
from safe_ops.model.surveys import ClusterSurvey
from safe_ops.operations.cluster_change import cluster_of, permission, there
from safe_ops.operations.cluster_paths import list_path, path_to
from safe_ops.operations.cordoning import (
    CORDON_DEADLINE_S,
    NodeChange,
    NodeParameters,
    cordon_step,
    node_change,
    node_pins,
    node_target,
    restore_step,
    state_of,
    uncordon_step,
)
from safe_ops.operations.drift import ExactDrift
from safe_ops.operations.workload_reading import reads, writes

if TYPE_CHECKING:
    from safe_ops.model.guarding import Guard
    from safe_ops.model.plans import Place
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes, Operation, Parameters


class NodeScheduling(ExactDrift, NodeChange):
    """Whether a node takes new pods: one instance to cordon, one to uncordon."""

    version = 1
    system = System.KUBERNETES
    parameters: type[Parameters] = NodeParameters
    rights = Rights(
        cluster_reads=(reads("Node", "get", "list"), reads("Pod", "list")),
        cluster_writes=(writes("Node", "patch"),),
    )

    def __init__(
        self, *, name: str, title: str, cordons: bool, guards: tuple[Guard[ClusterSurvey], ...]
    ) -> None:
        self.name = name
        self.title = title
        self.cordons = cordons
        self.guards = guards

    def survey(self, wanted: Parameters, eyes: Eyes) -> ClusterSurvey:
        """Read the node, its pods and all nodes."""
        name, cluster = cast("NodeParameters", wanted).name, cluster_of(eyes)
        node = cluster.get(path_to("Node", name))
        return ClusterSurvey(
            read_at=eyes.now,
            target=node,
            permissions=permission(eyes, node, verb="patch", kind="Node"),
            pods=cluster.items(list_path("Pod"), fields=f"spec.nodeName={name}"),
            nodes=cluster.items(list_path("Node")),
        )

    def draw(self, wanted: Parameters, survey: ClusterSurvey, place: Place) -> Drawing:
        """Return the one patch, and the one that takes it back."""
        name = cast("NodeParameters", wanted).name
        node = there(survey.target, what=f"node {name}", place=place)
        after = state_of(cordoned=self.cordons)
        if is_cordoned(node) == self.cordons:
            raise RefusedError(
                f"Node {name} is {after} already; there is nothing to change.", code="parameters"
            )
        return Drawing(
            tier=Tier.T1,
            target=node_target(place, node),
            pins=node_pins(node),
            changes=(node_change(node, cordoned=self.cordons),),
            steps=(cordon_step(node) if self.cordons else uncordon_step(node),),
            undo=(restore_step(node),),
            verification=Verification(says=(f"{name} is {after}",), deadline_s=CORDON_DEADLINE_S),
            blast_radius=_radius(survey, node),
            snapshot=node_pins(node),
            notes=_notes(node),
        )


def _radius(survey: ClusterSurvey, node: Object) -> tuple[str, ...]:
    name = name_of(node)
    beside = [other for other in survey.nodes if name_of(other) != name]
    taking = sum(could_stand_in(node, other) for other in beside)
    pods = len(occupants(survey.pods).leaving)
    return (
        f"pods of workloads on {name}: {pods}; they stay where they are",
        f"{taking} of {len(beside)} other nodes take its kind of pods",
    )


def _notes(node: Object) -> tuple[str, ...]:
    if not is_cordoned(node):
        return ()
    mark = action_of(node)
    return (f"cordoned by {mark}" if mark else "cordoned by somebody else than us",)


OPERATIONS: tuple[Operation[ClusterSurvey], ...] = (
    NodeScheduling(
        name="cordon",
        title="Take a node out of use for new pods",
        cordons=True,
        guards=OF_CORDON,
    ),
    NodeScheduling(
        name="uncordon",
        title="Let a node take new pods again",
        cordons=False,
        guards=OF_UNCORDON,
    ),
)
