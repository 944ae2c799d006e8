"""What an API server's answers to the operator's reads mean, with the official client over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.actuators.cluster_estate import KubernetesEstate
from safe_ops.actuators.cluster_wire import ClusterWire
from safe_ops.errors import GoneError, UpstreamError
from tests.contract.operations.stand_in import (
    Reply,
    StandIn,
    api_client,
    breaks_off,
    drops,
    hangs,
    page,
    plain,
    says,
    status,
)
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOP = "/api/v1/namespaces/shop"
CART = "/apis/apps/v1/namespaces/shop/deployments/cart"
SCALED_OBJECTS = "/apis/keda.sh/v1alpha1/namespaces/shop/scaledobjects"
BUDGETS = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"


@pytest.fixture
def lab() -> Iterator[KubernetesLab]:
    with KubernetesLab(World.load("crash_loop").cluster("prod-eu")) as running:
        yield running


def estate_at(lab: KubernetesLab) -> KubernetesEstate:
    return KubernetesEstate(api_client(lab.url, token=lab.token), cluster="prod-eu")


def stood_in(server: StandIn) -> KubernetesEstate:
    api = api_client(server.url)
    return KubernetesEstate(
        api, cluster="prod-eu", wire=ClusterWire(api, cluster="prod-eu", read_timeout_s=0.5)
    )


def failed(path: str, *replies: Reply, listing: bool = False) -> UpstreamError:
    with StandIn(*replies) as server, pytest.raises(UpstreamError) as caught:
        (stood_in(server).items if listing else stood_in(server).get)(path)
    assert caught.value.system == "kubernetes prod-eu"
    return caught.value


def listed(*names: str, token: str = "") -> Reply:
    metadata: dict[str, Any] = {"continue": token} if token else {}
    items = [{"metadata": {"name": name}} for name in names]
    return says(200, {"kind": "PodList", "metadata": metadata, "items": items})


def names(items: tuple[dict[str, Any], ...]) -> list[str]:
    return [item["metadata"]["name"] for item in items]


def test_an_object_is_as_the_api_serves_it(lab: KubernetesLab) -> None:
    found = estate_at(lab).get(CART)
    assert found is not None
    assert (found["kind"], found["metadata"]["name"]) == ("Deployment", "cart")


def test_an_object_that_does_not_exist_is_none(lab: KubernetesLab) -> None:
    assert estate_at(lab).get(f"{CART}-2") is None


def test_lists_are_selected_by_labels_and_fields(lab: KubernetesLab) -> None:
    found = estate_at(lab).items(f"{SHOP}/pods", labels="app=cart", fields="status.phase=Running")
    assert found
    assert {pod["metadata"]["labels"]["app"] for pod in found} == {"cart"}


def test_a_list_is_read_to_its_last_page() -> None:
    with StandIn(listed("a", "b", token="t1"), listed("c", token="t2"), listed("d")) as server:
        found = stood_in(server).items(f"{SHOP}/pods", labels="app=cart")
        asked = [seen.query for seen in server.requests()]
    assert names(found) == ["a", "b", "c", "d"]
    assert asked == [
        {"limit": "500", "labelSelector": "app=cart"},
        {"limit": "500", "labelSelector": "app=cart", "continue": "t1"},
        {"limit": "500", "labelSelector": "app=cart", "continue": "t2"},
    ]


def test_a_list_whose_pages_expired_is_begun_anew() -> None:
    with StandIn(listed("a", token="t1"), status(410, "expired"), listed("b")) as server:
        assert names(stood_in(server).items(f"{SHOP}/pods")) == ["b"]


def test_a_list_that_never_stands_still_is_given_up() -> None:
    pages = [listed("a", token="t1"), status(410, "expired")] * 3
    error = failed(f"{SHOP}/pods", *pages, listing=True)
    assert "changed faster than it could be read" in str(error)


@pytest.mark.parametrize("reply", [plain(404, "404 page not found\n"), status(404, "not found")])
def test_a_kind_that_is_not_served_has_no_objects(reply: Reply) -> None:
    with StandIn(reply) as server:
        assert stood_in(server).items(SCALED_OBJECTS) == ()
        assert stood_in(server).get(f"{SCALED_OBJECTS}/cart") is None


@pytest.mark.parametrize("reply", [plain(404, "404 page not found\n"), status(404, "not found")])
def test_a_kind_that_has_to_be_served_and_is_not_is_no_empty_list(reply: Reply) -> None:
    with StandIn(reply) as server, pytest.raises(GoneError, match="does not serve"):
        stood_in(server).items(BUDGETS, required=True)


def test_a_kind_that_has_to_be_served_and_is_has_its_objects(lab: KubernetesLab) -> None:
    assert estate_at(lab).items(BUDGETS, required=True) == estate_at(lab).items(BUDGETS)


@pytest.mark.parametrize("listing", [False, True])
@pytest.mark.parametrize(
    "reply",
    [
        page(404),
        page(200),
        page(403),
        plain(404, "default backend - 404"),
        drops,
        breaks_off,
        hangs,
    ],
    ids=["page 404", "page 200", "page 403", "backend", "drops", "breaks off", "hangs"],
)
def test_an_answer_that_is_not_the_servers_own_is_no_absence(
    reply: Reply,
    listing: bool,  # pytest passes parameters by keyword
) -> None:
    failed(f"{SHOP}/pods", reply, listing=listing)


def test_what_may_not_be_read_is_quoted() -> None:
    words = 'pods is forbidden: User "operator" cannot list resource "pods"'
    assert words in str(failed(f"{SHOP}/pods", status(403, words), listing=True))


def test_a_busy_server_says_when_to_ask_again() -> None:
    assert failed(CART, status(429, "busy", Retry_After="2")).retry_after_s == 2


@pytest.mark.parametrize("body", [{"kind": "Pod", "metadata": {}}, {"items": [], "metadata": None}])
def test_what_is_no_list_is_not_taken_for_an_empty_one(body: dict[str, Any]) -> None:
    assert "it is no list" in str(failed(f"{SHOP}/pods", says(200, body), listing=True))


def test_a_path_that_walks_is_never_asked_for() -> None:
    with StandIn(listed()) as server:
        with pytest.raises(UpstreamError, match="is no path of the API"):
            stood_in(server).get("/api/v1/namespaces/../secrets")
        assert server.requests() == []


def test_the_cluster_says_what_we_may(lab: KubernetesLab) -> None:
    may = estate_at(lab).may(
        "patch", group="apps", resource="deployments", namespace="shop", name="cart"
    )
    assert (may.says, may.allowed) == ("patch deployments.apps cart in shop", False)
    may = estate_at(lab).may("get", group="", resource="nodes")
    assert (may.says, may.allowed) == ("get nodes", True)


def test_a_review_names_the_subresource() -> None:
    with StandIn(
        says(201, {"kind": "SelfSubjectAccessReview", "status": {"allowed": True}})
    ) as server:
        may = stood_in(server).may(
            "create", group="", resource="pods", subresource="eviction", namespace="shop"
        )
        seen = server.seen
    assert (may.says, may.allowed) == ("create pods/eviction in shop", True)
    assert seen.body["spec"]["resourceAttributes"] == {
        "verb": "create",
        "resource": "pods",
        "subresource": "eviction",
        "namespace": "shop",
    }


@pytest.mark.parametrize("review", [{}, {"status": None}, {"status": {"allowed": "true"}}])
def test_a_review_that_does_not_say_yes_says_no(review: dict[str, Any]) -> None:
    with StandIn(says(201, review)) as server:
        assert not stood_in(server).may("get", group="", resource="nodes").allowed


def test_a_review_that_fails_is_no_answer() -> None:
    with StandIn(status(500, "etcd")) as server, pytest.raises(UpstreamError, match="etcd"):
        stood_in(server).may("get", group="", resource="nodes")
