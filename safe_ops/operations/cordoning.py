"""The write that takes a node out of use or gives it back, and how to tell that it was made.

A node is ours while it is cordoned and carries our annotation: that mark is the lease on the
cluster's one node operation, and it holds until somebody makes the node schedulable again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.marks import ACTION, action_of
from safe_ops.model.nodes import is_cordoned
from safe_ops.model.objects import name_of, uid_of
from safe_ops.model.plans import Call, Change, Step, Target
from safe_ops.operations.cluster_change import (
    ACTION_MARK,
    RV,
    STRATEGIC_PATCH,
    ClusterChange,
    reached,
)
from safe_ops.operations.cluster_parameters import ObjectName  # noqa: TC001 -- pydantic reads it
from safe_ops.operations.cluster_paths import path_to
from safe_ops.operations.operation import Parameters

if TYPE_CHECKING:
    from safe_ops.model.plans import Json, Place, Plan
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes, Look

# All nodes of a cluster are one service: so no two operations on nodes run in it at once.
NODES = "nodes"
# A cordon is one field; the API shows it at once.
CORDON_DEADLINE_S = 30


class NodeParameters(Parameters):
    """One node."""

    name: ObjectName


class NodeChange(ClusterChange):
    """What is before and after on a node whose `unschedulable` is written."""

    cordons: bool
    """What is written."""

    def is_before(self, plan: Plan, item: Object) -> bool:
        """Tell whether the node is as the plan found it."""
        return node_pins(item) == plan.drawing.pins

    def is_after(self, plan: Plan, item: Object) -> bool:
        """Tell whether the node is as the plan leaves it; cordoned by us, or given back."""
        mark = action_of(item)
        if not self.cordons:
            return not is_cordoned(item) and not mark
        return is_cordoned(item) and mark not in {"", plan.drawing.pins["marked"]}

    def judge(self, plan: Plan, item: Object, eyes: Eyes) -> Look:
        """Tell that it is so: there is nothing to wait for."""
        return reached(f"{name_of(item)} is {state_of(cordoned=self.cordons)}")


def node_target(place: Place, node: Object) -> Target:
    """Return a node as a target."""
    return Target(place=place, kind="Node", name=name_of(node), uid=uid_of(node), service=NODES)


def node_pins(node: Object) -> dict[str, Json]:
    """Return what must be the same of a node when a plan for it is executed."""
    return {"cordoned": is_cordoned(node), "marked": action_of(node)}


def state_of(*, cordoned: bool) -> str:
    """Return a node's state in a word."""
    return "cordoned" if cordoned else "schedulable"


def node_change(node: Object, *, cordoned: bool) -> Change:
    """Return the change of a node as people read it."""
    return Change(
        field="scheduling",
        before=state_of(cordoned=is_cordoned(node)),
        after=state_of(cordoned=cordoned),
    )


def cordon_step(node: Object) -> Step:
    """Return the step that takes a node out of use, marked with the action."""
    return _step(
        node, f"cordon node {name_of(node)}", cordoned=True, mark=ACTION_MARK, late=(ACTION_MARK,)
    )


def uncordon_step(node: Object) -> Step:
    """Return the step that gives a node back and takes our mark off."""
    return _step(node, f"uncordon node {name_of(node)}", cordoned=False, mark=None)


def restore_step(node: Object) -> Step:
    """Return the step that makes a node what it is now, mark included."""
    cordoned = is_cordoned(node)
    verb = "cordon" if cordoned else "uncordon"
    says = f"{verb} node {name_of(node)}, as it was"
    return _step(node, says, cordoned=cordoned, mark=action_of(node) or None)


def _step(
    node: Object, says: str, *, cordoned: bool, mark: str | None, late: tuple[str, ...] = ()
) -> Step:
    return Step(
        says=says,
        call=Call(
            action="PATCH",
            path=path_to("Node", name_of(node)),
            body={
                "metadata": {"resourceVersion": RV, "annotations": {ACTION: mark}},
                "spec": {"unschedulable": cordoned},
            },
            media_type=STRATEGIC_PATCH,
            late_bound=(RV, *late),
        ),
    )
