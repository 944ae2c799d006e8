"""What an alert is about among the objects there are: by name, maker, or values without names."""

from __future__ import annotations

from dataclasses import replace

from bot.domain.alert import Alert, AlertObject, AlertScope, AlertSource, AlertStatus, Severity
from bot.triage.alert_targets import targets_of, values_told
from tests.unit.triage_estates import deployment, estate, pod, ref, replica_set

ALERT = Alert(
    source=AlertSource.ALERTMANAGER,
    name="KubePodCrashLooping",
    status=AlertStatus.FIRING,
    severity=Severity.WARNING,
    fingerprint="f",
    group_key="g",
)


def about(kind: str, name: str, namespace: str | None = "shop") -> Alert:
    scope = AlertScope(namespace=namespace, objects=(AlertObject(kind=kind, name=name),))
    return replace(ALERT, scope=scope)


ESTATE = estate(
    deployment("checkout"),
    replica_set("checkout-7d9f8b6c5", owner="Deployment/checkout"),
    pod("checkout-7d9f8b6c5-x2x4z", owner="ReplicaSet/checkout-7d9f8b6c5"),
    deployment("cart"),
)
DEPLOYMENT = ref("deployment", "checkout")


def test_an_object_is_found_by_kind_and_name() -> None:
    assert targets_of([about("deployment", "checkout")], [ESTATE]) == (DEPLOYMENT,)


def test_a_pod_that_is_there_is_meant_itself() -> None:
    found = targets_of([about("pod", "checkout-7d9f8b6c5-x2x4z")], [ESTATE])
    assert found == (ref("pod", "checkout-7d9f8b6c5-x2x4z"),)


def test_a_pod_that_is_gone_means_its_workload() -> None:
    assert targets_of([about("pod", "checkout-7d9f8b6c5-q9q9q")], [ESTATE]) == (DEPLOYMENT,)


def test_a_name_in_another_namespace_is_another_object() -> None:
    assert targets_of([about("deployment", "checkout", "payments")], [ESTATE]) == ()


def test_values_without_names_are_told_by_what_exists() -> None:
    bare = replace(
        ALERT,
        is_partial=True,
        annotations={
            "group_values": "KubePodCrashLooping shop",
            "common_values": "prod-eu checkout critical",
        },
    )
    assert values_told([bare]) == ("shop", "prod-eu", "checkout", "critical")
    assert targets_of([bare], [ESTATE]) == (DEPLOYMENT,)
    assert values_told([replace(bare, is_partial=False)]) == ()


def test_a_complaint_means_what_its_words_name() -> None:
    said = replace(
        ALERT,
        source=AlertSource.PERSON,
        name="checkout is partly unreachable",
        text="checkout in namespace shop is partly unreachable",
        scope=AlertScope(namespace="shop"),
    )
    assert targets_of([said], [ESTATE]) == (DEPLOYMENT,)
