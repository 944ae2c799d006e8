"""One write on a workload whose specification is pinned whole, and what tells that it was undone.

Must not know which field is written.
"""

from __future__ import annotations

from abc import ABC
from typing import TYPE_CHECKING

from safe_ops.model.rights import Rights
from safe_ops.operations.cluster_change import ClusterChange
from safe_ops.operations.workload_drawing import are_pinned, are_restored, pinned
from safe_ops.operations.workload_reading import reads, writes

if TYPE_CHECKING:
    from safe_ops.model.plans import Plan
    from safe_ops.model.surveys import Object

TEMPLATE_RIGHTS = Rights(
    cluster_reads=(
        reads("ControllerRevision", "get", "list"),
        reads("DaemonSet", "get"),
        reads("Deployment", "get"),
        reads("PodDisruptionBudget", "list"),
        reads("ReplicaSet", "get", "list"),
        reads("StatefulSet", "get"),
    ),
    cluster_writes=(
        writes("DaemonSet", "patch"),
        writes("Deployment", "patch"),
        writes("StatefulSet", "patch"),
    ),
)
"""To write the pod template of any kind of workload, and to know its earlier ones."""


class WorkloadChange(ClusterChange, ABC):
    """What changes of a workload's specification have in common."""

    def is_before(self, plan: Plan, item: Object) -> bool:
        """Tell whether the workload is as it was planned for, and nobody wrote it since."""
        return are_pinned(plan.drawing.pins, pinned(item))

    def is_restored(self, plan: Plan, item: Object) -> bool:
        """Tell whether the workload is as it was planned for, written meanwhile or not."""
        return are_restored(plan.drawing.pins, pinned(item))
