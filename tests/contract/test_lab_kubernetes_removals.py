"""How the lab's API server lets go of things: evictions by budget, deletions of pods and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.operator_desk import OperatorDesk
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.waiting import eventually
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

Object = dict[str, Any]

APPS = "/apis/apps/v1/namespaces/shop"
CART = f"{APPS}/deployments/cart"
CHECKOUT = f"{APPS}/deployments/checkout"
PODS = "/api/v1/namespaces/shop/pods"
JOBS = "/apis/batch/v1/namespaces/shop/jobs"
BUDGETS = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets"
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
ANNOTATE = {"metadata": {"annotations": {"nightdesk.dev/action": "a-1"}}}


@pytest.fixture
def desk() -> Iterator[OperatorDesk]:
    with KubernetesLab(World.load("calm").cluster("prod-eu")) as lab:
        yield OperatorDesk(lab)


def first_job(desk: OperatorDesk) -> str:
    job = desk.cluster.listed("jobs.batch", "shop")[0]
    return str(job["metadata"]["name"])


def pods_of_job(desk: OperatorDesk, job: str) -> list[Object]:
    return [
        pod
        for pod in desk.cluster.listed("pods", "shop")
        if pod["metadata"]["labels"].get("job-name") == job
    ]


def test_an_evicted_pod_is_replaced_under_another_uid(desk: OperatorDesk) -> None:
    before = {pod["metadata"]["name"]: pod["metadata"]["uid"] for pod in desk.pods("checkout")}
    name = min(before)
    said = desk.evict(name, uid=before[name])
    assert (said.code, said.body["status"]) == (201, "Success")
    going = desk.cluster.peek("pods", "shop", name)
    assert going is None or "deletionTimestamp" in going["metadata"]
    eventually(
        lambda: (
            len({pod["metadata"]["uid"] for pod in desk.ready("checkout")} - {before[name]}) == 2
        ),
        "two others are ready",
    )


def test_the_budget_decides_and_recovers(desk: OperatorDesk) -> None:
    one, other = (pod["metadata"]["name"] for pod in desk.pods("checkout"))
    assert desk.evict(one, query="?dryRun=All").code == 201
    assert desk.get(f"{BUDGETS}/checkout")["status"]["disruptionsAllowed"] == 1
    assert desk.evict(one).code == 201
    said = desk.evict(other)
    assert said.code == 429
    assert said.message == "Cannot evict pod as it would violate the pod's disruption budget."
    (cause,) = said.body["details"]["causes"]
    assert cause["reason"] == "DisruptionBudget"
    assert cause["message"].startswith("The disruption budget checkout needs 1 healthy pods")
    eventually(
        lambda: desk.get(f"{BUDGETS}/checkout")["status"]["disruptionsAllowed"] == 1,
        "the budget has room again",
    )
    assert desk.evict(other).code == 201


def test_a_pod_with_two_budgets_cannot_be_evicted(desk: OperatorDesk) -> None:
    second = desk.cluster.get("PodDisruptionBudget", "checkout", "shop")
    second["metadata"] = {"name": "checkout-2", "namespace": "shop", "generation": 1}
    desk.cluster.apply(second)
    said = desk.evict(desk.pods("checkout")[0]["metadata"]["name"])
    assert said.code == 500
    assert "more than one PodDisruptionBudget" in said.message


def test_a_budget_that_is_not_observed_yet_says_when_to_ask_again(desk: OperatorDesk) -> None:
    budget = desk.cluster.get("PodDisruptionBudget", "checkout", "shop")
    budget["metadata"]["generation"] += 1
    desk.cluster.apply(budget)
    said = desk.evict(desk.pods("checkout")[0]["metadata"]["name"])
    assert (said.code, said.headers["retry-after"]) == (429, "10")


def test_an_eviction_meant_for_another_pod_of_that_name_is_a_conflict(desk: OperatorDesk) -> None:
    assert desk.evict("cart-db-0", uid="before").code == 409
    assert desk.evict("cart-db-7").code == 404


def test_a_crashing_pod_takes_nothing_from_a_budget_that_is_kept() -> None:
    with KubernetesLab(World.load("crash_loop").cluster("prod-eu")) as lab:
        desk = OperatorDesk(lab)
        crashing = next(
            pod
            for pod in desk.pods("cart")
            if pod["status"]["containerStatuses"][0]["restartCount"]
        )
        assert desk.get(f"{BUDGETS}/cart")["status"]["disruptionsAllowed"] == 0
        assert desk.evict(crashing["metadata"]["name"]).code == 201


# Deletions


def test_a_deleted_pod_of_a_set_comes_back_under_its_name(desk: OperatorDesk) -> None:
    before = desk.get(f"{PODS}/cart-db-1")["metadata"]["uid"]
    wrong = desk.ask("DELETE", f"{PODS}/cart-db-1", {"preconditions": {"uid": "other"}})
    assert wrong.code == 409
    assert "UID in precondition: other" in wrong.message
    said = desk.ask("DELETE", f"{PODS}/cart-db-1", {"preconditions": {"uid": before}})
    assert said.code == 200

    def back() -> bool:
        found = desk.cluster.peek("pods", "shop", "cart-db-1")
        return found is not None and found["metadata"]["uid"] != before

    eventually(back, "cart-db-1 is back")


@pytest.mark.parametrize("policy", ["Foreground", "Background"])
def test_a_deleted_job_takes_its_pods_with_it(desk: OperatorDesk, policy: str) -> None:
    job = first_job(desk)
    assert pods_of_job(desk, job)
    meta = desk.get(f"{JOBS}/{job}")["metadata"]
    said = desk.ask(
        "DELETE",
        f"{JOBS}/{job}",
        {
            "preconditions": {"uid": meta["uid"], "resourceVersion": meta["resourceVersion"]},
            "propagationPolicy": policy,
        },
    )
    assert said.code == 200
    eventually(lambda: not pods_of_job(desk, job), "the job's pods are gone")
    eventually(lambda: desk.ask("GET", f"{JOBS}/{job}").code == 404, "the job is gone")


def test_a_job_deleted_without_a_word_leaves_its_pods(desk: OperatorDesk) -> None:
    job = first_job(desk)
    assert desk.ask("DELETE", f"{JOBS}/{job}").code == 200
    assert desk.ask("GET", f"{JOBS}/{job}").code == 404
    (pod,) = pods_of_job(desk, job)
    assert "ownerReferences" not in pod["metadata"]


def test_a_deletion_for_another_version_is_a_conflict(desk: OperatorDesk) -> None:
    job = first_job(desk)
    said = desk.ask("DELETE", f"{JOBS}/{job}", {"preconditions": {"resourceVersion": "1"}})
    assert said.code == 409
    assert desk.get(f"{JOBS}/{job}")
