"""Numbers from CloudWatch that guards and checks of AWS operations rest on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from safe_ops.model.surveys import RequestLoad, Usage

if TYPE_CHECKING:
    from datetime import datetime

    from safe_ops.operations.account import Account

METRICS = "cloudwatch:GetMetricData"
_PERIOD_S = 60
_WIDE_PERIOD_S = 300
"""Of a week: five times fewer values, and a shorter peak proves little."""
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
    account: Account,
    gauge: Gauge,
    statistic: str,
    *,
    start: datetime,
    end: datetime,
    period_s: int = _PERIOD_S,
) -> tuple[float, ...]:
    """Return a metric's values by the minute, oldest first; none where nothing was measured.

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
                    "Period": period_s,
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


def usage_of(
    account: Account,
    *,
    cpu: Gauge,
    memory: Gauge | None = None,
    target_groups: tuple[str, ...] = (),
) -> Usage:
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
        requests=tuple(
            load for group in target_groups if (load := _load(account, group)) is not None
        ),
    )


def _load(account: Account, target_group: str) -> RequestLoad | None:
    """Return the requests each target of a group had; None where none were counted in a week.

    Network load balancers count none.
    """
    name = target_group.rpartition(":")[2]
    gauge = Gauge(
        namespace="AWS/ApplicationELB",
        name="RequestCountPerTarget",
        dimensions={"TargetGroup": name},
    )
    now, then = account.now, account.now - _WEEK
    # The only valid statistic of it: a sum of the group's, divided by its targets already.
    week = values(account, gauge, "Sum", start=then, end=now, period_s=_WIDE_PERIOD_S)
    if not week:
        return None
    last = _p95(values(account, gauge, "Sum", start=now - _HOUR, end=now), whole=_PERIOD_S)
    before = _p95(values(account, gauge, "Sum", start=then - _HOUR, end=then), whole=_PERIOD_S)
    return RequestLoad(
        counted_by=name,
        # It is reported while there are requests.
        each_s=last or 0.0,
        each_s_week_ago=before,
        busiest_s=max(week) / _WIDE_PERIOD_S,
    )


def _p95(measured: tuple[float, ...], *, whole: int = 100) -> float | None:
    """Return the value that 95 % of the minutes stay at or below, as a share of `whole`."""
    if not measured:
        return None
    ordered = sorted(measured)
    return ordered[math.ceil(_P95 * len(ordered)) - 1] / whole
