"""The closed catalogue: every operation there is. What is not here cannot be done."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from safe_ops.operations import (
    alarms,
    autonomy,
    autoscaler_bounds,
    autoscaling,
    cron_jobs,
    draining,
    ec2,
    ecs,
    finished_pods,
    jobs,
    lambdas,
    nodes,
    pods,
    queues,
    rollouts,
    scaling,
    set_resources,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from safe_ops.operations.operation import Operation

_ALL: tuple[Operation[Any], ...] = (
    *pods.OPERATIONS,
    *finished_pods.OPERATIONS,
    *rollouts.OPERATIONS,
    *scaling.OPERATIONS,
    *autoscaler_bounds.OPERATIONS,
    *set_resources.OPERATIONS,
    *nodes.OPERATIONS,
    *draining.OPERATIONS,
    *jobs.OPERATIONS,
    *cron_jobs.OPERATIONS,
    *lambdas.OPERATIONS,
    *ecs.OPERATIONS,
    *autoscaling.OPERATIONS,
    *ec2.OPERATIONS,
    *alarms.OPERATIONS,
    *queues.OPERATIONS,
    *autonomy.OPERATIONS,
)

CATALOGUE: Mapping[str, Operation[Any]] = MappingProxyType(
    {operation.name: operation for operation in _ALL}
)
"""By name."""
WITH_SEQUEL = frozenset({cron_jobs.SUSPEND})
"""Operations whose plans say what follows them by itself."""
