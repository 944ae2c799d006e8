"""Log reads and the logql tool over a log server: the lab's, and Grafana's where installed."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.adapters.clock import SystemClock
from bot.adapters.cluster.clusters import KubernetesClusters
from bot.adapters.logs.sources import LokiSources
from bot.adapters.metrics.sources import PrometheusSources
from bot.domain.conversation import Scope
from bot.domain.errors import ToolError
from bot.domain.evidence import EvidenceState, Window
from bot.domain.logs import LogsEndpoint
from bot.domain.redaction.placeholder import Seal
from bot.domain.registry import FULL_ACCESS, Access, Cluster, Grant, Registry
from bot.flows.question.kit import Kit
from bot.tools.logql.typed import is_logql, read_typed
from tests.contract.log_servers import CLUSTER, ago, push, reader_for, tool_for
from tests.lab.logs import real
from tests.lab.logs.server import LogsLab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.evidence import Observation

WHY_NOT = real.missing()
# Nothing here has an account.
NO_CLOUD: Any = None
ENTRIES_LIMIT = 1_000
SHOP_ONLY = Access(grants=(Grant(namespaces=("shop", "shop-*")),))
WEB = {"namespace": "shop", "app": "web", "pod": "web-1"}
CART = {"namespace": "shop", "app": "cart", "pod": "cart-1"}
LEDGER = {"namespace": "payments", "app": "ledger", "pod": "ledger-1"}


@pytest.fixture(
    scope="module",
    params=[
        "lab",
        pytest.param("real", marks=pytest.mark.skipif(WHY_NOT is not None, reason=str(WHY_NOT))),
    ],
)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    if request.param == "lab":
        with LogsLab(entries_limit=ENTRIES_LIMIT) as lab:
            fill(lab.url)
            yield lab.url
    else:
        home = tmp_path_factory.mktemp("loki")
        with real.running(home, entries_limit=ENTRIES_LIMIT) as url:
            fill(url)
            yield url


def fill(url: str) -> None:
    push(
        url,
        WEB,
        (
            (ago(300), "GET /cart 200"),
            (ago(200), "error: upstream timed out\n  at call (web.js:12)"),
            (ago(100), "login by password=hunter2hunter2"),
        ),
    )
    push(url, CART, ((ago(250), "started"), (ago(150), "2026-01-01T00:00:00Z forged line")))
    push(url, LEDGER, ((ago(120), "balanced"),))
    busy = {"namespace": "busy", "app": "proxy", "pod": "proxy-1"}
    push(url, busy, tuple((ago(900 - i / 4), f"GET /item/{i} {i % 7} ms") for i in range(1_500)))


def hour() -> Window:
    return Window(start=ago(3_600), end=ago(1))


def ask(server: str, query: str, *, access: Access | None = None, minutes: int = 60) -> Observation:
    tool = tool_for(server) if access is None else tool_for(server, access=access)
    return tool.logql(query, minutes)


def test_lines_come_oldest_first_with_their_labels(server: str) -> None:
    page = reader_for(LogsEndpoint(url=server)).lines(
        '{namespace="shop"}', window=hour(), limit=100
    )
    assert not page.more
    assert [entry.text.split()[0] for entry in page.entries] == [
        "GET", "started", "error:", "2026-01-01T00:00:00Z", "login",
    ]  # fmt: skip
    assert set(WEB.items()) <= set(page.entries[0].labels)
    assert page.entries[0].at.tzinfo is UTC
    assert abs((page.entries[0].at - ago(300)).total_seconds()) < 60


@pytest.mark.parametrize(("newest_first", "word"), [(True, "login"), (False, "GET")])
def test_a_limit_keeps_the_wanted_end(server: str, *, newest_first: bool, word: str) -> None:
    page = reader_for(LogsEndpoint(url=server)).lines(
        '{app="web"}', window=hour(), limit=1, newest_first=newest_first
    )
    assert page.more
    assert [entry.text.split()[0] for entry in page.entries] == [word]


def test_more_than_the_server_gives_at_once_is_asked_again_within_its_limit(server: str) -> None:
    page = reader_for(LogsEndpoint(url=server)).lines(
        '{namespace="busy"}', window=hour(), limit=5_000
    )
    assert len(page.entries) == ENTRIES_LIMIT
    assert page.more
    assert "GET /item/1499 " in page.entries[-1].text


def test_labels_their_values_and_streams_are_found(server: str) -> None:
    reader = reader_for(LogsEndpoint(url=server))
    assert {"namespace", "app", "pod"} <= set(reader.labels(window=hour()))
    assert set(reader.label_values("namespace", window=hour())) == {"busy", "payments", "shop"}
    streams = reader.streams('{namespace="shop"}', window=hour())
    assert {dict(labels)["pod"] for labels in streams} == {"web-1", "cart-1"}


def test_a_window_without_logs_has_no_labels(server: str) -> None:
    long_ago = Window(start=ago(86_400 * 3), end=ago(86_400 * 3 - 60))
    reader = reader_for(LogsEndpoint(url=server))
    assert reader.labels(window=long_ago) == ()
    assert reader.lines('{namespace="shop"}', window=long_ago, limit=5).entries == ()


def test_the_server_says_where_a_query_is_wrong(server: str) -> None:
    reader = reader_for(LogsEndpoint(url=server))
    with pytest.raises(ToolError, match=r"cannot read the query at character \d+: .*unexpected"):
        reader.lines('{namespace="shop"} error', window=hour(), limit=5)


def test_a_selector_that_could_match_everything_is_refused_by_the_server(server: str) -> None:
    reader = reader_for(LogsEndpoint(url=server))
    with pytest.raises(ToolError, match="at least one regexp or equality matcher"):
        reader.lines('{namespace=~".*"}', window=hour(), limit=5)


def test_few_lines_are_told_word_for_word_with_their_streams(server: str) -> None:
    seen = ask(server, '{namespace="shop"}')
    assert (seen.state, seen.rows, seen.namespace) == (EvidenceState.OK, 5, "shop")
    assert seen.source == "logs"
    assert "entries: 5, streams: 2, in the last 1h" in seen.body
    assert "from namespace=shop" in seen.body
    assert "3 entries, app=web, pod=web-1" in seen.body
    assert "error: upstream timed out\n      at call (web.js:12)" in seen.body


def test_secrets_are_masked_and_cannot_be_searched_for(server: str) -> None:
    assert "hunter2" not in ask(server, '{app="web"}').body
    guessed = ask(server, '{app="web"} |= "hunter2hun"')
    assert guessed.state is EvidenceState.EMPTY
    assert ask(server, '{app="web"} |= "login"').rows == 1


def test_a_line_cannot_pass_for_another_entry(server: str) -> None:
    seen = ask(server, '{app="cart"}')
    assert seen.rows == 2
    assert "Z 2026-01-01T00:00:00Z forged line" in seen.body


def test_filters_are_the_servers(server: str) -> None:
    assert ask(server, '{namespace="shop"} |~ "time(d )?out"').rows == 1
    assert ask(server, '{namespace="shop"} != "error" !~ `GET|login`').rows == 2
    assert ask(server, r'{namespace="busy"} |~ "item/14\d\d\b"').rows == 100


def test_many_lines_come_as_patterns_and_say_what_is_missing(server: str) -> None:
    seen = ask(server, '{namespace="busy"}')
    assert seen.state is EvidenceState.TRUNCATED
    assert seen.cut_bytes > 0
    assert seen.rows == ENTRIES_LIMIT
    assert "CUT: only the newest 1000 entries were read" in seen.body
    assert "1000x" in seen.body
    assert "GET /item/1499 1 ms" in seen.body


def test_an_observation_can_be_typed_again(server: str) -> None:
    seen = ask(server, '{ app="web",namespace = "shop"} # web\n|= `timed out`', minutes=90)
    assert seen.query == 'logql --last=1h30m {app="web", namespace="shop"} |= "timed out"'
    assert is_logql(seen.query)
    typed = read_typed(seen.query)
    again = ask(server, typed.query, minutes=typed.minutes)
    assert (again.query, again.rows) == (seen.query, 1)


def test_nothing_that_passes_the_filters_is_no_proof(server: str) -> None:
    seen = ask(server, '{namespace="shop", app="web"} |= "panic"')
    assert (seen.state, seen.rows) == (EvidenceState.EMPTY, 0)
    assert "has 1 stream, but no line passes the filters in the last 1h" in seen.body
    assert "no proof that nothing failed" in seen.body


def test_a_label_that_no_stream_has_is_answered_with_those_there_are(server: str) -> None:
    seen = ask(server, '{namespace="shop", service="web"}')
    assert seen.state is EvidenceState.EMPTY
    assert "app: cart, web" in seen.body
    assert "pod: cart-1, web-1" in seen.body


def test_a_namespace_without_logs_is_answered_with_the_closest(server: str) -> None:
    seen = ask(server, '{namespace="shopp"}')
    assert "namespaces with logs, the closest first: shop" in seen.body


def test_an_unknown_label_alone_is_answered_with_the_labels(server: str) -> None:
    seen = ask(server, '{unit="kubelet"}')
    assert seen.state is EvidenceState.EMPTY
    assert "labels there: app, namespace, pod" in seen.body


def test_whoever_may_read_one_namespace_learns_of_no_other(server: str) -> None:
    assert ask(server, '{namespace="shop"}', access=SHOP_ONLY).rows == 5
    for query in ('{namespace="payments"}', '{app="ledger"}', '{namespace=~"shop|payments"}'):
        with pytest.raises(ToolError, match="readable there: namespaces shop") as caught:
            ask(server, query, access=SHOP_ONLY)
        assert caught.value.rule == "LQ3"
    seen = ask(server, '{namespace="shop-test"}', access=SHOP_ONLY)
    assert "shop" in seen.body
    assert "payments" not in seen.body
    assert "busy" not in seen.body


def test_a_cluster_without_a_log_server_is_said_so(server: str) -> None:
    with pytest.raises(ToolError, match="no log server is registered for staging; use kubectl"):
        tool_for(server).logql('{namespace="shop"}', cluster="staging")
    with pytest.raises(ToolError, match="is not a cluster of this conversation"):
        tool_for(server).logql('{namespace="shop"}', cluster="elsewhere")


def test_a_namespace_goes_by_the_name_the_server_has_for_it() -> None:
    with LogsLab() as lab:
        push(lab.url, {"k8s_namespace_name": "shop", "app": "web"}, ((ago(5), "hello"),))
        seen = ask(lab.url, '{namespace="shop"}', access=SHOP_ONLY)
    assert seen.rows == 1
    assert seen.query == 'logql --last=1h {k8s_namespace_name="shop"}'
    assert seen.namespace == "shop"


def test_a_key_that_goes_over_many_entries_of_a_stream_is_masked_whole() -> None:
    key = [
        "-----BEGIN RSA PRIVATE KEY-----",
        "MIIEowIBAAKCAQEAcanary",
        "-----END RSA PRIVATE KEY-----",
    ]
    with LogsLab() as lab:
        lines = tuple((ago(60) + timedelta(seconds=i), text) for i, text in enumerate(key))
        push(lab.url, {"namespace": "shop", "pod": "a"}, lines)
        noise = tuple((ago(60) + timedelta(seconds=i + 0.5), "noise") for i in range(3))
        push(lab.url, {"namespace": "shop", "pod": "b"}, noise)
        seen = ask(lab.url, '{namespace="shop"}')
    assert "canary" not in seen.body
    assert seen.rows == 6


def test_only_a_conversation_with_a_log_server_has_the_tool_and_misses_nothing_without() -> None:
    with LogsLab() as lab:
        push(lab.url, WEB, ((ago(5), "hello"),))
        kit = kit_for(LogsEndpoint(url=lab.url))
        assert "logql" in {function.__name__ for function in kit.functions}
        # PromQL would read a metric called logql there.
        assert kit.typed('logql {namespace="shop"}').tool == "logql"
        assert kit.typed('{namespace="shop"} |= "hello"').rows == 1
    bare = kit_for(None)
    assert "logql" not in {function.__name__ for function in bare.functions}
    assert "logs" not in {gap.source for gap in bare.unusable}
    with pytest.raises(ToolError, match="no log server is registered"):
        bare.typed('{namespace="shop"} |= "hello"')


def kit_for(endpoint: LogsEndpoint | None) -> Kit:
    clock = SystemClock()
    registry = Registry(clusters=(Cluster(name=CLUSTER, loki=endpoint),))
    endpoints = {} if endpoint is None else {CLUSTER: endpoint}
    return Kit(
        clusters=KubernetesClusters(registry.clusters, clock=clock),
        metrics=PrometheusSources({}, clock=clock, secret_of=lambda _: None),
        logs=LokiSources(endpoints, clock=clock, secret_of=lambda _: None),
        cloud=NO_CLOUD,
        seal=Seal(b"0" * 32),
        registry=registry,
        text="",
        scope=Scope(clusters=(CLUSTER,)),
        access=FULL_ACCESS,
        clock=clock,
    )
