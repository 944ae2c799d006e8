"""PromQL that people type, its units, and the namespaces they may name in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.domain.address import is_plain_allowed
from bot.domain.errors import ToolError
from bot.domain.metrics import MetricsEndpoint, problems_of
from bot.domain.registry import Access, Grant
from bot.tools.promql.durations import spelled
from bot.tools.promql.guard import checked
from bot.tools.promql.scoping import check_access, namespace_of, readable_matcher
from bot.tools.promql.typed import TypedQuery, is_promql, read_typed, written
from bot.tools.promql.units import is_raw_counter, unit_of

NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        'up{job="x"}',
        'sum by (pod) (rate(http_requests_total{namespace="prod"}[5m]))',
        "sum(kube_pod_info)",
        "count(up)",
        '`up{job="x"}`',
        '```promql\nup{job="x"}\n```',
        "promql up",
        "promql up == 0",
        "promql --last=1h 1/0",
        "PromQL rate(x[5m",
        'promql --last=6h --compare up{job="x"}',
        "rate(http_requests_total[5m])",
    ],
)
def test_a_typed_query_is_recognised(text: str) -> None:
    assert is_promql(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "cpu",
        "how much cpu does cart use?",
        "is prod ok",
        "pods and nodes",
        "count (pods)",
        "what does up{job=x} mean",
        "promql",
        "promql is slow today",
        "promql help",
        "look at sum(errors) please",
        "kubectl get pods",
        "1 + 1",
        "cart or checkout",
        "why is {this} odd",
        "[5m]",
        "deploy[prod]",
        "x" * 5_000,
    ],
)
def test_a_sentence_is_no_query(text: str) -> None:
    assert not is_promql(text)


def test_flags_before_a_query_are_its_window() -> None:
    read = read_typed('promql --last=1d12h --compare  sum(up{job="x"})')
    assert read == TypedQuery(query='sum(up{job="x"})', minutes=36 * 60, compare=True)
    assert written(read) == 'promql --last=1d12h --compare sum(up{job="x"})'
    assert read_typed(written(read)) == read
    assert read_typed('`up{job="x"}`') == TypedQuery(query='up{job="x"}')


@pytest.mark.parametrize("length", ["soon", "5", "m", "5m-", "1.5h"])
def test_a_window_that_is_none_is_refused(length: str) -> None:
    with pytest.raises(ToolError, match="--last=60m"):
        read_typed(f"promql --last={length} up")


@pytest.mark.parametrize(
    ("query", "unit"),
    [
        ('container_memory_working_set_bytes{n="p"}', "bytes"),
        ('sum by (pod) (rate(container_cpu_usage_seconds_total{n="p"}[5m]))', "cores"),
        ('sum(rate(http_requests_total{n="p"}[5m]))', "/s"),
        ('rate(node_network_receive_bytes_total{n="p"}[5m])', "bytes/s"),
        ('histogram_quantile(0.9, sum by (le) (rate(x_seconds_bucket{n="p"}[5m])))', "seconds"),
        ('x_bytes{n="p"} / y_bytes{n="p"}', "ratio"),
        ('x_bytes{n="p"} / 1024', ""),
        ('count(x_bytes{n="p"})', ""),
        ('x_bytes{n="p"} > 100', "bytes"),
        ('x_bytes{n="p"} > bool 100', ""),
        ('max_over_time(x_seconds{n="p"}[5m])', "seconds"),
        ("time()", ""),
        ("up", ""),
    ],
)
def test_a_unit_is_read_off_the_names(query: str, unit: str) -> None:
    assert unit_of(checked(query, now=NOW, ranged=False).tree) == unit


def test_only_a_counter_itself_can_be_reset() -> None:
    def is_counter(query: str) -> bool:
        return is_raw_counter(checked(query, now=NOW, ranged=False).tree)

    assert is_counter('(x_total{n="p"})')
    assert not is_counter('rate(x_total{n="p"}[5m])')
    assert not is_counter('x_bytes{n="p"}')


SHOP_ONLY = Access(grants=(Grant(clusters=("prod",), namespaces=("shop", "shop-*")),))
EVERYTHING = Access(grants=(Grant(),))


@pytest.mark.parametrize(
    "query",
    [
        'up{namespace="shop"}',
        'a{namespace="shop-eu"} / on (pod) b{namespace="shop",x="y"}',
        "1 + 1",
    ],
)
def test_who_may_read_some_namespaces_may_name_them(query: str) -> None:
    check_access(checked(query, now=NOW, ranged=False), SHOP_ONLY, "prod")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("up", "every selector has to name one"),
        ('up{namespace=~"shop"}', "every selector has to name one"),
        ('up{namespace!="payments"}', "every selector has to name one"),
        ('up{namespace="payments"}', "may not read namespace payments"),
        ('up{namespace="shop"} or up{job="x"}', "every selector has to name one"),
        ('up{namespace="shop",namespace="payments"}', "may not read namespace payments"),
        ('max_over_time(up{job="x"}[5m])', "every selector has to name one"),
    ],
)
def test_who_may_read_some_namespaces_reads_no_others(query: str, said: str) -> None:
    with pytest.raises(ToolError, match=said) as caught:
        check_access(checked(query, now=NOW, ranged=False), SHOP_ONLY, "prod")
    assert "readable there: namespaces shop, shop-*" in str(caught.value)


def test_who_may_read_everything_names_what_they_like() -> None:
    check_access(checked("up", now=NOW, ranged=False), EVERYTHING, "prod")
    assert readable_matcher(EVERYTHING, "prod") is None


def test_what_may_be_read_is_a_matcher_of_whole_names() -> None:
    assert readable_matcher(SHOP_ONLY, "prod") == 'namespace=~"shop|shop-.*"'
    odd = Access(grants=(Grant(namespaces=("a.b", "x?", "[!c]d")),))
    assert readable_matcher(odd, "prod") == 'namespace=~"[^c]d|a\\\\.b|x."'


def test_an_observation_belongs_to_the_one_namespace_it_names() -> None:
    def named(query: str) -> str | None:
        return namespace_of(checked(query, now=NOW, ranged=False).selectors)

    assert named('a{namespace="shop"} / b{namespace="shop"}') == "shop"
    assert named('a{namespace="shop"} / b{namespace="pay"}') is None
    assert named('a{namespace="shop"} / up') is None
    assert named("1") is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (15, "15s"), (5_400, "1h30m"), (7 * 86_400, "7d"), (14 * 86_400, "2w")],
)
def test_lengths_are_spelled_as_promql_has_them(seconds: int, text: str) -> None:
    assert spelled(seconds) == text


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("prometheus", True),
        ("prometheus.monitoring.svc", True),
        ("prometheus.monitoring.svc.cluster.local", True),
        ("prometheus.monitoring.svc.corp.internal", False),
        ("10.0.0.7", False),
        ("prometheus.example.com", False),
        ("prometheus.monitoring", False),
        ("svc.example.com", False),
    ],
)
def test_plain_http_stays_inside(host: str, allowed: bool) -> None:
    assert is_plain_allowed(host) is allowed


@pytest.mark.parametrize(
    ("endpoint", "key"),
    [
        (MetricsEndpoint(url="prometheus:9090"), "url"),
        (MetricsEndpoint(url="http://prometheus.example.com"), "url"),
        (MetricsEndpoint(url="https://me:pw@prometheus.example.com"), "url"),
        (MetricsEndpoint(url="https://p.example.com/api/v1"), "url"),
        (MetricsEndpoint(url="https://p.example.com/?a=b"), "url"),
        (MetricsEndpoint(url="https://p.example.com:port"), "url"),
        (MetricsEndpoint(url="https://p.example.com", token_env="not a name"), "token_env"),
        (
            MetricsEndpoint(url="https://p.example.com", token_env="A", sigv4_region="eu-west-1"),
            "sigv4_region",
        ),
        (MetricsEndpoint(url="https://p.example.com", sigv4_region="europe"), "sigv4_region"),
        (MetricsEndpoint(url="https://p.example.com", client_key="k.pem"), "client_key"),
        (MetricsEndpoint(url="https://p.example.com", tenant="a\nb"), "tenant"),
        (
            MetricsEndpoint(url="https://p.example.com", headers={"Authorization": "Bearer x"}),
            "headers",
        ),
        (MetricsEndpoint(url="https://p.example.com", headers={"X-A": "b\r\nC: d"}), "headers"),
        (MetricsEndpoint(url="https://p.example.com", scrape_interval_s=0), "scrape_interval_s"),
    ],
)
def test_a_wrong_endpoint_is_told_by_its_key(endpoint: MetricsEndpoint, key: str) -> None:
    assert [found for found, _ in problems_of(endpoint)] == [key]


def test_a_right_endpoint_has_no_problems() -> None:
    for endpoint in (
        MetricsEndpoint(url="http://prometheus.monitoring.svc:9090"),
        MetricsEndpoint(url="http://prometheus.example.com", insecure=True),
        MetricsEndpoint(
            url="https://mimir.example.com/prometheus",
            tenant="shop|pay",
            token_env="MIMIR_TOKEN",
            headers={"X-Team": "sre"},
        ),
    ):
        assert problems_of(endpoint) == ()
