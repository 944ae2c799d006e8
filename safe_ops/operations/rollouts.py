"""The family of rollouts, as the catalogue takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from safe_ops.operations.rollout_pausing import RolloutPause, RolloutResume
from safe_ops.operations.rollout_restart import RolloutRestart
from safe_ops.operations.rollout_undo import RolloutUndo

if TYPE_CHECKING:
    from safe_ops.model.workloads import WorkloadSurvey
    from safe_ops.operations.operation import Operation

OPERATIONS: tuple[Operation[WorkloadSurvey], ...] = (
    RolloutRestart(),
    RolloutUndo(),
    RolloutPause(),
    RolloutResume(),
)
