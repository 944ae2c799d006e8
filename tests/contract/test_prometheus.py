"""The lab's evaluator and the tool against the real Prometheus, over the same samples."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.adapters.metrics.sources import PrometheusSources
from bot.domain.conversation import Scope
from bot.domain.errors import ToolError
from bot.domain.evidence import EvidenceState, Window
from bot.domain.metrics import MetricsEndpoint
from bot.domain.registry import FULL_ACCESS
from bot.tools.promql.tool import PromqlTool
from tests.lab.clock import LabClock
from tests.lab.metrics import real
from tests.lab.metrics.server import MetricsLab
from tests.lab.metrics.workloads import build_store
from tests.lab.time import LabTime
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.ports.metrics import MetricsReader, Result

WHY_NOT = real.missing()
pytestmark = pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))

NOON = datetime(2026, 11, 21, 12, 0, 7, tzinfo=UTC)
HISTORY = timedelta(hours=2)

QUERIES = (
    'kube_pod_status_phase{namespace="shop",phase="Running"}',
    'container_memory_working_set_bytes{namespace="shop",pod!~"cart.*",container=~"store.+"}',
    'rate(http_requests_total{namespace="shop"}[5m])',
    'increase(http_requests_total{namespace="shop",code="500"}[10m])',
    'irate(container_cpu_usage_seconds_total{namespace="payments"}[2m])',
    'idelta(container_memory_working_set_bytes{namespace="payments"}[2m])',
    'delta(container_memory_working_set_bytes{namespace="shop"}[5m])',
    'deriv(container_memory_working_set_bytes{namespace="shop"}[5m])',
    'avg_over_time(container_memory_working_set_bytes{namespace="shop"}[5m])',
    'max_over_time(container_memory_working_set_bytes{namespace="shop"}[5m] offset 10m)',
    'min_over_time(container_memory_working_set_bytes{namespace="shop"}[5m])',
    'sum_over_time(up{namespace="shop"}[5m])',
    'count_over_time(up{namespace="shop"}[5m])',
    'last_over_time(up{namespace="shop"}[5m])',
    'present_over_time(up{namespace="shop"}[5m])',
    'stddev_over_time(container_memory_working_set_bytes{namespace="shop"}[5m])',
    'quantile_over_time(0.9, container_memory_working_set_bytes{namespace="shop"}[5m])',
    'changes(kube_pod_container_status_restarts_total{namespace="shop"}[30m])',
    'resets(container_cpu_usage_seconds_total{namespace="shop"}[30m])',
    'sum by (service) (rate(http_requests_total{namespace="shop"}[5m]))',
    'sum without (pod, code) (rate(http_requests_total{namespace="shop"}[5m]))',
    'avg by (namespace) (container_memory_working_set_bytes{job="kubelet"})',
    'count(up{namespace="shop"})',
    'max(container_memory_working_set_bytes{namespace="shop"})',
    'min by (pod) (container_memory_working_set_bytes{namespace="shop"})',
    'quantile by (namespace) (0.5, container_memory_working_set_bytes{job="kubelet"})',
    'stddev by (namespace) (container_memory_working_set_bytes{job="kubelet"})',
    'group by (namespace) (up{job="services"})',
    'topk(3, container_memory_working_set_bytes{namespace="shop"})',
    'bottomk by (namespace) (1, container_memory_working_set_bytes{job="kubelet"})',
    (
        'sum(rate(http_requests_total{job="services",code="500"}[5m])) by (service)'
        ' / sum(rate(http_requests_total{job="services"}[5m])) by (service)'
    ),
    'container_memory_working_set_bytes{namespace="shop"} / 1024 / 1024 > 200',
    '100 < container_memory_working_set_bytes{namespace="shop"} / 1048576',
    'up{namespace="shop"} == bool 1',
    (
        'container_memory_working_set_bytes{namespace="shop"}'
        ' / on (namespace, pod, container) kube_pod_container_resource_limits{resource="memory"}'
    ),
    (
        'kube_deployment_spec_replicas{namespace="shop"}'
        ' > kube_deployment_status_replicas_available{namespace="shop"}'
    ),
    (
        'kube_deployment_spec_replicas{namespace="shop"}'
        ' - kube_deployment_status_replicas_available{namespace="shop"}'
    ),
    'up{namespace="shop"} and on (pod) container_memory_working_set_bytes{namespace="shop"}',
    'up{namespace="shop"} unless on (pod) container_memory_working_set_bytes{namespace="shop"}',
    'up{namespace="shop"} or up{namespace="payments"}',
    (
        "histogram_quantile(0.99, sum by (le, service)"
        ' (rate(http_request_duration_seconds_bucket{namespace="shop"}[5m])))'
    ),
    'histogram_quantile(0.5, rate(http_request_duration_seconds_bucket{namespace="payments"}[5m]))',
    'max_over_time(rate(http_requests_total{namespace="shop",code="200"}[5m])[20m:1m])',
    'avg_over_time(up{namespace="shop"}[10m:30s])',
    'absent(up{namespace="nowhere"})',
    'absent(up{namespace="shop"})',
    'abs(-up{namespace="shop"})',
    'ceil(container_cpu_usage_seconds_total{namespace="shop"} % 7)',
    'clamp(container_cpu_usage_seconds_total{namespace="shop"}, 10, 1000)',
    'clamp_max(up{namespace="shop"}, 0.5) ^ 2',
    'label_replace(up{namespace="shop"}, "app", "$1", "pod", "(.+)-[^-]+-[^-]+")',
    "vector(1) + 2",
    "time() - 5",
    'scalar(count(up{namespace="shop"})) * 2',
    'sum(up{namespace="shop"} offset 30m)',
    f'sum(up{{namespace="shop"}} @ {NOON.timestamp() - 1800:.0f})',
    'http_requests_total{namespace="shop",code="500"} / 0',
    "0 / vector(0)",
)


@pytest.fixture(scope="module")
def clock() -> LabClock:
    return LabClock(frozen_at=NOON.timestamp())


@pytest.fixture(scope="module")
def lab(clock: LabClock) -> Iterator[MetricsLab]:
    world = World.load("crash_loop", clock=clock)
    store = build_store(world.cluster("prod-eu"), scenario="crash_loop")
    gap = NOON.timestamp() - 1_500
    for track in store.of("http_requests_total", namespace="shop", service="checkout"):
        track.gaps.append((gap, gap + 400))
    for track in store.of("http_requests_total", namespace="shop", service="storefront"):
        track.resets.append(NOON.timestamp() - 2_000)
    with MetricsLab(store, clock=clock) as running:
        yield running


@pytest.fixture(scope="module")
def prometheus(lab: MetricsLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("prometheus")
    start_s = (NOON - HISTORY).timestamp()
    with real.running(lab.store, home, start_s=start_s, end_s=NOON.timestamp()) as url:
        yield url


def reader_of(url: str, clock: LabClock) -> MetricsReader:
    sources = PrometheusSources(
        {"prod-eu": MetricsEndpoint(url=url)}, clock=LabTime(clock), secret_of=lambda _: None
    )
    return sources.reader("prod-eu")


@pytest.fixture
def here(lab: MetricsLab, clock: LabClock) -> MetricsReader:
    return reader_of(lab.url, clock)


@pytest.fixture
def there(prometheus: str, clock: LabClock) -> MetricsReader:
    return reader_of(prometheus, clock)


def assert_alike(mine: Result, theirs: Result) -> None:
    ours = {series.labels: series.points for series in mine.series}
    real_ones = {series.labels: series.points for series in theirs.series}
    assert ours.keys() == real_ones.keys()
    for labels, points in real_ones.items():
        assert [at for at, _ in ours[labels]] == pytest.approx([at for at, _ in points])
        for (_, got), (_, expected) in zip(ours[labels], points, strict=True):
            if math.isnan(expected):
                assert math.isnan(got)
            else:
                assert got == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("query", QUERIES)
def test_the_lab_evaluates_an_instant_as_prometheus_does(
    query: str, here: MetricsReader, there: MetricsReader
) -> None:
    theirs = there.instant(query, at=NOON, limit=1_000)
    assert_alike(here.instant(query, at=NOON, limit=1_000), theirs)


@pytest.mark.parametrize("query", QUERIES)
def test_the_lab_evaluates_a_window_as_prometheus_does(
    query: str, here: MetricsReader, there: MetricsReader
) -> None:
    window = Window(start=NOON - timedelta(minutes=40), end=NOON)
    theirs = there.range(query, window=window, step_s=150, limit=1_000)
    assert_alike(here.range(query, window=window, step_s=150, limit=1_000), theirs)


def test_the_queries_together_have_results(there: MetricsReader) -> None:
    empty = [query for query in QUERIES if not there.instant(query, at=NOON, limit=1_000).series]
    # Nothing is absent in shop.
    assert empty == ['absent(up{namespace="shop"})']


def test_the_tool_says_the_same_of_both(lab: MetricsLab, prometheus: str, clock: LabClock) -> None:
    query = 'sum by (service) (rate(http_requests_total{namespace="shop",code="500"}[5m]))'
    seen = []
    for url in (lab.url, prometheus):
        sources = PrometheusSources(
            {"prod-eu": MetricsEndpoint(url=url)}, clock=LabTime(clock), secret_of=lambda _: None
        )
        tool = PromqlTool(sources, Scope(clusters=("prod-eu",)), FULL_ACCESS, LabTime(clock))
        seen.append(tool.promql(query, minutes=60))
    assert seen[0].state is seen[1].state is EvidenceState.OK
    assert seen[0].body == seen[1].body
    assert "changed from about" in seen[0].body


def test_the_real_server_says_where_a_query_is_wrong(there: MetricsReader) -> None:
    with pytest.raises(ToolError, match=r"cannot read the query at character 14: unexpected"):
        there.instant('sum by (pod) rate(up{job="services"}[5m])', at=NOON, limit=10)


def test_the_real_server_refuses_what_matches_many_to_many(there: MetricsReader) -> None:
    with pytest.raises(ToolError, match=r"cannot evaluate the query: .*many"):
        there.instant('up{job="services"} * on (namespace) up{job="services"}', at=NOON, limit=10)


def test_discovery_finds_the_same_in_both(here: MetricsReader, there: MetricsReader) -> None:
    window = Window(start=NOON - timedelta(hours=1), end=NOON)
    assert there.label_values("__name__", selector=None, window=window, limit=1_000) == (
        here.label_values("__name__", selector=None, window=window, limit=1_000)
    )
    selector = 'http_requests_total{namespace="payments"}'
    sets = {frozenset(one) for one in there.label_sets(selector, window=window, limit=100).items}
    assert sets == {
        frozenset(one) for one in here.label_sets(selector, window=window, limit=100).items
    }
    assert there.series_count(selector, at=NOON) == here.series_count(selector, at=NOON) == 10
    assert there.rules() == ()
    assert there.alerts() == ()
