"""All rules, run over what was seen; what they find of one resource is told apart by ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.triage.cloud.ranking import rank
from bot.triage.cloud.rules import (
    database_failover,
    database_limits,
    database_waits,
    function_errors,
    function_limits,
    function_settings,
    symptoms,
    task_credentials,
    task_exits,
    task_load,
    task_memory,
    task_start,
    unreachable,
)
from bot.triage.cloud.sight import DatabaseSight
from bot.triage.cloud.triggers import triggered

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.triage.cloud.finding import CloudFinding
    from bot.triage.cloud.sight import Sight, Write

FAMILIES = (
    function_errors, function_limits, function_settings, unreachable, task_start, task_memory,
    task_exits, task_load, database_limits, database_waits, database_failover, symptoms,
)  # fmt: skip


def findings(sights: Sequence[Sight], writes: Sequence[Write]) -> list[CloudFinding]:
    """Return what is or was wrong, likeliest root first."""
    databases = [sight for sight in sights if isinstance(sight, DatabaseSight)]
    found = []
    for sight in sights:
        told = [one for family in FAMILIES for one in family.find(sight)]
        told += task_credentials.find(sight, databases)
        found += [triggered(one, sight, writes) for one in told]
    return rank(found, databases)
