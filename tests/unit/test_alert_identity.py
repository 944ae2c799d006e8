"""What outlives an incarnation: the labels that tell the same alert again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alert import AlertSource
from bot.domain.alert_identity import (
    FINGERPRINT_CHARACTERS,
    PASSING_LABELS,
    fingerprint_of,
    stable_labels,
    workload_of_job,
    workload_of_pod,
    workload_of_replica_set,
)

CRASH = {
    "alertname": "KubePodCrashLooping",
    "namespace": "payments",
    "pod": "checkout-6d4b75cb6d-hx8kq",
    "container": "checkout",
    "job": "kube-state-metrics",
    "instance": "10.244.1.7:8080",
    "uid": "0e4cf3c0-7a1b-4c56-9f1c-1f0c3a9f5a11",
}


@pytest.mark.parametrize(
    ("pod", "workload"),
    [
        ("checkout-6d4b75cb6d-hx8kq", "checkout"),
        ("nginx-ingress-controller-7f9c6d8b5d-a1b2c", "nginx-ingress-controller"),
        ("fluentd-x2k9z", "fluentd"),
        ("nightly-28391040-4xkqz", "nightly"),
        ("db-0", "db"),
        ("kafka-broker-12", "kafka-broker"),
        ("web", "web"),
        ("redis-cache", "redis-cache"),
    ],
)
def test_a_pods_name_leads_to_its_workload(pod: str, workload: str) -> None:
    assert workload_of_pod(pod) == workload


def test_sets_and_scheduled_jobs_lead_to_their_owner() -> None:
    assert workload_of_replica_set("checkout-6d4b75cb6d") == "checkout"
    assert workload_of_replica_set("api-gateway") == "api-gateway"
    assert workload_of_job("nightly-28391040") == "nightly"
    assert workload_of_job("migrate-2") == "migrate-2"


def test_the_next_pod_of_a_workload_is_the_same_alert() -> None:
    restarted = CRASH | {
        "pod": "checkout-6d4b75cb6d-wq2zt",
        "uid": "7a4cf3c0-7a1b-4c56-9f1c-1f0c3a9f5a12",
        "instance": "10.244.3.9:8080",
        "__value__": "12",
    }
    assert same(CRASH, restarted)


def test_the_next_rollout_of_a_workload_is_the_same_alert() -> None:
    assert same(CRASH, CRASH | {"pod": "checkout-85f7cfd5b9-zzkq2"})


@pytest.mark.parametrize(
    "changed",
    [
        {"namespace": "shop"},
        {"pod": "ledger-6d4b75cb6d-hx8kq"},
        {"container": "sidecar"},
        {"cluster": "prod-us"},
    ],
)
def test_another_place_is_another_alert(changed: dict[str, str]) -> None:
    assert not same(CRASH, CRASH | changed)


def test_pods_of_a_stateful_set_keep_their_ordinal() -> None:
    assert not same({"pod": "db-0"}, {"pod": "db-1"})


def test_a_host_is_told_by_its_address_without_the_port() -> None:
    full = {"alertname": "NodeFilesystemFull", "job": "node-exporter", "instance": "10.0.0.5:9100"}
    assert stable_labels(full)["instance"] == "10.0.0.5"
    of_pod = full | {"pod": "node-exporter-x2k9z"}
    assert stable_labels(of_pod)["instance"] == "10.0.0.5"
    assert not same(of_pod, of_pod | {"instance": "10.0.0.6:9100"})
    assert stable_labels({"instance": "[fd00::5]:9100"}) == {"instance": "fd00::5"}
    assert stable_labels({"instance": "db.internal:5432"}) == {"instance": "db.internal"}


def test_the_pod_of_the_observer_itself_is_nothing_to_tell_by() -> None:
    assert "instance" not in stable_labels(CRASH)
    assert stable_labels(CRASH)["container"] == "checkout"


def test_a_raised_severity_is_the_same_alert() -> None:
    assert same(CRASH | {"severity": "warning"}, CRASH | {"severity": "critical"})


def test_equal_prometheus_servers_tell_of_one_alert() -> None:
    assert same(
        CRASH | {"prometheus_replica": "prometheus-k8s-0", "prometheus": "monitoring/k8s"},
        CRASH | {"prometheus_replica": "prometheus-k8s-1", "prometheus": "monitoring/k8s"},
    )


def test_source_and_rule_are_part_of_an_alerts_identity() -> None:
    one = fingerprint_of(AlertSource.ALERTMANAGER, "KubePodCrashLooping", CRASH)
    assert one != fingerprint_of(AlertSource.GRAFANA, "KubePodCrashLooping", CRASH)
    assert one != fingerprint_of(AlertSource.ALERTMANAGER, "KubePodNotReady", CRASH)


labels_of_any_kind = st.dictionaries(
    st.sampled_from(["pod", "namespace", "instance", "job", "replicaset", "value", "team", "__x"]),
    st.text(max_size=40),
)


@given(labels_of_any_kind)
def test_a_fingerprint_is_sixteen_characters_in_any_order_of_labels(labels: dict[str, str]) -> None:
    told = fingerprint_of(AlertSource.PERSON, "x", labels)
    backwards = dict(reversed(list(labels.items())))
    assert told == fingerprint_of(AlertSource.PERSON, "x", backwards)
    assert len(told) == FINGERPRINT_CHARACTERS
    assert set(told) <= set("0123456789abcdef")


@given(labels_of_any_kind, st.sampled_from(sorted(PASSING_LABELS)), st.text(max_size=20))
def test_what_passes_never_changes_the_fingerprint(
    labels: dict[str, str], passing: str, value: str
) -> None:
    assert same(labels, labels | {passing: value})


def same(one: dict[str, str], other: dict[str, str]) -> bool:
    return fingerprint_of(AlertSource.ALERTMANAGER, "R", one) == fingerprint_of(
        AlertSource.ALERTMANAGER, "R", other
    )
