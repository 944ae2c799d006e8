"""What a raw Node says of itself: its part in the cluster, its health, who cordoned it.

Pure; whatever is missing reads as not healthy and not schedulable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.model.fields import dig, entries, moment, text
from safe_ops.model.marks import action_of
from safe_ops.model.objects import condition, holds, is_terminating, labels_of

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.model.surveys import Object

_CONTROL_PLANE = (
    "node-role.kubernetes.io/control-plane",
    # kubeadm's name for it before Kubernetes 1.24; older clusters keep it on their nodes.
    "node-role.kubernetes.io/master",
    # Rancher's.
    "node-role.kubernetes.io/controlplane",
    "node-role.kubernetes.io/etcd",
)
_BARRING = frozenset({"NoSchedule", "NoExecute"})
# How the cluster autoscaler, Karpenter (from v1beta1 on, and before) and Cluster API mark nodes
# that they are about to remove.
_REMOVING = frozenset(
    {
        "ToBeDeletedByClusterAutoscaler",
        "karpenter.sh/disruption",
        "karpenter.sh/disrupted",
        "node.cluster.x-k8s.io/outdated-revision",
    }
)
# What the node controller itself puts on a node that is cordoned.
_CORDONED = "node.kubernetes.io/unschedulable"


def is_control_plane(node: Object) -> bool:
    """Tell whether the cluster itself runs on the node."""
    return any(label in labels_of(node) for label in _CONTROL_PLANE)


def is_cordoned(node: Object) -> bool:
    """Tell whether the node takes no new pods because somebody said so."""
    return dig(node, "spec", "unschedulable") is True


def is_held(node: Object) -> bool:
    """Tell whether one of our actions cordoned the node and nobody released it since."""
    return is_cordoned(node) and bool(action_of(node))


def is_node_ready(node: Object) -> bool:
    """Tell whether the node's kubelet answers and says it is ready."""
    return holds(node, "Ready")


def answers(node: Object) -> bool:
    """Tell whether the node's kubelet is heard of: `Unknown` is what others say when it is not."""
    return text(condition(node, "Ready"), "status") in {"True", "False"}


def ready_since(node: Object) -> datetime | None:
    """Return since when the node is ready; None if it is not, or does not say."""
    if not is_node_ready(node):
        return None
    return moment(condition(node, "Ready"), "lastTransitionTime")


def complaints(node: Object) -> tuple[str, ...]:
    """Return conditions that are not as on a healthy node, such as `DiskPressure is True`.

    Beside `Ready` itself. Kinds that end in `Ready` are good when True, all others when False: the
    kubelet's own and what problem detectors add.
    """
    return tuple(
        f"{kind} is {text(one, 'status') or 'missing'}"
        for one in entries(node, "status", "conditions")
        if (kind := text(one, "type")) != "Ready"
        and text(one, "status") != ("True" if kind.endswith("Ready") else "False")
    )


def removal_of(node: Object) -> str:
    """Return the sign that the node is about to be removed; empty if there is none."""
    if is_terminating(node):
        return "it is being deleted"
    taints = (text(taint, "key") for taint in entries(node, "spec", "taints"))
    found = next((key for key in taints if key in _REMOVING), "")
    return f"it has the taint {found}" if found else ""


def barring_taints(node: Object) -> frozenset[tuple[str, str]]:
    """Return keys and values of taints that keep ordinary pods away, the cordon's own left out."""
    return frozenset(
        (text(taint, "key"), text(taint, "value"))
        for taint in entries(node, "spec", "taints")
        if taint.get("effect") in _BARRING and text(taint, "key") != _CORDONED
    )


def could_stand_in(node: Object, other: Object) -> bool:
    """Tell whether `other` takes new pods now, and no fewer kinds of them than `node`."""
    return (
        is_node_ready(other)
        and not is_cordoned(other)
        and not is_control_plane(other)
        and barring_taints(other) <= barring_taints(node)
    )
