"""Reads of a metrics server: what is sent, how it is signed, and how each fault ends."""

from __future__ import annotations

import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from aiohttp import web
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.domain.evidence import Window
from bot.domain.metrics import MetricsEndpoint
from tests.contract.metrics_servers import NOON, UP, fault_of, reader_for
from tests.lab.clock import LabClock
from tests.lab.http import LoopbackServer
from tests.lab.metrics.server import MetricsLab
from tests.lab.metrics.tracks import MetricStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.ports.metrics import MetricsReader

HOUR = Window(start=NOON - timedelta(hours=1), end=NOON)
BEARER = MetricsEndpoint(url="", token_env="TOKEN")
BASIC = MetricsEndpoint(url="", basic_auth_env="TOKEN")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
def store() -> MetricStore:
    store = MetricStore()
    store.describe("up", "gauge", "1 if the target could be scraped.")
    for number in range(5):
        store.add("up", {"job": "x", "instance": f"10.0.0.{number}"}, lambda _: 1.0)
    return store


@pytest.fixture
def lab(store: MetricStore) -> Iterator[MetricsLab]:
    with MetricsLab(store, clock=LabClock(frozen_at=NOON.timestamp())) as running:
        yield running


@pytest.fixture
def reader(lab: MetricsLab) -> MetricsReader:
    return reader_for(MetricsEndpoint(url=lab.url))


def test_a_query_carries_our_own_limits(lab: MetricsLab, reader: MetricsReader) -> None:
    assert len(reader.instant(UP, at=NOON, limit=10).series) == 5
    (request,) = lab.requests()
    assert request.path == "/api/v1/query"
    assert request.query == {
        "query": UP,
        "time": f"{NOON.timestamp():.3f}",
        "timeout": "10s",
        "limit": "10",
    }


def test_a_window_has_as_many_points_as_its_step_says(reader: MetricsReader) -> None:
    found = reader.range(UP, window=HOUR, step_s=60, limit=10).series
    assert [len(series.points) for series in found] == [61] * 5
    assert dict(found[0].labels) == {"__name__": "up", "job": "x", "instance": "10.0.0.0"}


def test_labels_of_series_stop_at_the_limit(reader: MetricsReader) -> None:
    few = reader.label_sets(UP, window=HOUR, limit=3)
    assert (len(few.items), few.more) == (3, True)
    every = reader.label_sets(UP, window=HOUR, limit=5)
    assert (len(every.items), every.more) == (5, False)


def test_a_label_that_is_none_is_never_sent(lab: MetricsLab, reader: MetricsReader) -> None:
    with pytest.raises(ToolError) as caught:
        reader.label_values("../../admin/tsdb", selector=None, window=HOUR, limit=5)
    assert caught.value.rule == "P10"
    assert lab.requests() == []


def test_a_server_without_rules_or_metadata_gives_none(
    lab: MetricsLab, reader: MetricsReader
) -> None:
    assert reader.meanings()["up"].type == "gauge"
    assert reader.rules()
    lab.without |= {"/rules", "/alerts", "/metadata"}
    assert (reader.rules(), reader.alerts(), reader.meanings()) == ((), (), {})


def test_the_tenant_and_extra_headers_travel(store: MetricStore) -> None:
    clock = LabClock(frozen_at=NOON.timestamp())
    with MetricsLab(store, clock=clock, prefix="/prometheus") as lab:
        reader = reader_for(
            MetricsEndpoint(url=f"{lab.url}/", tenant="shop", headers={"X-Team": "sre"})
        )
        assert reader.series_count(UP, at=NOON) == 5
        (request,) = lab.requests()
        assert request.path == "/prometheus/api/v1/query"
        assert (request.headers["x-scope-orgid"], request.headers["x-team"]) == ("shop", "sre")


@pytest.mark.parametrize(
    ("endpoint", "secret", "sent"),
    [
        (BEARER, "canary-token\n", "Bearer canary-token"),
        (BASIC, "me:canary", "Basic bWU6Y2FuYXJ5"),
    ],
)
def test_a_secret_is_sent_as_the_registry_says(
    store: MetricStore, endpoint: MetricsEndpoint, secret: str, sent: str
) -> None:
    clock = LabClock(frozen_at=NOON.timestamp())
    with MetricsLab(store, clock=clock, authorization=sent) as lab:
        here = replace(endpoint, url=lab.url)
        assert reader_for(here, secrets={"TOKEN": secret}).series_count(UP, at=NOON) == 5
        with pytest.raises(DeniedError, match=r"does not accept our credentials \(401\)"):
            reader_for(MetricsEndpoint(url=lab.url)).series_count(UP, at=NOON)


@pytest.mark.parametrize(
    ("endpoint", "secrets", "said"),
    [
        (BEARER, {}, "TOKEN is not set"),
        (BEARER, {"TOKEN": "canary\nX-Evil: 1"}, "TOKEN holds characters"),
        (BASIC, {"TOKEN": "canary"}, "TOKEN is no user:password"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_and_not_shown(
    lab: MetricsLab, endpoint: MetricsEndpoint, secrets: dict[str, str], said: str
) -> None:
    here = replace(endpoint, url=lab.url)
    error = fault_of(reader_for(here, secrets=secrets))
    assert said in str(error)
    assert "canary" not in str(error)
    assert lab.requests() == []


def test_a_request_to_amazon_is_signed_so_that_aws_would_accept_it(lab: MetricsLab) -> None:
    credentials = Credentials("AKIDEXAMPLE", "canary-secret", "canary-session")
    reader = reader_for(
        MetricsEndpoint(url=lab.url, sigv4_region="eu-west-1"),
        aws_credentials=lambda: credentials,
    )
    assert reader.instant('up{job="x",instance!~"a/b c*"}', at=NOON, limit=9).series
    (request,) = lab.requests()
    sent = request.headers
    assert "/eu-west-1/aps/aws4_request" in sent["authorization"]
    assert sent["x-amz-security-token"] == "canary-session"
    # The server's half: sign what arrived, at the time it says, and compare.
    again = AWSRequest(method="GET", url=f"{lab.url}/api/v1/query?{request.raw_query}")
    again.context["timestamp"] = sent["x-amz-date"]
    again.headers["X-Amz-Date"] = sent["x-amz-date"]
    again.headers["X-Amz-Security-Token"] = sent["x-amz-security-token"]
    signer = SigV4Auth(credentials.get_frozen_credentials(), "aps", "eu-west-1")
    signature = signer.signature(
        signer.string_to_sign(again, signer.canonical_request(again)), again
    )
    assert sent["authorization"].endswith(f"Signature={signature}")


def test_without_aws_credentials_nothing_is_sent(lab: MetricsLab) -> None:
    here = MetricsEndpoint(url=lab.url, sigv4_region="eu-west-1")
    error = fault_of(reader_for(here, aws_credentials=lambda: None))
    assert "there are no AWS credentials" in str(error)
    assert lab.requests() == []


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (400, ToolError, "cannot read the query at character 7: unexpected <by>"),
        (422, ToolError, "cannot evaluate the query: query processing would load too many"),
        (429, UpstreamError, r"asked too much \(429\).*Ask again in 7 s"),
        (500, UpstreamError, r"answered with an error \(500\), without a reason"),
        (502, UpstreamError, r"answered with an error \(502\)"),
        (503, UpstreamError, "gave up on the query: query timed out"),
        (401, DeniedError, r"does not accept our credentials \(401\)"),
        (403, DeniedError, r"refused \(403\)"),
        (404, UpstreamError, "did not answer as Prometheus does"),
        (302, UpstreamError, r"a redirect \(302\), which is not followed"),
    ],
)
def test_each_refusal_ends_as_whoever_can_mend_it_needs(
    lab: MetricsLab, reader: MetricsReader, status: int, kind: type[Exception], said: str
) -> None:
    fault = lab.fail(status, retry_after_s=7)
    with pytest.raises(kind, match=said) as caught:
        reader.instant(UP, at=NOON, limit=10)
    if isinstance(caught.value, UpstreamError) and status in {429, 503}:
        assert caught.value.retry_after_s == 7
    fault.clear()
    assert reader.instant(UP, at=NOON, limit=10).series


def test_a_sign_in_page_is_no_prometheus(lab: MetricsLab, reader: MetricsReader) -> None:
    lab.answer_html()
    assert "(text/html; charset=utf-8, not JSON)" in str(fault_of(reader))


def test_a_torn_answer_is_not_used(lab: MetricsLab, reader: MetricsReader) -> None:
    lab.tear()
    assert "broke off, so nothing of it was used" in str(fault_of(reader))


def test_a_silent_server_is_given_up_in_time(lab: MetricsLab) -> None:
    reader = reader_for(MetricsEndpoint(url=lab.url), timeout_s=0.4)
    fault = lab.hang()
    began = time.monotonic()
    assert "did not answer within 0.4 s" in str(fault_of(reader))
    assert time.monotonic() - began < 2
    fault.clear()
    assert reader.series_count(UP, at=NOON) == 5


def test_an_answer_that_trickles_is_given_up_in_time() -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        import asyncio  # noqa: PLC0415

        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    with served(trickle) as url:
        reader = reader_for(MetricsEndpoint(url=url), timeout_s=0.5)
        began = time.monotonic()
        assert "did not answer within 0.5 s" in str(fault_of(reader))
        assert time.monotonic() - began < 3


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    """A server that gives every path the same answer."""

    def build() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        return app

    with LoopbackServer(build) as server:
        yield server.url


@pytest.mark.parametrize(
    "body",
    [
        "[]",
        "{}",
        '{"status": "success"}',
        '{"status": "success", "data": {"resultType": "vector", "result": 5}}',
        '{"status": "success", "data": {"resultType": "vector", "result": [{"value": [1, "x"]}]}}',
        '{"status": "success", "data": {"resultType": "tensor", "result": []}}',
        '{"status": "success", "data": null}',
        '{"status": "success", "data": [1]}',
    ],
)
def test_json_in_another_shape_is_no_prometheus(body: str) -> None:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(text=body, content_type="application/json")

    with served(answer) as url:
        reader = reader_for(MetricsEndpoint(url=url))
        assert "did not answer as Prometheus does" in str(fault_of(reader))
        with pytest.raises(UpstreamError):
            reader.label_sets(UP, window=HOUR, limit=5)
        with pytest.raises(UpstreamError):
            reader.rules()


def test_warnings_tell_missing_data_from_remarks_on_the_query() -> None:
    body = {
        "status": "success",
        "warnings": ["No StoreAPIs matched for this query", "PromQL warning: mixed samples"],
        "infos": ["PromQL info: metric might not be a counter"],
        "data": {
            "resultType": "vector",
            "result": [
                {"metric": {"pod": "a"}, "value": [1, "NaN"]},
                {"metric": {"pod": "b"}, "histogram": [1, {"count": "3"}]},
            ],
        },
    }

    async def answer(_: web.Request) -> web.Response:
        return web.json_response(body)

    with served(answer) as url:
        found = reader_for(MetricsEndpoint(url=url)).instant(UP, at=NOON, limit=5)
    assert found.missing == ("No StoreAPIs matched for this query",)
    assert found.remarks == (
        "PromQL info: metric might not be a counter",
        "PromQL warning: mixed samples",
    )
    assert (len(found.series), found.native_histograms) == (1, 1)


def test_a_server_that_is_gone_is_told_by_its_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = fault_of(reader_for(MetricsEndpoint(url=f"http://127.0.0.1:{port}")))
    assert f"cannot be reached at http://127.0.0.1:{port}: the connection was refused" in str(error)


def test_plain_http_to_the_outside_is_refused_before_anything_is_sent() -> None:
    error = fault_of(reader_for(MetricsEndpoint(url="http://prometheus.example.com:9090")))
    assert "use https, or say insecure: true" in str(error)
