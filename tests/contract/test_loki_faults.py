"""How each fault of a log server ends, what is sent to it, and what the doctor says of it."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from bot.adapters.clock import SystemClock
from bot.adapters.logs.probe import logs_probe
from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import EvidenceState, Window
from bot.domain.logs import LogsEndpoint
from bot.ports.probe import Health
from tests.contract.log_servers import CLUSTER, ago, push, reader_for, sources_for, tool_for
from tests.lab.http import LoopbackServer
from tests.lab.logs.server import LogsLab

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.ports.logs import LogPage

SHOP = '{namespace="shop"}'


@pytest.fixture
def lab() -> Iterator[LogsLab]:
    with LogsLab() as running:
        push(running.url, {"namespace": "shop", "app": "web"}, ((ago(30), "hello"),))
        running.forget_requests()
        yield running


def read(endpoint: LogsEndpoint, *, timeout_s: float = 5.0) -> LogPage:
    window = Window(start=ago(3_600), end=ago(0))
    return reader_for(endpoint, timeout_s=timeout_s).lines(SHOP, window=window, limit=100)


def fault_of(endpoint: LogsEndpoint, *, timeout_s: float = 5.0) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        read(endpoint, timeout_s=timeout_s)
    assert caught.value.system == "logs prod-eu"
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (400, ToolError, "cannot read the query at character 18: syntax error: unexpected"),
        (401, DeniedError, r"does not accept who we are \(401\): no org id. Set `tenant`"),
        (403, DeniedError, r"refused \(403\)\."),
        (404, UpstreamError, r"did not answer as Loki does \(HTTP 404\)"),
        (429, UpstreamError, r"asked too much \(429\): too many outstanding.*Ask again in 7 s"),
        (500, UpstreamError, r"answered with an error \(500\): rpc error"),
        (502, UpstreamError, r"answered with an error \(502\), without a reason"),
        (504, UpstreamError, r"gave up on the query \(504\): request timed out"),
        (302, UpstreamError, r"a redirect \(302\), which is not followed"),
    ],
)
def test_each_refusal_ends_as_whoever_can_mend_it_needs(
    lab: LogsLab, status: int, kind: type[Exception], said: str
) -> None:
    fault = lab.fail(status, retry_after_s=7)
    with pytest.raises(kind, match=said) as caught:
        read(LogsEndpoint(url=lab.url))
    assert "<html" not in str(caught.value)
    if isinstance(caught.value, UpstreamError) and status == 429:
        assert caught.value.retry_after_s == 7
    fault.clear()
    assert read(LogsEndpoint(url=lab.url)).entries


def test_a_sign_in_page_is_no_loki(lab: LogsLab) -> None:
    fault = lab.answer_html()
    assert "(text/html; charset=utf-8, not JSON)" in str(fault_of(LogsEndpoint(url=lab.url)))
    fault.clear()
    lab.answer_html(status=400)
    assert "did not answer as Loki does (HTTP 400)" in str(fault_of(LogsEndpoint(url=lab.url)))


def test_a_torn_answer_is_not_used(lab: LogsLab) -> None:
    lab.tear()
    assert "broke off, so nothing of it was used" in str(fault_of(LogsEndpoint(url=lab.url)))


def test_a_silent_server_is_given_up_in_time(lab: LogsLab) -> None:
    lab.hang()
    began = time.monotonic()
    error = fault_of(LogsEndpoint(url=lab.url), timeout_s=0.4)
    assert "did not answer within 0.4 s" in str(error)
    assert time.monotonic() - began < 2


def test_a_server_that_is_gone_is_told_by_its_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = fault_of(LogsEndpoint(url=f"http://127.0.0.1:{port}"))
    assert f"cannot be reached at http://127.0.0.1:{port}: the connection was refused" in str(error)


def test_plain_http_to_the_outside_is_refused_before_anything_is_sent() -> None:
    error = fault_of(LogsEndpoint(url="http://loki.example.com:3100"))
    assert "`url` in its `loki` entry" in str(error)
    assert "use https, or say insecure: true" in str(error)


def streams_with(entry: str) -> str:
    """An answer with one entry."""
    stream = f'{{"stream": {{}}, "values": [{entry}]}}'
    return f'{{"status": "success", "data": {{"resultType": "streams", "result": [{stream}]}}}}'


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{}",
        '{"status": "success"}',
        '{"status": "success", "data": {"resultType": "matrix", "result": []}}',
        '{"status": "success", "data": {"resultType": "streams", "result": 5}}',
        streams_with('["x", "line"]'),
        streams_with('["1", 5]'),
        streams_with('["99999999999999999999999999", "line"]'),
    ],
)
def test_json_in_another_shape_is_no_loki(body: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    def build() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        return app

    with LoopbackServer(build) as server:
        assert "did not answer as Loki does" in str(fault_of(LogsEndpoint(url=server.url)))


def test_entries_too_long_for_one_answer_are_asked_for_in_smaller_numbers() -> None:
    asked = []

    async def answer(request: web.Request) -> web.Response:
        limit = int(request.query["limit"])
        asked.append(limit)
        values = [[str(number), "x" * 100_000] for number in range(limit)]
        data = {"resultType": "streams", "result": [{"stream": {}, "values": values}]}
        return web.json_response({"status": "success", "data": data})

    def build() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        return app

    with LoopbackServer(build) as server:
        window = Window(start=ago(60), end=ago(0))
        page = reader_for(LogsEndpoint(url=server.url)).lines(SHOP, window=window, limit=400)
    assert asked == [400, 50]
    assert (len(page.entries), page.more) == (50, True)


def test_the_tenant_and_a_token_travel() -> None:
    with LogsLab(tenant="shop") as lab:
        push(lab.url, {"namespace": "shop"}, ((ago(30), "hello"),), tenant="shop")
        endpoint = LogsEndpoint(url=f"{lab.url}/", tenant="shop", token_env="TOKEN")
        reader = sources_for(endpoint, secrets={"TOKEN": "canary"}).reader(CLUSTER)
        window = Window(start=ago(3_600), end=ago(0))
        assert reader.lines(SHOP, window=window, limit=5).entries
        (request,) = lab.requests(containing="query_range")
        assert request.headers["x-scope-orgid"] == "shop"
        assert request.headers["authorization"] == "Bearer canary"
        assert "no org id" in str(fault_of(LogsEndpoint(url=lab.url)))


def test_a_label_that_is_none_is_never_sent(lab: LogsLab) -> None:
    reader = reader_for(LogsEndpoint(url=lab.url))
    with pytest.raises(ToolError, match="no name of a label"):
        reader.label_values("../../push", window=Window(start=ago(60), end=ago(0)))
    assert lab.requests() == []


@pytest.mark.parametrize(
    ("status", "state"),
    [(403, EvidenceState.DENIED), (500, EvidenceState.UNREACHABLE)],
)
def test_a_server_that_does_not_answer_makes_an_observation_of_that(
    lab: LogsLab, status: int, state: EvidenceState
) -> None:
    lab.fail(status)
    seen = tool_for(lab.url).logql(SHOP)
    assert (seen.state, seen.rows, seen.cut_bytes) == (state, None, 0)
    assert seen.query == f"logql --last=1h {SHOP}"
    assert f"({status})" in seen.body


def test_a_refused_query_asks_nothing_of_the_server(lab: LogsLab) -> None:
    with pytest.raises(ToolError):
        tool_for(lab.url).logql('rate({namespace="shop"}[5m])')
    assert lab.requests() == []


def test_the_doctor_tells_a_server_that_answers_from_one_without_logs() -> None:
    with LogsLab() as lab:
        endpoint = LogsEndpoint(url=lab.url)
        probe = logs_probe(sources_for(endpoint), CLUSTER, endpoint=endpoint, clock=SystemClock())
        empty = probe()[0]
        assert (empty.part, empty.health) == ("logs prod-eu", Health.WARNING)
        assert "without any logs in the last hour" in empty.found
        push(lab.url, {"namespace": "shop", "app": "web"}, ((ago(30), "hello"),))
        first, latency, *_ = probe()
        assert (first.health, first.found) == (Health.OK, "answers, 2 labels")
        assert latency.part == "logs prod-eu latency"
        lab.fail(403)
        refused = probe()[0]
        assert refused.health is Health.FAILED
        assert "tenant" in str(refused.next_step)
