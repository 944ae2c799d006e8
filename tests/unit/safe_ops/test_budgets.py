"""Budgets and updates are counted as Kubernetes' own controllers count them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from safe_ops.model.budgets import allowance, budgets_over, needed_of, portion, taken_by_update

pods = st.integers(min_value=0, max_value=5000)
shares = st.integers(min_value=0, max_value=100)


@given(share=shares, whole=pods)
def test_a_share_rounds_as_asked_and_never_by_more_than_one(share: int, whole: int) -> None:
    up, down = portion(f"{share}%", whole, up=True), portion(f"{share}%", whole, up=False)
    assert up is not None
    assert down is not None
    assert down * 100 <= share * whole <= up * 100
    assert up - down in {0, 1}


@given(count=st.integers(min_value=-5, max_value=5000), whole=pods)
def test_a_number_is_itself_and_never_below_nothing(count: int, whole: int) -> None:
    assert portion(count, whole, up=True) == portion(count, whole, up=False) == max(0, count)


@pytest.mark.parametrize("written", [None, True, "25", "-5%", "2.5%", "all", {}, 1.5])
def test_what_is_neither_number_nor_share_is_unknown(written: Any) -> None:
    assert portion(written, 10, up=True) is None


@given(share=shares, expected=pods)
def test_both_bounds_of_a_budget_round_up_in_what_they_count(share: int, expected: int) -> None:
    kept = needed_of({"spec": {"minAvailable": f"{share}%"}}, expected=expected)
    spared = needed_of({"spec": {"maxUnavailable": f"{share}%"}}, expected=expected)
    assert kept == portion(f"{share}%", expected, up=True)
    assert spared == expected - (portion(f"{share}%", expected, up=True) or 0)


def test_a_budget_that_spares_more_than_there_are_needs_none() -> None:
    assert needed_of({"spec": {"maxUnavailable": 9}}, expected=3) == 0


def test_a_budget_without_a_bound_does_not_say_what_it_needs() -> None:
    assert needed_of({"spec": {}}, expected=3) is None


def budget(name: str, selector: Any, namespace: str = "shop") -> dict[str, Any]:
    return {
        "metadata": {"name": name, "namespace": namespace, "generation": 2},
        "spec": {"selector": selector},
        "status": {
            "observedGeneration": 2,
            "disruptionsAllowed": 1,
            "currentHealthy": 4,
            "desiredHealthy": 3,
            "expectedPods": 4,
        },
    }


def test_a_budget_counts_pods_of_its_own_namespace_only() -> None:
    here, all_, elsewhere = (
        budget("cart", {"matchLabels": {"app": "cart"}}),
        budget("all", {}),
        budget("far", {}, namespace="bank"),
    )
    nothing = budget("nothing", None)
    found = budgets_over([here, all_, elsewhere, nothing], namespace="shop", labels={"app": "cart"})
    assert found == (here, all_)


def test_an_outdated_status_allows_nothing() -> None:
    known = budget("cart", {})
    assert allowance(known).allowed == 1
    assert allowance(known).says == "cart allows 1 (4 healthy, 3 needed)"
    known["metadata"]["generation"] = 3
    assert allowance(known).allowed == 0


def rolling(kind: str, **bounds: Any) -> dict[str, Any]:
    strategy = {"type": "RollingUpdate", "rollingUpdate": bounds}
    return {"kind": kind, "spec": {"strategy": strategy, "updateStrategy": strategy}}


@pytest.mark.parametrize(
    ("workload", "replicas", "taken"),
    [
        ({"kind": "Deployment"}, 10, 2),
        (rolling("Deployment", maxUnavailable="25%", maxSurge=0), 3, 1),
        (rolling("Deployment", maxUnavailable=0, maxSurge="25%"), 3, 0),
        (rolling("Deployment", maxUnavailable=0, maxSurge=0), 3, 1),
        (rolling("Deployment", maxUnavailable=9, maxSurge=0), 3, 3),
        (rolling("Deployment", maxUnavailable="x"), 3, 3),
        ({"kind": "Deployment", "spec": {"strategy": {"type": "Recreate"}}}, 3, 3),
        ({"kind": "StatefulSet"}, 5, 1),
        (rolling("StatefulSet", maxUnavailable="10%"), 5, 1),
        (rolling("StatefulSet", maxUnavailable="50%"), 5, 2),
        (rolling("StatefulSet", maxUnavailable="x"), 5, 5),
        ({"kind": "DaemonSet"}, 5, 1),
        (rolling("DaemonSet", maxUnavailable="10%"), 15, 2),
        (rolling("DaemonSet", maxUnavailable=0, maxSurge=1), 5, 0),
        (rolling("DaemonSet", maxUnavailable="x"), 5, 5),
        ({"kind": "ReplicaSet"}, 4, 4),
    ],
)
def test_an_update_takes_as_many_pods_as_its_controller_would(
    workload: dict[str, Any], replicas: int, taken: int
) -> None:
    assert taken_by_update(workload, replicas=replicas) == taken
