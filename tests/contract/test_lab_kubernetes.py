"""The lab's Kubernetes API server, seen by the official Python client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import urllib3
from kubernetes import client, watch
from kubernetes.client.exceptions import ApiException

from tests.contract.lab_clusters import Client, api_client, body_of, crashing_pod
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.kubernetes.tables.columns import human_duration
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


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


def _read(lab: KubernetesLab, path: str, accept: str = "application/json", **query: str) -> Any:
    headers = {"Accept": accept, "Authorization": f"Bearer {lab.token}"}
    return urllib3.request("GET", lab.url + path, fields=query, headers=headers).json()


def _watcher() -> Client:
    return watch.Watch()  # type: ignore[no-untyped-call]  # the client leaves it untyped


def test_every_list_of_the_world_parses_into_the_typed_models(api: client.ApiClient) -> None:
    core, apps, batch = client.CoreV1Api(api), client.AppsV1Api(api), client.BatchV1Api(api)
    lists: list[Any] = [
        core.list_pod_for_all_namespaces(),
        core.list_node(),
        core.list_namespace(),
        core.list_event_for_all_namespaces(),
        core.list_service_for_all_namespaces(),
        core.list_endpoints_for_all_namespaces(),
        core.list_config_map_for_all_namespaces(),
        core.list_persistent_volume(),
        core.list_persistent_volume_claim_for_all_namespaces(),
        core.list_resource_quota_for_all_namespaces(),
        core.list_limit_range_for_all_namespaces(),
        core.list_service_account_for_all_namespaces(),
        apps.list_deployment_for_all_namespaces(),
        apps.list_replica_set_for_all_namespaces(),
        apps.list_stateful_set_for_all_namespaces(),
        apps.list_daemon_set_for_all_namespaces(),
        apps.list_controller_revision_for_all_namespaces(),
        batch.list_job_for_all_namespaces(),
        batch.list_cron_job_for_all_namespaces(),
        client.AutoscalingV2Api(api).list_horizontal_pod_autoscaler_for_all_namespaces(),
        client.PolicyV1Api(api).list_pod_disruption_budget_for_all_namespaces(),
        client.NetworkingV1Api(api).list_ingress_for_all_namespaces(),
        client.NetworkingV1Api(api).list_network_policy_for_all_namespaces(),
        client.DiscoveryV1Api(api).list_endpoint_slice_for_all_namespaces(),
        client.StorageV1Api(api).list_storage_class(),
    ]
    assert all(listed.items for listed in lists)


def test_a_crash_loop_shows_its_exit_code_and_back_off(core: Client) -> None:
    pod = core.read_namespaced_pod(crashing_pod(core), "shop")
    status = pod.status.container_statuses[0]
    assert status.state.waiting.reason == "CrashLoopBackOff"
    assert status.last_state.terminated.exit_code == 1
    assert status.restart_count == 7


def test_the_deployment_stands_between_two_replica_sets(api: client.ApiClient) -> None:
    apps: Client = client.AppsV1Api(api)
    cart = apps.read_namespaced_deployment("cart", "shop")
    conditions = {c.type: c.reason for c in cart.status.conditions}
    assert conditions["Progressing"] == "ProgressDeadlineExceeded"
    sets = apps.list_namespaced_replica_set("shop", label_selector="app=cart").items
    assert sorted(item.status.replicas for item in sets) == [0, 0, 2, 3]


@pytest.mark.parametrize(
    ("selector", "apps"),
    [
        ("app=cart", {"cart"}),
        ("app in (cart, checkout)", {"cart", "checkout"}),
        ("app notin (cart,checkout,cart-cleanup,cart-db)", {"storefront"}),
        ("pod-template-hash,app!=storefront", {"cart", "checkout"}),
        ("!pod-template-hash", {"cart-db", "cart-cleanup"}),
    ],
)
def test_label_selectors_choose(core: Client, selector: str, apps: set[str]) -> None:
    pods = core.list_namespaced_pod("shop", label_selector=selector).items
    assert {pod.metadata.labels["app"] for pod in pods} == apps


def test_field_selectors_choose_and_unknown_fields_are_refused(core: Client) -> None:
    done = core.list_pod_for_all_namespaces(field_selector="status.phase=Succeeded").items
    assert {pod.status.phase for pod in done} == {"Succeeded"}
    with pytest.raises(ApiException, match=r"field label not supported: spec\.colour") as refused:
        core.list_pod_for_all_namespaces(field_selector="spec.colour=red")
    assert refused.value.status == 400


def test_events_of_one_object_are_found_by_field(core: Client) -> None:
    name = crashing_pod(core)
    events = core.list_namespaced_event("shop", field_selector=f"involvedObject.name={name}").items
    assert "BackOff" in {event.reason for event in events}
    assert {event.involved_object.name for event in events} == {name}


def test_the_newer_events_group_shows_the_same_events(lab: KubernetesLab) -> None:
    old = _read(lab, "/api/v1/namespaces/shop/events")["items"]
    new = _read(lab, "/apis/events.k8s.io/v1/namespaces/shop/events")["items"]
    assert [item["note"] for item in new] == [item["message"] for item in old]
    assert new[0]["regarding"] == old[0]["involvedObject"]


def test_pages_join_to_the_whole_list(core: Client) -> None:
    whole = [pod.metadata.uid for pod in core.list_pod_for_all_namespaces().items]
    paged, token = [], None
    while True:
        page = core.list_pod_for_all_namespaces(limit=7, _continue=token)
        paged += [pod.metadata.uid for pod in page.items]
        token = page.metadata.to_dict()["_continue"]
        if not token:
            break
        assert len(page.items) == 7
    assert paged == whole


def test_a_table_has_kubectls_columns_and_one_row_per_object(lab: KubernetesLab) -> None:
    table = _read(lab, "/api/v1/namespaces/shop/pods", TABLE, labelSelector="app=cart")
    shown = [column["name"] for column in table["columnDefinitions"] if not column["priority"]]
    assert table["kind"] == "Table"
    assert shown == ["Name", "Ready", "Status", "Restarts", "Age"]
    assert [row["cells"][2] for row in table["rows"]].count("CrashLoopBackOff") == 2
    assert {row["object"]["kind"] for row in table["rows"]} == {"PartialObjectMetadata"}


def test_a_table_carries_whole_objects_or_none_when_asked(lab: KubernetesLab) -> None:
    whole = _read(lab, "/apis/apps/v1/deployments", TABLE, includeObject="Object")
    bare = _read(lab, "/apis/apps/v1/deployments", TABLE, includeObject="None")
    assert whole["rows"][0]["object"]["kind"] == "Deployment"
    assert "object" not in bare["rows"][0]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (119, "119s"),
        (120, "2m"),
        (305, "5m5s"),
        (10_000, "166m"),
        (3 * 3600 + 60, "3h1m"),
        (9 * 3600, "9h"),
        (50 * 3600, "2d2h"),
        (30 * 86_400, "30d"),
        (800 * 86_400, "2y70d"),
        (-5, "<invalid>"),
    ],
)
def test_ages_are_as_short_as_kubectls(seconds: float, text: str) -> None:
    assert human_duration(seconds) == text


def test_a_big_namespace_comes_as_one_table_of_five_hundred_rows() -> None:
    cluster = World.load("big_namespace").cluster("prod-eu")
    with KubernetesLab(cluster) as lab:
        table = _read(lab, "/api/v1/namespaces/fleet/pods", TABLE)
    assert len(table["rows"]) == 500


def test_what_was_written_moves_the_resource_version_on(core: Client, world: World) -> None:
    before = core.list_namespaced_pod("shop").metadata.resource_version
    world.cluster("prod-eu").delete("pod", "cart-db-1", "shop")
    listed = core.list_namespaced_pod("shop")
    assert int(listed.metadata.resource_version) == int(before) + 1
    assert "cart-db-1" not in {pod.metadata.name for pod in listed.items}


def test_a_denied_namespace_refuses_pods_and_shows_deployments(tmp_path: Path) -> None:
    cluster = World.load("denied").cluster("prod-eu")
    with KubernetesLab(cluster) as lab, api_client(lab, tmp_path) as api:
        with pytest.raises(ApiException) as refused:
            client.CoreV1Api(api).list_namespaced_pod("payments")
        assert refused.value.status == 403
        with pytest.raises(ApiException, match="at the cluster scope"):
            client.CoreV1Api(api).list_pod_for_all_namespaces()
        assert client.CoreV1Api(api).list_node().items
        assert 'cannot list resource "pods" in API group ""' in body_of(refused)
        apps: Client = client.AppsV1Api(api)
        assert apps.list_namespaced_deployment("payments").items


def test_access_reviews_agree_with_the_denials(tmp_path: Path) -> None:
    cluster = World.load("denied").cluster("prod-eu")
    with KubernetesLab(cluster) as lab, api_client(lab, tmp_path) as api:
        reviews: Client = client.AuthorizationV1Api(api)

        def may(verb: str, resource: str, namespace: str) -> bool:
            attributes = client.V1ResourceAttributes(
                verb=verb, resource=resource, namespace=namespace
            )
            spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
            body = client.V1SelfSubjectAccessReview(spec=spec)
            return bool(reviews.create_self_subject_access_review(body).status.allowed)

        assert may("list", "pods", "shop")
        assert not may("list", "pods", "payments")
        assert not may("get", "secrets", "shop")
        assert not may("delete", "pods", "shop")


def test_an_object_that_is_not_there_is_not_found(core: Client) -> None:
    with pytest.raises(ApiException, match='pods \\\\"nobody\\\\" not found') as refused:
        core.read_namespaced_pod("nobody", "shop")
    assert refused.value.status == 404
    assert core.list_namespaced_pod("no-such-namespace").items == []


def test_a_wrong_token_is_unauthorized(lab: KubernetesLab) -> None:
    configuration = client.Configuration(host=lab.url)
    configuration.api_key = {"authorization": "Bearer wrong"}
    with client.ApiClient(configuration) as api, pytest.raises(ApiException) as refused:
        client.CoreV1Api(api).list_node()
    assert refused.value.status == 401


def test_credentials_may_come_from_an_exec_plugin(lab: KubernetesLab, tmp_path: Path) -> None:
    with api_client(lab, tmp_path, exec_plugin=True) as api:
        assert client.CoreV1Api(api).list_node().items


def test_metrics_cover_running_containers_and_all_nodes(api: client.ApiClient) -> None:
    metrics: Client = client.CustomObjectsApi(api)
    pods = metrics.list_namespaced_custom_object("metrics.k8s.io", "v1beta1", "shop", "pods")
    nodes = metrics.list_cluster_custom_object("metrics.k8s.io", "v1beta1", "nodes")
    names = {item["metadata"]["name"] for item in pods["items"]}
    assert {"cart-db-0", "cart-db-1"} <= names
    assert not names & {crashing_pod(client.CoreV1Api(api))}
    assert len(nodes["items"]) == 4
    assert all(item["usage"]["memory"].endswith("Ki") for item in nodes["items"])


def test_a_watch_shows_what_is_there_and_then_what_changes(core: Client, world: World) -> None:
    cluster = world.cluster("prod-eu")
    seen = []
    for event in _watcher().stream(core.list_namespaced_config_map, "shop", timeout_seconds=5):
        seen.append((event["type"], event["object"].metadata.name))
        if seen[-1] == ("ADDED", "storefront-config"):
            changed = cluster.get("configmap", "cart-config", "shop")
            changed["data"]["LOG_LEVEL"] = "debug"
            cluster.apply(changed)
            cluster.delete("configmap", "storefront-config", "shop")
        if seen[-1][0] == "DELETED":
            break
    assert seen == [
        ("ADDED", "cart-config"),
        ("ADDED", "storefront-config"),
        ("MODIFIED", "cart-config"),
        ("DELETED", "storefront-config"),
    ]
