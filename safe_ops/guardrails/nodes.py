"""Guards of operations on nodes: one node of a cluster at a time, and room for what leaves it.

Knows nodes and what stands on them. Must not know how a node is cordoned.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.model.drainage import occupants
from safe_ops.model.guarding import Guard, passes, refuses
from safe_ops.model.marks import action_of
from safe_ops.model.nodes import (
    answers,
    complaints,
    could_stand_in,
    is_control_plane,
    is_held,
    is_node_ready,
    ready_since,
    removal_of,
)
from safe_ops.model.objects import name_of
from safe_ops.model.placement import stranded

if TYPE_CHECKING:
    from safe_ops.model.guarding import Case
    from safe_ops.model.plans import Ruling
    from safe_ops.model.surveys import ClusterSurvey, Object

# Amazon's node repair stops at a share as well (NodeRepairConfig); two nodes may always be down,
# because a share of a small cluster is less than one node.
_UNHEALTHY_AT_LEAST = 2
_UNHEALTHY_PERCENT = 10
# One more may fail while the drained one is away.
_NODES_LEFT = 2
_STEADY = timedelta(minutes=5)
_LISTED = 5


def _workers_only(case: Case[ClusterSurvey]) -> Ruling:
    name, node = "no-control-plane", _node(case)
    if is_control_plane(node):
        return refuses(
            name, f"{name_of(node)} runs the cluster's control plane; nothing here touches those"
        )
    return passes(name, f"{name_of(node)} is a worker")


def _healthy_share(case: Case[ClusterSurvey]) -> Ruling:
    name, nodes = "unhealthy-share", case.survey.nodes
    bad = [name_of(node) for node in nodes if not is_node_ready(node)]
    said = f"{len(bad)} of {len(nodes)} nodes are not ready"
    # At two, or at the share where that is more.
    if len(bad) >= _UNHEALTHY_AT_LEAST and len(bad) * 100 >= len(nodes) * _UNHEALTHY_PERCENT:
        return refuses(
            name,
            f"{said} ({_some(bad)}): with that many the cause is not one node; find it before "
            "taking another away",
        )
    return passes(name, said)


def _released(case: Case[ClusterSurvey]) -> Ruling:
    # Actions that are still open are the common guard's; this is about what ended ones left.
    name, node = "nodes-released", _node(case)
    held = [
        f"{name_of(other)} (by {action_of(other)})"
        for other in case.survey.nodes
        if is_held(other) and name_of(other) != name_of(node)
    ]
    if held:
        return refuses(
            name,
            f"cordoned by us and not released yet: {_some(held)}; uncordon it, or have it "
            "replaced, before the next node",
        )
    return passes(name, "no other node of this cluster is cordoned by us")


def _nodes_left(case: Case[ClusterSurvey]) -> Ruling:
    name, node = "schedulable-nodes-left", _node(case)
    left = sum(
        could_stand_in(node, other)
        for other in case.survey.nodes
        if name_of(other) != name_of(node)
    )
    said = f"{left} other nodes take its kind of pods"
    if left < _NODES_LEFT:
        return refuses(name, f"{said}, {_NODES_LEFT} have to be left; add or uncordon a node first")
    return passes(name, said)


def _answering(case: Case[ClusterSurvey]) -> Ruling:
    name, node = "node-answers", _node(case)
    if not answers(node):
        return refuses(
            name,
            f"the kubelet of {name_of(node)} is not heard of: evicted pods would never be "
            "confirmed gone; cordon the node and look at the machine",
        )
    return passes(name, f"the kubelet of {name_of(node)} answers")


def _room_elsewhere(case: Case[ClusterSurvey]) -> Ruling:
    name, node = "room-elsewhere", _node(case)
    leaving = occupants(case.survey.pods).leaving
    without = stranded(leaving, leave=name_of(node), survey=case.survey)
    if without:
        return refuses(
            name,
            f"no other node has a place for {len(without)} of {len(leaving)} pods "
            f"({_some(list(without))}), by requests, taints, affinities and volumes; add a node "
            "first",
        )
    return passes(name, f"{len(leaving)} pods have a place on other nodes")


def _steady(case: Case[ClusterSurvey]) -> Ruling:
    name, node = "ready-for-a-while", _node(case)
    since, minutes = ready_since(node), _STEADY // timedelta(minutes=1)
    if since is None or case.circumstances.now - since < _STEADY:
        state = "is not ready" if since is None else f"is ready since {since:%H:%M:%S} UTC only"
        return refuses(
            name, f"{name_of(node)} {state}; it has to be ready for {minutes} min without a break"
        )
    return passes(name, f"{name_of(node)} is ready since {since:%Y-%m-%d %H:%M} UTC")


def _no_complaints(case: Case[ClusterSurvey]) -> Ruling:
    name, node = "conditions-clear", _node(case)
    found = complaints(node)
    if found:
        return refuses(
            name, f"{name_of(node)}: {', '.join(found)}; uncordon it when that has cleared"
        )
    return passes(name, f"no condition of {name_of(node)} complains")


def _staying(case: Case[ClusterSurvey]) -> Ruling:
    name, node = "not-being-removed", _node(case)
    sign = removal_of(node)
    if sign:
        return refuses(
            name, f"{name_of(node)} is about to be removed ({sign}); it takes no pods any more"
        )
    return passes(name, f"nobody is removing {name_of(node)}")


def _node(case: Case[ClusterSurvey]) -> Object:
    return case.survey.target or {}


def _some(names: list[str]) -> str:
    named = ", ".join(names[:_LISTED])
    return f"{named} and {len(names) - _LISTED} more" if len(names) > _LISTED else named


OF_CORDON: tuple[Guard[ClusterSurvey], ...] = (
    Guard(name="no-control-plane", decide=_workers_only),
    Guard(name="unhealthy-share", decide=_healthy_share),
    Guard(name="nodes-released", decide=_released),
    Guard(name="schedulable-nodes-left", decide=_nodes_left),
)
"""Of taking a node out of use."""
OF_EMPTYING: tuple[Guard[ClusterSurvey], ...] = (
    *OF_CORDON,
    Guard(name="node-answers", decide=_answering),
    Guard(name="room-elsewhere", decide=_room_elsewhere),
)
"""Of taking a node out of use with all that stands on it."""
OF_UNCORDON: tuple[Guard[ClusterSurvey], ...] = (
    Guard(name="no-control-plane", decide=_workers_only),
    Guard(name="ready-for-a-while", decide=_steady),
    Guard(name="conditions-clear", decide=_no_complaints),
    Guard(name="not-being-removed", decide=_staying),
)
"""Of giving a node back."""
