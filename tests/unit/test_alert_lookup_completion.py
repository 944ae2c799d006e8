"""Which active alerts a message means, and what it takes over from them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alert import (
    Alert,
    AlertObject,
    AlertScope,
    AlertSource,
    AlertStatus,
    Severity,
)
from bot.flows.alert.completion import ActiveOne, completed, meant, named

TEN = datetime(2026, 11, 20, 10, 0, tzinfo=UTC)
ELEVEN = datetime(2026, 11, 20, 11, 0, tzinfo=UTC)
LABELS = ("severity", "namespace", "pod", "deployment", "team", "cluster")
VALUES = ("a", "b", "warning", "shop", "x y")


def told(group: str = "", common: str = "", **labels: str) -> Alert:
    """A message with these labels, or with values only."""
    return Alert(
        source=AlertSource.ALERTMANAGER,
        name="Ill",
        status=AlertStatus.FIRING,
        severity=Severity.WARNING,
        fingerprint="0123456789abcdef",
        group_key="g",
        labels={"alertname": "Ill"} | labels,
        annotations={"group_values": group, "common_values": common} if group or common else {},
        is_partial=bool(group or common),
    )


def active(since: datetime | None = TEN, /, **labels: str) -> ActiveOne:
    """An active alert of the rule."""
    return ActiveOne(
        cluster="prod-eu",
        labels={"alertname": "Ill"} | labels,
        annotations={"summary": f"{labels.get('pod', 'it')} is ill", "runbook": "r"},
        since=since,
        state="active",
    )


CART = active(namespace="shop", pod="cart-1", severity="warning")
LEDGER = active(ELEVEN, namespace="payments", pod="ledger-1", severity="warning")


def test_only_what_agrees_with_the_message_is_meant() -> None:
    assert meant(told(namespace="shop"), [CART, LEDGER], has_all_labels=True) == (CART,)
    scoped = replace(told(), scope=AlertScope(namespace="payments"))
    assert meant(scoped, [CART, LEDGER], has_all_labels=True) == (LEDGER,)
    other = replace(CART, labels={**CART.labels, "alertname": "Other"})
    assert meant(told(namespace="shop"), [other], has_all_labels=True) == ()


def test_an_equal_fingerprint_is_the_alert_itself() -> None:
    itself = replace(CART, fingerprint="0123456789abcdef")
    twin = replace(CART, fingerprint="fedcba9876543210")
    assert meant(told(), [twin, itself], has_all_labels=True) == (itself,)


def test_an_equal_fingerprint_does_not_overrule_the_labels() -> None:
    forged = replace(LEDGER, fingerprint="0123456789abcdef")
    assert meant(told(namespace="shop"), [forged, CART], has_all_labels=True) == (CART,)


@pytest.mark.parametrize("has_all_labels", [True, False])
def test_values_without_names_choose_the_alerts_that_have_all_of_them(
    *, has_all_labels: bool
) -> None:
    message = told("Ill shop", "cart-1 warning")
    found = meant(message, [CART, LEDGER], has_all_labels=has_all_labels)
    assert found == (CART,)


def test_a_value_of_several_words_is_found_in_its_label() -> None:
    spaced = active(namespace="shop", team="on call", severity="warning")
    assert meant(told("Ill", "on call shop warning"), [CART, spaced], has_all_labels=True) == (
        spaced,
    )


def test_where_all_labels_are_known_an_alert_without_a_value_is_another() -> None:
    message = told("Ill", "prod-eu shop cart-1 warning")
    assert meant(message, [CART, LEDGER], has_all_labels=True) == ()


def test_where_external_labels_are_missing_the_nearest_at_a_named_place_is_meant() -> None:
    message = told("Ill", "prod-eu shop cart-1 warning")
    assert meant(message, [LEDGER, CART], has_all_labels=False) == (CART,)
    assert meant(message, [LEDGER], has_all_labels=False) == ()


def test_an_alert_at_no_place_is_near_any() -> None:
    placeless = active(severity="warning")
    assert meant(told("Ill", "prod-eu warning"), [placeless], has_all_labels=False) == (placeless,)


def test_a_severity_in_the_senders_own_word_contradicts_nothing() -> None:
    paging = active(namespace="shop", severity="page")
    message = told("Ill", "shop page", severity="critical")
    assert meant(message, [paging], has_all_labels=True) == (paging,)
    assert completed(message, [paging]).labels["severity"] == "critical"
    assert meant(told(severity="critical"), [paging], has_all_labels=True) == ()


def test_the_cluster_a_message_names_goes_before_others() -> None:
    there = replace(CART, cluster="prod-us")
    message = replace(told(), scope=AlertScope(cluster="Prod-US"))
    assert meant(message, [CART, there], has_all_labels=True) == (there,)
    elsewhere = replace(told(), scope=AlertScope(cluster="known by another name"))
    assert meant(elsewhere, [CART, there], has_all_labels=True) == (CART, there)


def test_of_several_only_what_they_share_is_taken_over() -> None:
    found = completed(told("Ill", "warning"), [LEDGER, CART])
    assert found.labels == {"alertname": "Ill", "severity": "warning"}
    assert found.annotations["runbook"] == "r"
    assert "summary" not in found.annotations
    assert found.starts_at == TEN
    assert (found.scope.cluster, found.scope.namespace) == ("prod-eu", None)
    assert {one.name for one in found.scope.objects} == {"cart-1", "ledger-1"}


def test_alerts_of_two_clusters_share_none() -> None:
    found = completed(told(), [CART, replace(CART, cluster="prod-us")])
    assert found.scope.cluster is None
    assert found.scope.namespace == "shop"


def test_values_stay_open_where_no_label_names_an_object() -> None:
    message = told("Ill", "shop")
    assert completed(message, [active(namespace="shop")]).is_partial
    assert not completed(message, [CART]).is_partial


def test_nothing_is_taken_over_from_what_may_not_be_read() -> None:
    hidden = replace(LEDGER, is_readable=False)
    assert completed(told(), [hidden]) == told()
    assert completed(told(), [CART, hidden]) == told()


def test_a_secret_in_an_annotation_is_not_taken_over() -> None:
    leaky = replace(CART, annotations={"summary": "password=hunter2hunter2 fails"})
    assert "hunter2" not in completed(told(), [leaky]).annotations["summary"]


def test_the_query_is_taken_only_where_all_have_the_same() -> None:
    one, other = replace(CART, expression="up == 0"), replace(LEDGER, expression="up < 1")
    assert completed(told(), [one]).expression == "up == 0"
    assert completed(told(), [one, other]).expression == ""
    assert completed(replace(told(), expression="mine"), [one]).expression == "mine"


def test_who_measured_is_no_object() -> None:
    labels = {"service": "kube-state-metrics", "pod": "cart-1", "node": "n1"}
    assert named(labels) == (
        AlertObject(kind="pod", name="cart-1"),
        AlertObject(kind="node", name="n1"),
    )


pairs = st.dictionaries(st.sampled_from(LABELS), st.sampled_from(VALUES), max_size=4)
actives = st.lists(
    st.builds(
        lambda labels, since, print_: replace(active(since, **labels), fingerprint=print_),
        pairs,
        st.sampled_from((None, TEN, ELEVEN)),
        st.sampled_from(("", "0123456789abcdef", "fedcba9876543210")),
    ),
    max_size=5,
)
messages = st.builds(
    lambda labels, common, namespace, since: replace(
        told(common=common, **labels), scope=AlertScope(namespace=namespace), starts_at=since
    ),
    pairs,
    st.lists(st.sampled_from(VALUES), max_size=3).map(" ".join),
    st.sampled_from((None, "shop", "a")),
    st.sampled_from((None, ELEVEN)),
)


@given(messages, actives, st.booleans())
def test_completion_never_contradicts_the_message(
    message: Alert, found: list[ActiveOne], has_all_labels: bool
) -> None:
    like = meant(message, found, has_all_labels=has_all_labels)
    after = completed(message, like)
    assert message.labels.items() <= after.labels.items()
    assert message.annotations.items() <= after.annotations.items()
    assert message.starts_at in {None, after.starts_at}
    assert message.scope.namespace in {None, after.scope.namespace}
    for one in like:
        assert one in found
        assert one.labels.get("namespace") in {None, message.scope.namespace} or (
            message.scope.namespace is None
        )
        for name, value in message.labels.items():
            if name != "severity" or not message.is_partial:
                assert one.labels.get(name, value) == value


@given(messages, actives, st.booleans())
def test_what_is_taken_over_is_true_of_every_alert_that_may_be_meant(
    message: Alert, found: list[ActiveOne], has_all_labels: bool
) -> None:
    like = meant(message, found, has_all_labels=has_all_labels)
    after = completed(message, like)
    for name in after.labels.keys() - message.labels.keys():
        assert {one.labels.get(name) for one in like} == {after.labels[name]}
    if not like:
        assert after == message


@given(messages, actives, st.booleans())
def test_a_completed_alert_is_completed(
    message: Alert, found: list[ActiveOne], has_all_labels: bool
) -> None:
    like = meant(message, found, has_all_labels=has_all_labels)
    once = completed(message, like)
    assert completed(once, like) == once
