"""Numbers from CloudWatch that guards and checks of AWS operations rest on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.model.surveys import Usage

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.operations.account import Account

METRICS = "cloudwatch:GetMetricData"
_PERIOD_S = 60
_HOUR = timedelta(hours=1)
_WEEK = timedelta(days=7)
_P95 = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Gauge:
    """One metric of one resource."""

    namespace: str
    """CloudWatch's, such as `AWS/ECS`."""
    name: str
    dimensions: dict[str, str]


def values(
    account: Account, gauge: Gauge, statistic: str, *, start: datetime, end: datetime
) -> tuple[float, ...]:
    """Return a metric's one-minute values, oldest first; none where nothing was measured.

    Raises:
        UpstreamError: CloudWatch does not answer.
    """
    answer = account.read(
        "cloudwatch:get_metric_data",
        MetricDataQueries=[
            {
                "Id": "m",
                "MetricStat": {
                    "Metric": {
                        "Namespace": gauge.namespace,
                        "MetricName": gauge.name,
                        "Dimensions": [
                            {"Name": key, "Value": value} for key, value in gauge.dimensions.items()
                        ],
                    },
                    "Period": _PERIOD_S,
                    "Stat": statistic,
                },
            }
        ],
        StartTime=start,
        EndTime=end,
        ScanBy="TimestampAscending",
    )
    return tuple(
        float(value) for part in answer.get("MetricDataResults", ()) for value in part["Values"]
    )


def usage_of(account: Account, *, cpu: Gauge, memory: Gauge | None = None) -> Usage:
    """Return how busy something was in the last hour and a week before; percents made shares."""
    then = account.now - _WEEK
    return Usage(
        cpu_p95=_p95(values(account, cpu, "Average", start=account.now - _HOUR, end=account.now)),
        cpu_p95_week_ago=_p95(values(account, cpu, "Average", start=then - _HOUR, end=then)),
        memory_p95=None
        if memory is None
        else _p95(values(account, memory, "Average", start=account.now - _HOUR, end=account.now)),
        memory_p95_week_ago=None
        if memory is None
        else _p95(values(account, memory, "Average", start=then - _HOUR, end=then)),
    )


def _p95(percents: tuple[float, ...]) -> float | None:
    """Return the value that 95 % of the minutes stay at or below, as a share."""
    if not percents:
        return None
    ordered = sorted(percents)
    return ordered[math.ceil(_P95 * len(ordered)) - 1] / 100
