"""How each fault of an Alertmanager ends, what is sent to it, and what the doctor says of it."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

from bot.adapters.alertmanager.probe import alertmanager_probe
from bot.adapters.alertmanager.reader import ANSWER_MAX_BYTES
from bot.adapters.clock import SystemClock
from bot.domain.alert_server import AlertmanagerEndpoint
from bot.domain.errors import DeniedError, UpstreamError
from bot.ports.probe import Health
from tests.contract.alertmanagers import CLUSTER, reader_for, states_for
from tests.lab.http import LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]

ALERT: dict[str, Any] = {
    "labels": {"alertname": "Watchdog"},
    "annotations": {},
    "startsAt": "2026-11-20T10:41:02.123456789Z",
    "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
    "fingerprint": "b5e87b8cc74f50e3",
}
PAGE = "<html><body>Sign in, canary</body></html>"


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    """A server that gives every path the same answer."""

    def build() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        return app

    with LoopbackServer(build) as server:
        yield server.url


def text(body: str, *, status: int = 200, kind: str = "application/json") -> Answer:
    """The same text for everybody."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(
            text=body,
            status=status,
            content_type=kind,
            headers={"Retry-After": "7", "Location": "https://elsewhere.example"},
        )

    return answer


def fault_of(url: str, *, timeout_s: float = 5.0) -> UpstreamError:
    with pytest.raises(UpstreamError) as caught:
        reader_for(url, timeout_s=timeout_s).alerts("Watchdog")
    assert caught.value.system == "alertmanager prod-eu"
    assert "canary" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("status", "body", "kind", "said"),
    [
        (400, '"bad matcher format"', UpstreamError, "(HTTP 400: bad matcher format)"),
        (401, PAGE, DeniedError, "does not accept who we are (401). Renew the secret"),
        (403, '{"message": "no tenant"}', DeniedError, "refused (403): no tenant. Its"),
        (404, '{"code": 404, "message": "no path"}', UpstreamError, "(HTTP 404: no path)"),
        (429, '"busy"', UpstreamError, "asked too much (429): busy. Ask again in 7 s"),
        (500, '"torn \\u0007 state"', UpstreamError, "with an error (500): torn state. Ask"),
        (502, PAGE, UpstreamError, "with an error (502), without a reason. Ask again in 7 s"),
        (302, PAGE, UpstreamError, "(a redirect (302), which is not followed)"),
        (204, "", UpstreamError, "(HTTP 204)"),
    ],
)
def test_each_refusal_ends_as_whoever_can_mend_it_needs(
    status: int, body: str, kind: type[UpstreamError], said: str
) -> None:
    with served(text(body, status=status)) as url:
        error = fault_of(url)
    assert type(error) is kind
    assert said in str(error)
    if status in {429, 500}:
        assert error.retry_after_s == 7


def test_a_sign_in_page_is_no_alertmanager() -> None:
    with served(text(PAGE, kind="text/html")) as url:
        error = str(fault_of(url))
    assert "(text/html; charset=utf-8, not JSON)" in error
    assert "Check `url` in its `alertmanager` entry" in error


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "null",
        '{"status": "success", "data": {"alerts": []}}',
        "[1]",
        "[{}]",
        json.dumps([{**ALERT, "status": {"state": "asleep"}}]),
        json.dumps([{**ALERT, "labels": {"alertname": 5}}]),
        json.dumps([{**ALERT, "labels": ["alertname"]}]),
        json.dumps([{**ALERT, "status": {"state": "active", "silencedBy": [5]}}]),
    ],
)
def test_json_in_another_shape_is_no_alertmanager(body: str) -> None:
    with served(text(body)) as url:
        assert "did not answer as one does" in str(fault_of(url))


def test_an_answer_with_less_in_it_is_still_read() -> None:
    bare = {"labels": {"alertname": "X"}, "status": {"state": "unprocessed"}, "startsAt": "soon"}
    with served(text(json.dumps([bare]))) as url:
        (found,) = reader_for(url).alerts("X")
    assert (found.starts_at, found.fingerprint, found.annotations) == (None, "", ())


def test_a_torn_answer_is_not_used() -> None:
    async def tear(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        response.content_length = 1_000
        await response.prepare(request)
        await response.write(b'[{"labels": {')
        if request.transport is not None:
            request.transport.close()
        return response

    with served(tear) as url:
        assert "broke off, so nothing of it was used" in str(fault_of(url))


@pytest.mark.parametrize("body", ['[{"labels": {', "[" * 100_000], ids=["ended", "too deep"])
def test_json_that_ends_early_is_torn(body: str) -> None:
    with served(text(body)) as url:
        assert "broke off, so nothing of it was used" in str(fault_of(url))


def test_an_answer_that_trickles_is_given_up_in_time() -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while request.transport is not None and not request.transport.is_closing():
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    with served(trickle) as url:
        began = time.monotonic()
        assert "did not answer within 0.5 s" in str(fault_of(url, timeout_s=0.5))
        assert time.monotonic() - began < 3


def test_an_answer_that_does_not_fit_is_not_used_in_part() -> None:
    body = json.dumps([ALERT]) + " " * ANSWER_MAX_BYTES
    with served(text(body)) as url:
        error = str(fault_of(url, timeout_s=20))
    assert "is larger than 16 MB, so nothing of it was used" in error


def test_a_server_that_is_gone_is_told_by_its_address() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    error = str(fault_of(f"http://127.0.0.1:{port}"))
    assert f"cannot be reached at http://127.0.0.1:{port}: the connection was refused" in error


def test_plain_http_to_the_outside_is_refused_before_anything_is_sent() -> None:
    error = str(fault_of("http://alertmanager.example.com:9093"))
    assert "`url` in its `alertmanager` entry" in error
    assert "use https, or say insecure: true" in error


def test_the_tenant_and_a_token_travel_below_the_path_of_the_registry() -> None:
    asked: list[web.Request] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(request)
        return web.json_response([ALERT])

    with served(answer) as url:
        endpoint = AlertmanagerEndpoint(
            url=f"{url}/alertmanager/", tenant="shop", token_env="TOKEN"
        )
        reader = states_for(endpoint, secrets={"TOKEN": "canary"}).reader(CLUSTER)
        assert reader.alerts("Watchdog")
        with pytest.raises(UpstreamError, match="TOKEN is not set"):
            states_for(endpoint).reader(CLUSTER).alerts("Watchdog")
    (request,) = asked
    assert request.path == "/alertmanager/api/v2/alerts"
    assert request.query["filter"] == 'alertname="Watchdog"'
    assert request.headers["X-Scope-OrgID"] == "shop"
    assert request.headers["Authorization"] == "Bearer canary"


def test_a_cluster_without_one_has_no_reader() -> None:
    with pytest.raises(KeyError):
        states_for(AlertmanagerEndpoint(url="http://127.0.0.1:1")).reader("staging")


@pytest.mark.parametrize(
    ("alerts", "found"),
    [
        ([ALERT], "answers, Watchdog reaches it"),
        ([], "answers, no Watchdog alert is there"),
    ],
)
def test_the_doctor_says_whether_alerts_are_seen_to_reach_it(
    alerts: list[object], found: str
) -> None:
    with served(text(json.dumps(alerts))) as url:
        endpoint = AlertmanagerEndpoint(url=url)
        probe = alertmanager_probe(
            states_for(endpoint), CLUSTER, endpoint=endpoint, clock=SystemClock()
        )
        first, latency, *_ = probe()
    assert (first.part, first.health, first.found) == ("alertmanager prod-eu", Health.OK, found)
    assert latency.part == "alertmanager prod-eu latency"


@pytest.mark.parametrize(("status", "step"), [(403, "tenant"), (500, "alertmanager:")])
def test_the_doctor_says_what_to_mend(status: int, step: str) -> None:
    with served(text("", status=status)) as url:
        endpoint = AlertmanagerEndpoint(url=url)
        probe = alertmanager_probe(
            states_for(endpoint), CLUSTER, endpoint=endpoint, clock=SystemClock()
        )
        first = probe()[0]
    assert first.health is Health.FAILED
    assert step in str(first.next_step)
