"""How the lab's Kubernetes API server misbehaves when told to, and what it remembers."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.contract.lab_clusters import Client, api_client, body_of
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world() -> World:
    return World.load("crash_loop")


@pytest.fixture
def lab(world: World) -> Iterator[KubernetesLab]:
    with KubernetesLab(world.cluster("prod-eu")) as running:
        yield running


@pytest.fixture
def api(lab: KubernetesLab, tmp_path: Path) -> Iterator[client.ApiClient]:
    with api_client(lab, tmp_path) as connected:
        yield connected


@pytest.fixture
def core(api: client.ApiClient) -> Client:
    return client.CoreV1Api(api)


def test_a_hanging_cluster_outlasts_the_clients_patience_and_can_be_released(
    core: Client, world: World
) -> None:
    fault = world.cluster("prod-eu").hang()
    with pytest.raises(urllib3.exceptions.HTTPError):
        core.list_node(_request_timeout=0.3)
    answers: list[int] = []
    asking = threading.Thread(target=lambda: answers.append(len(core.list_node().items)))
    asking.start()
    fault.clear()
    asking.join(timeout=5)
    assert answers == [4]


def test_a_client_that_gave_up_does_not_keep_the_server_from_stopping(
    core: Client, lab: KubernetesLab, world: World
) -> None:
    fault = world.cluster("prod-eu").hang()
    with pytest.raises(urllib3.exceptions.HTTPError):
        core.list_node(_request_timeout=0.1)
    lab.stop()
    fault.clear()
    assert len(lab.requests(containing="/nodes")) == 4  # urllib3 tries three times more


def test_a_fault_can_be_limited_to_a_path_and_a_number_of_times(core: Client, world: World) -> None:
    world.cluster("prod-eu").fail(503, on="/nodes", times=1)
    assert core.list_namespaced_pod("shop").items
    with pytest.raises(ApiException) as refused:
        core.list_node()
    assert refused.value.status == 503
    assert core.list_node().items


def test_too_many_requests_say_when_to_come_back(api: client.ApiClient, world: World) -> None:
    world.cluster("prod-eu").fail(429, retry_after_s=3)
    api.rest_client.pool_manager.connection_pool_kw["retries"] = False
    with pytest.raises(ApiException) as refused:
        client.CoreV1Api(api).list_node()
    assert refused.value.status == 429
    assert (refused.value.headers or {})["Retry-After"] == "3"
    assert '"retryAfterSeconds":3' in body_of(refused)


def test_a_torn_answer_breaks_off_in_the_middle(core: Client, world: World) -> None:
    world.cluster("prod-eu").tear()
    with pytest.raises(urllib3.exceptions.HTTPError):
        core.list_node()


def test_a_proxys_sign_in_page_is_html(lab: KubernetesLab, world: World) -> None:
    world.cluster("prod-eu").answer_html()
    answer = urllib3.request("GET", f"{lab.url}/api/v1/nodes")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert b"Sign in" in answer.data


def test_the_server_remembers_what_was_asked(lab: KubernetesLab, core: Client) -> None:
    core.list_namespaced_pod("shop", limit=3)
    (request,) = lab.requests(containing="/pods")
    assert (request.method, request.path) == ("GET", "/api/v1/namespaces/shop/pods")
    assert request.query == {"limit": "3"}
    assert lab.requests(containing="secrets") == []


def test_writes_are_not_served(core: Client, world: World) -> None:
    with pytest.raises(ApiException) as refused:
        core.delete_namespaced_pod("cart-db-0", "shop")
    assert refused.value.status in {403, 405}
    assert world.cluster("prod-eu").get("pod", "cart-db-0", "shop")


def test_a_stopped_server_is_unreachable(core: Client, lab: KubernetesLab) -> None:
    lab.stop()
    with pytest.raises(urllib3.exceptions.HTTPError):
        core.list_node(_request_timeout=2)
