"""PromQL on the requests a workload's pods answer, by whichever metric counts them.

All names in the queries were checked as Kubernetes names before. What counts nothing is no error:
not everything answers requests.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from safe_ops.guardrails.requests import FAILING_MAX
from safe_ops.model.objects import name_of, namespace_of
from safe_ops.model.request_metrics import REQUESTS
from safe_ops.model.rollouts import desired_of
from safe_ops.model.surveys import RequestLoad
from safe_ops.operations.usage_queries import HOUR, WEEK_AGO, container_matchers
from safe_ops.operations.workload_reading import pod_pattern

if TYPE_CHECKING:
    from safe_ops.model.request_metrics import Candidate, Want
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Eyes

_RATE, _WIDE_RATE = "5m", "10m"
_WEEK: Final = f"7d:{_WIDE_RATE}"
"""A week in steps as long as the rate's own span: nothing is left out, and a thousand steps are
little work for the server."""


def requests_of(eyes: Eyes, workload: Object | None) -> tuple[RequestLoad, ...]:
    """Return what a workload's pods were asked for, by the first metric that counts it.

    Empty where none does, the place has no metrics, or there are no pods.

    Raises:
        UpstreamError: The metrics do not answer.
    """
    if eyes.metrics is None or workload is None or not desired_of(workload):
        return ()
    for candidate in REQUESTS:
        ways = [_matchers(way, candidate, workload) for way in candidate.ways]
        # One query tells which of the ways finds any: `or` takes the first that has something.
        tried = [
            f"count({candidate.metric}{{{one}}}) * 0 + {number}" for number, one in enumerate(ways)
        ]
        found = eyes.metrics.value(eyes.place, " or ".join(tried))
        if found is not None:
            return (_load(eyes, workload, candidate, ways[int(found)]),)
    return ()


def _load(eyes: Eyes, workload: Object, candidate: Candidate, matchers: str) -> RequestLoad:
    pods, metric = desired_of(workload), candidate.metric
    total = f"sum(rate({metric}{{{matchers}}}[{_RATE}]))"
    present, before, busiest, failing = (
        _value(eyes, query)
        for query in (
            f"quantile_over_time(0.95, {total}[{HOUR}])",
            f"quantile_over_time(0.95, {total}[{HOUR}]{WEEK_AGO})",
            busiest_query(workload, candidate, matchers),
            failing_query(candidate, matchers, over="1h"),
        )
    )
    return RequestLoad(
        counted_by=metric,
        each_s=None if present is None else present / pods,
        each_s_week_ago=None if before is None else before / pods,
        busiest_s=busiest,
        failing=failing,
    )


def busiest_query(workload: Object, candidate: Candidate, matchers: str) -> str:
    """Return the most each pod of its time served in a week, as PromQL.

    Moments in which too many failed are left out: what was served badly proves nothing. Pods are
    counted by their memory, which is measured of all that run.
    """
    held = f"container_memory_working_set_bytes{{{container_matchers(workload)}}}"
    pods = f"count(count by (pod) ({held}))"
    total = f"sum(rate({candidate.metric}{{{matchers}}}[{_WIDE_RATE}]))"
    failing = failing_query(candidate, matchers, over=_WIDE_RATE)
    return f"max_over_time(({total} / {pods} unless {failing} > {FAILING_MAX})[{_WEEK}])"


def failing_query(candidate: Candidate, matchers: str, *, over: str) -> str:
    """Return the share of requests that failed, as PromQL; nothing where no label tells."""
    metric = candidate.metric
    failed = " or ".join(
        f'sum(rate({metric}{{{matchers},{one.label}=~"{one.pattern}"}}[{over}]))'
        for one in candidate.failures
    )
    return f"({failed}) / sum(rate({metric}{{{matchers}}}[{over}]))"


def _value(eyes: Eyes, promql: str) -> float | None:
    return eyes.metrics.value(eyes.place, promql) if eyes.metrics is not None else None


def _matchers(way: tuple[Want, ...], candidate: Candidate, workload: Object) -> str:
    return ",".join(_matcher(want, workload) for want in (*way, *candidate.fixed))


def _matcher(want: Want, workload: Object) -> str:
    def plain(name: str) -> str:
        return name.replace(".", "[.]") if want.is_pattern else name

    value = want.value.replace("{namespace}", plain(namespace_of(workload)))
    value = value.replace("{name}", plain(name_of(workload)))
    value = value.replace("{pods}", pod_pattern(workload))
    return f'{want.label}{"=~" if want.is_pattern else "="}"{value}"'
