"""Every scenario loads, and what it builds hangs together as a real cluster's objects do."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.estate.scenario import scenario_names
from tests.lab.kubernetes.kinds import kind_of
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.estate.store import SimulatedCluster

Object = dict[str, Any]

pytestmark = pytest.mark.parametrize("scenario", scenario_names())


@cache
def _world(scenario: str) -> World:
    """Read by all tests here, changed by none."""
    return World.load(scenario)


def _clusters(scenario: str) -> Iterator[SimulatedCluster]:
    world = _world(scenario)
    assert world.clusters, f"{scenario} describes no cluster"
    yield from world.clusters.values()


def _exists(cluster: SimulatedCluster, reference: Object, namespace: str) -> bool:
    api_version = reference.get("apiVersion", "v1")
    kind = kind_of(api_version, reference["kind"])
    where = namespace if kind.namespaced else ""
    found = cluster.peek(kind.key, where, reference["name"])
    return found is not None and found["metadata"]["uid"] == reference["uid"]


def test_every_owner_reference_resolves(scenario: str) -> None:
    for cluster in _clusters(scenario):
        owned = [item for item in cluster.every() if item["metadata"].get("ownerReferences")]
        assert owned
        for item in owned:
            for owner in item["metadata"]["ownerReferences"]:
                assert _exists(cluster, owner, item["metadata"]["namespace"]), (item, owner)


def test_every_event_is_about_an_object_that_exists(scenario: str) -> None:
    for cluster in _clusters(scenario):
        events = cluster.listed("events")
        assert events
        for event in events:
            involved = event["involvedObject"]
            assert _exists(cluster, involved, involved.get("namespace", "")), involved


def test_replica_sets_select_exactly_the_pods_they_own(scenario: str) -> None:
    for cluster in _clusters(scenario):
        pods = cluster.listed("pods")
        for replica_set in cluster.listed("replicasets.apps"):
            meta, spec = replica_set["metadata"], replica_set["spec"]
            wanted = spec["selector"]["matchLabels"].items()
            selected = {
                pod["metadata"]["name"]
                for pod in pods
                if pod["metadata"]["namespace"] == meta["namespace"]
                and wanted <= pod["metadata"]["labels"].items()
            }
            owned = {
                pod["metadata"]["name"]
                for pod in pods
                for owner in pod["metadata"].get("ownerReferences", ())
                if owner["uid"] == meta["uid"]
            }
            assert selected == owned
            assert len(owned) == replica_set["status"]["replicas"]
            # Pods that are refused are missing, and the set says so.
            is_refused = bool(replica_set["status"].get("conditions"))
            assert is_refused or len(owned) == spec["replicas"]


def test_deployments_count_what_their_replica_sets_count(scenario: str) -> None:
    for cluster in _clusters(scenario):
        for deployment in cluster.listed("deployments.apps"):
            uid = deployment["metadata"]["uid"]
            sets = [
                item
                for item in cluster.listed("replicasets.apps")
                if item["metadata"]["ownerReferences"][0]["uid"] == uid
            ]
            status = deployment["status"]
            ready = sum(item["status"].get("readyReplicas", 0) for item in sets)
            assert status.get("readyReplicas", 0) == ready
            assert status.get("replicas", 0) == sum(item["status"]["replicas"] for item in sets)


def test_pods_run_on_nodes_that_exist(scenario: str) -> None:
    for cluster in _clusters(scenario):
        nodes = {node["metadata"]["name"] for node in cluster.listed("nodes")}
        placed = {
            pod["spec"]["nodeName"] for pod in cluster.listed("pods") if "nodeName" in pod["spec"]
        }
        assert placed
        assert placed <= nodes


def test_endpoint_slices_point_at_pods_and_say_whether_they_are_ready(scenario: str) -> None:
    for cluster in _clusters(scenario):
        for piece in cluster.listed("endpointslices.discovery.k8s.io"):
            for endpoint in piece["endpoints"]:
                target = endpoint["targetRef"]
                pod = cluster.get("pod", target["name"], target["namespace"])
                ready = {c["type"]: c["status"] for c in pod["status"]["conditions"]}["Ready"]
                assert endpoint["conditions"]["ready"] is (ready == "True")
                assert endpoint["addresses"] == [pod["status"]["podIP"]]


def test_secrets_of_every_cluster_carry_canaries(scenario: str) -> None:
    for cluster in _clusters(scenario):
        assert cluster.listed("secrets")
        described = [
            item["metadata"]
            .get("annotations", {})
            .get("kubectl.kubernetes.io/last-applied-configuration", "")
            for item in cluster.every()
        ]
        assert any("canary" in text for text in described)
