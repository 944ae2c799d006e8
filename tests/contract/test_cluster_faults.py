"""How a read of a cluster ends when the cluster does not answer as it should."""

from __future__ import annotations

import asyncio
import gc
import socket
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from bot.domain.errors import DeniedError, ToolError, UpstreamError
from bot.ports.cluster import LogQuery, Selection
from tests.contract.clusters import kind, pod_named, reader_for, written
from tests.lab.http import LoopbackServer
from tests.lab.kubernetes.kubeconfig import kubeconfig_for
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    from bot.ports.cluster import ClusterReader

SHOP = Selection(namespace="shop")
PODS = kind("pods")


@pytest.fixture
def lab() -> Iterator[KubernetesLab]:
    with KubernetesLab(World.load("calm").cluster("prod-eu")) as running:
        yield running


@pytest.fixture
def kubeconfig(lab: KubernetesLab, tmp_path: Path) -> Path:
    return kubeconfig_for({"prod-eu": lab}, tmp_path / "kubeconfig")


@pytest.fixture
def reader(kubeconfig: Path) -> ClusterReader:
    return reader_for(kubeconfig)


def served(answer: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> LoopbackServer:
    """A server that gives every path the same answer."""

    def build() -> web.Application:
        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        return app

    return LoopbackServer(build)


def test_a_hanging_cluster_is_given_up_within_the_limit(
    lab: KubernetesLab, kubeconfig: Path
) -> None:
    reader = reader_for(kubeconfig, timeout_s=0.4)
    fault = lab.cluster.hang()
    began = time.monotonic()
    with pytest.raises(UpstreamError, match=r"did not answer within 0\.4 s") as caught:
        reader.table(PODS, SHOP)
    assert time.monotonic() - began < 2
    assert caught.value.system == "kubernetes prod-eu"
    fault.clear()
    assert reader.table(PODS, SHOP).grid.rows


def test_looking_for_close_names_has_no_time_of_its_own(
    lab: KubernetesLab, kubeconfig: Path
) -> None:
    reader = reader_for(kubeconfig, timeout_s=0.4)
    fault = lab.cluster.hang(on="deployments?limit=")
    began = time.monotonic()
    with pytest.raises(ToolError, match=r"has no deployment chekout in namespace shop$"):
        reader.get(kind("deploy"), name="chekout", namespace="shop")
    assert time.monotonic() - began < 2
    fault.clear()


def test_an_answer_that_trickles_is_given_up_within_the_limit(tmp_path: Path) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        try:
            while True:
                await answer.write(b" ")
                await asyncio.sleep(0.05)
        except ConnectionError:
            return answer

    with served(trickle) as server:
        reader = reader_for(written(tmp_path, cluster={"server": server.url}), timeout_s=0.4)
        began = time.monotonic()
        with pytest.raises(UpstreamError, match="did not answer within"):
            reader.version()
        assert time.monotonic() - began < 2


def test_a_log_without_end_is_read_up_to_the_limit_only(tmp_path: Path) -> None:
    async def flood(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await answer.prepare(request)
        line = b"x" * 1023 + b"\n"
        try:
            while True:
                await answer.write(line * 64)
        except ConnectionError:
            return answer

    with served(flood) as server:
        reader = reader_for(written(tmp_path, cluster={"server": server.url}))
        tracemalloc.start()
        found = reader.logs(LogQuery(namespace="shop", pod="cart", limit_bytes=1024 * 1024))
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert found.cut
    assert len(found.text) == 1024 * 1024
    assert peak < 16 * 1024 * 1024


def test_an_answer_too_large_to_read_asks_for_less(tmp_path: Path) -> None:
    async def huge(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        try:
            for _ in range(40):
                await answer.write(b" " * (1 << 20))
        except ConnectionError:
            pass
        return answer

    with served(huge) as server:
        reader = reader_for(written(tmp_path, cluster={"server": server.url}))
        with pytest.raises(ToolError, match="larger than 32 MB; ask for one namespace"):
            reader.list(kind("configmaps"), Selection())


def test_a_redirect_is_not_followed_with_our_token(tmp_path: Path, lab: KubernetesLab) -> None:
    async def elsewhere(_request: web.Request) -> web.StreamResponse:
        raise web.HTTPFound(f"{lab.url}/version")

    with served(elsewhere) as server:
        path = written(tmp_path, cluster={"server": server.url}, user={"token": lab.token})
        with pytest.raises(UpstreamError, match="not answer as a Kubernetes API server"):
            reader_for(path).version()
    assert lab.requests() == []


def test_a_torn_answer_is_not_used(lab: KubernetesLab, reader: ClusterReader) -> None:
    lab.cluster.tear()
    with pytest.raises(UpstreamError, match="broke off, so nothing of it was used"):
        reader.table(PODS, SHOP)


def test_a_torn_log_is_not_used(lab: KubernetesLab, reader: ClusterReader) -> None:
    pod = pod_named(lab.cluster, "shop", "storefront-")
    lab.cluster.tear(on="/log")
    with pytest.raises(UpstreamError, match="broke off"):
        reader.logs(LogQuery(namespace="shop", pod=pod))


@pytest.mark.parametrize("status", [200, 404, 503])
def test_a_page_in_between_is_no_answer(
    lab: KubernetesLab, reader: ClusterReader, status: int
) -> None:
    lab.cluster.answer_html(status=status)
    with pytest.raises(UpstreamError) as caught:
        reader.version()
    assert "<" not in str(caught.value)


def test_a_page_in_between_is_no_log(lab: KubernetesLab, reader: ClusterReader) -> None:
    lab.cluster.answer_html()
    with pytest.raises(UpstreamError, match="text/html, not a log"):
        reader.logs(LogQuery(namespace="shop", pod="cart"))


def test_a_denied_read_is_denied_with_the_servers_reason(
    lab: KubernetesLab, reader: ClusterReader
) -> None:
    lab.cluster.deny(resource="pods", namespace="shop")
    with pytest.raises(DeniedError, match=r"refused \(403\): pods is forbidden: .*read-only role"):
        reader.table(PODS, SHOP)


def test_a_wrong_token_is_denied_without_being_shown(tmp_path: Path, lab: KubernetesLab) -> None:
    path = written(tmp_path, cluster={"server": lab.url}, user={"token": "wrong-token-xyzzy"})
    with pytest.raises(DeniedError, match=r"credentials \(401\)") as caught:
        reader_for(path).version()
    assert "xyzzy" not in repr(caught.value)


def test_a_busy_cluster_says_when_to_come_back(lab: KubernetesLab, reader: ClusterReader) -> None:
    lab.cluster.fail(429, retry_after_s=7)
    with pytest.raises(UpstreamError, match="Ask again in 7 s") as caught:
        reader.table(PODS, SHOP)
    assert caught.value.retry_after_s == 7


def test_a_failing_cluster_is_asked_once_only(lab: KubernetesLab, reader: ClusterReader) -> None:
    lab.cluster.fail(500)
    with pytest.raises(UpstreamError, match=r"server error \(500\)"):
        reader.table(PODS, SHOP)
    assert len(lab.requests()) == 1


def test_a_cluster_that_went_away_is_unreachable(lab: KubernetesLab, reader: ClusterReader) -> None:
    reader.version()
    lab.stop()
    with pytest.raises(UpstreamError, match="cannot be reached at http://127"):
        reader.version()


def test_a_port_nobody_listens_on_is_unreachable(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    path = written(tmp_path, cluster={"server": f"https://user:pw@127.0.0.1:{port}"})
    with pytest.raises(UpstreamError, match="connection was refused") as caught:
        reader_for(path).version()
    assert "pw" not in str(caught.value)


def test_https_to_a_server_without_it_names_tls(tmp_path: Path, lab: KubernetesLab) -> None:
    path = written(tmp_path, cluster={"server": lab.url.replace("http:", "https:")})
    with pytest.raises(UpstreamError, match="TLS failed"):
        reader_for(path).version()


def test_failed_reads_leave_no_thread_behind(lab: KubernetesLab, kubeconfig: Path) -> None:
    import threading  # noqa: PLC0415 -- only this test counts threads

    reader = reader_for(kubeconfig, timeout_s=30)
    before = threading.active_count()
    lab.cluster.tear()
    for _ in range(5):
        with pytest.raises(UpstreamError):
            reader.version()
    deadline = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < deadline:
        gc.collect()
    assert threading.active_count() == before
