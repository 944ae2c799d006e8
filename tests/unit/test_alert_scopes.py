"""Where labels and dimensions say that an alert is."""

from __future__ import annotations

import pytest

from bot.adapters.alerts import scopes, severities
from bot.domain.alert import AlertObject, Severity


def named(labels: dict[str, str]) -> list[tuple[str, str]]:
    return [(entry.kind, entry.name) for entry in scopes.of_labels(labels).objects]


@pytest.mark.parametrize(
    ("labels", "kind", "name"),
    [
        ({"pod": "api-0"}, "pod", "api-0"),
        ({"deployment": "api"}, "deployment", "api"),
        ({"statefulset": "db"}, "statefulset", "db"),
        ({"daemonset": "agent"}, "daemonset", "agent"),
        ({"job_name": "nightly"}, "job", "nightly"),
        ({"node": "n1"}, "node", "n1"),
        ({"service": "cart"}, "service", "cart"),
        ({"FunctionName": "pay"}, "function", "pay"),
        ({"dimension_FunctionName": "pay"}, "function", "pay"),
        ({"function_name": "pay"}, "function", "pay"),
        ({"DBInstanceIdentifier": "orders"}, "db_instance", "orders"),
        ({"QueueName": "orders"}, "queue", "orders"),
        ({"kube_deployment": "api"}, "deployment", "api"),
        ({"app.kubernetes.io/name": "cart"}, "service", "cart"),
        ({"instance": "web-1:8080"}, "instance", "web-1"),
        ({"instance": "n1:9100", "job": "node-exporter"}, "node", "n1"),
        ({"job": "shop/cart"}, "service", "cart"),
    ],
)
def test_a_label_names_an_object(labels: dict[str, str], kind: str, name: str) -> None:
    assert named(labels) == [(kind, name)]


def test_exported_labels_count_before_the_exporters_own() -> None:
    labels = {
        "namespace": "monitoring",
        "exported_namespace": "shop",
        "pod": "exporter-0",
        "exported_pod": "cart-0",
    }
    assert scopes.of_labels(labels).namespace == "shop"
    assert named(labels) == [("pod", "cart-0")]


def test_an_exporters_job_service_and_address_are_not_the_place() -> None:
    labels = {
        "job": "kube-state-metrics",
        "service": "prometheus-kube-state-metrics",
        "instance": "10.0.0.9:8080",
    }
    assert named(labels) == []


def test_a_zone_tells_the_region() -> None:
    assert scopes.of_labels({"availability-zone": "eu-central-1a"}).region == "eu-central-1"


def test_a_name_that_is_no_region_is_not_one() -> None:
    assert scopes.of_labels({"region": "europe"}).region is None


def test_nothing_said_is_nothing_named() -> None:
    assert named({"pod": "none", "node": "", "service": "<no value>"}) == []


def test_a_cluster_of_ecs_is_no_cluster_of_kubernetes() -> None:
    dimensions = {"ClusterName": "shop", "ServiceName": "cart"}
    ecs = scopes.of_dimensions("AWS/ECS", dimensions, account="1", region="eu-central-1")
    assert ecs.cluster is None
    assert AlertObject(kind="ecs_service", name="cart") in ecs.objects
    eks = scopes.of_dimensions(
        "ContainerInsights",
        {"ClusterName": "prod", "Namespace": "shop", "PodName": "cart"},
        account="",
        region="",
    )
    assert (eks.cluster, eks.namespace) == ("prod", "shop")
    assert eks.objects == (AlertObject(kind="pod", name="cart"),)


@pytest.mark.parametrize(
    ("word", "severity"),
    [
        ("critical", Severity.CRITICAL),
        ("PAGE", Severity.CRITICAL),
        ("SEV-1", Severity.CRITICAL),
        ("P2", Severity.HIGH),
        ("error", Severity.HIGH),
        ("warn", Severity.WARNING),
        ("info", Severity.LOW),
        ("none", Severity.LOW),
        ("whatever", Severity.WARNING),
    ],
)
def test_words_for_severity_are_put_on_one_scale(word: str, severity: Severity) -> None:
    assert severities.of_word(word) is severity


def test_parts_of_ordinary_names_are_no_severity() -> None:
    assert severities.of_words("high-error-rate") is Severity.WARNING
    assert severities.of_words("checkout-5xx-critical") is Severity.CRITICAL
