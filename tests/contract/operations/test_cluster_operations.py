"""Operations of the catalogue against a cluster that reacts: real client, real HTTP, the lab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from safe_ops.errors import (
    BudgetError,
    CallRefusedError,
    GoneError,
    StaleError,
    UnknownOutcomeError,
)
from safe_ops.model.actions import CallOutcome
from safe_ops.operations.operation import Progress
from tests.contract.operations.cluster_bench import Bench, bench
from tests.lab.estate.access import OPERATOR
from tests.lab.estate.pod_status import is_ready
from tests.lab.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

CART = {"namespace": "shop", "name": "cart", "kind": "Deployment"}
CHECKOUT = {"namespace": "shop", "name": "checkout", "kind": "Deployment"}
CART_PATH = "/apis/apps/v1/namespaces/shop/deployments/cart"
CHECKOUT_PATH = "/apis/apps/v1/namespaces/shop/deployments/checkout"


@pytest.fixture
def calm() -> Iterator[Bench]:
    with bench("calm") as made:
        yield made


@pytest.fixture
def crashing() -> Iterator[Bench]:
    with bench("crash_loop") as made:
        yield made


def test_a_rollback_mends_the_crashing_deployment(crashing: Bench) -> None:
    assert crashing.refusals("rollout_undo", **CART) == []
    plan = crashing.plan("rollout_undo", **CART)
    assert crashing.rehearse(plan) == ["the API server would accept it"]
    assert crashing.desk.lab.writes() == []
    crashing.carry_out(plan)
    crashing.reached(plan)
    assert len(crashing.desk.ready("cart")) == 4
    found = crashing.desk.get(CART_PATH)
    assert found["metadata"]["annotations"]["nightdesk.dev/action"] == "A12"
    (asked,) = crashing.desk.lab.writes()
    assert asked.field_manager == "nightdesk-A12"


def test_a_rollback_that_is_taken_back_crashes_again(crashing: Bench) -> None:
    plan = crashing.plan("rollout_undo", **CART)
    crashing.carry_out(plan)
    crashing.reached(plan)
    crashing.carry_out(plan, undo=True)
    eventually(
        lambda: [pod for pod in crashing.desk.pods("cart") if not is_ready(pod["status"])],
        "the pods of the template left crash again",
    )
    assert crashing.look(plan).progress is Progress.MISSED


def test_a_rollback_whose_answer_is_lost_is_found_applied_and_not_repeated(crashing: Bench) -> None:
    plan = crashing.plan("rollout_undo", **CART)
    (step,) = plan.drawing.steps
    call = crashing.filled(plan, step)
    crashing.desk.cluster.drop_writes()
    with pytest.raises(UnknownOutcomeError):
        crashing.hands("rollout_undo").send(call)
    subject = crashing.subject("rollout_undo")
    assert subject.applied(plan, step.call, crashing.eyes()) is CallOutcome.APPLIED
    crashing.reached(plan)
    assert len(crashing.desk.lab.writes()) == 1


def test_a_call_the_server_failed_is_found_not_applied(crashing: Bench) -> None:
    plan = crashing.plan("rollout_undo", **CART)
    (step,) = plan.drawing.steps
    call = crashing.filled(plan, step)
    crashing.desk.cluster.fail(503, on="deployments/cart", times=1)
    with pytest.raises(UnknownOutcomeError):
        crashing.hands("rollout_undo").send(call)
    subject = crashing.subject("rollout_undo")
    assert subject.applied(plan, step.call, crashing.eyes()) is CallOutcome.NOT_APPLIED


def test_a_change_between_the_read_and_the_write_is_a_conflict(crashing: Bench) -> None:
    plan = crashing.plan("rollout_undo", **CART)
    call = crashing.filled(plan, plan.drawing.steps[0])
    crashing.desk.patch(CART_PATH, {"metadata": {"labels": {"touched": "yes"}}})
    with pytest.raises(CallRefusedError) as caught:
        crashing.hands("rollout_undo").send(call)
    assert (caught.value.status, caught.value.conflict) == ("422", True)


def test_a_plan_for_a_template_that_was_changed_since_is_stale(crashing: Bench) -> None:
    plan = crashing.plan("rollout_undo", **CART)
    other = {"name": "cart", "image": "registry.example.com/shop/cart:2.15.1"}
    crashing.desk.patch(CART_PATH, {"spec": {"template": {"spec": {"containers": [other]}}}})
    with pytest.raises(StaleError):
        crashing.carry_out(plan)
    assert len(crashing.desk.lab.writes()) == 1


def test_admission_refuses_at_the_rehearsal_already(crashing: Bench) -> None:
    plan = crashing.plan("rollout_undo", **CART)
    words = 'admission webhook "freeze.example.com" denied the request: no changes today'
    crashing.desk.cluster.refuse_writes(words)
    with pytest.raises(CallRefusedError, match="no changes today"):
        crashing.rehearse(plan)
    assert crashing.desk.lab.writes() == []


@pytest.mark.parametrize(("kind", "name"), [("Deployment", "cart"), ("StatefulSet", "cart-db")])
def test_a_restart_replaces_all_pods(calm: Bench, kind: str, name: str) -> None:
    before = {pod["metadata"]["uid"] for pod in calm.desk.pods(name)}
    plan = calm.plan("rollout_restart", namespace="shop", name=name, kind=kind)
    calm.rehearse(plan)
    calm.carry_out(plan)
    calm.reached(plan)
    after = {pod["metadata"]["uid"] for pod in calm.desk.ready(name)}
    assert len(after) == len(before)
    assert not after & before


def test_a_restart_of_a_daemon_set_replaces_all_pods(calm: Bench) -> None:
    plan = calm.plan("rollout_restart", namespace="platform", name="log-shipper", kind="DaemonSet")
    before = {pod["metadata"]["uid"] for pod in calm.desk.pods("log-shipper", namespace="platform")}
    calm.carry_out(plan)
    calm.reached(plan)
    after = {pod["metadata"]["uid"] for pod in calm.desk.pods("log-shipper", namespace="platform")}
    assert not after & before


def test_a_size_is_put_up_and_back(calm: Bench) -> None:
    plan = calm.plan("scale_up", **CHECKOUT, replicas=4)
    calm.rehearse(plan)
    calm.carry_out(plan)
    calm.reached(plan)
    assert len(calm.desk.ready("checkout")) == 4
    calm.carry_out(plan, undo=True)
    eventually(lambda: len(calm.desk.pods("checkout")) == 2, "it is as it was")


def test_an_evicted_pod_is_replaced(calm: Bench) -> None:
    name = calm.desk.pods("checkout")[0]["metadata"]["name"]
    plan = calm.plan("evict_pod", namespace="shop", name=name)
    calm.rehearse(plan)
    calm.carry_out(plan)
    calm.reached(plan)
    assert name not in {pod["metadata"]["name"] for pod in calm.desk.ready("checkout")}
    with pytest.raises((GoneError, StaleError)):
        calm.carry_out(plan)


def test_an_eviction_waits_for_the_budget(calm: Bench) -> None:
    one, other = (pod["metadata"]["name"] for pod in calm.desk.pods("checkout"))
    plan = calm.plan("evict_pod", namespace="shop", name=other)
    assert calm.desk.evict(one).code == 201
    with pytest.raises(BudgetError, match="needs 1 healthy pods"):
        calm.carry_out(plan)


def test_a_rollout_is_paused_and_resumed(calm: Bench) -> None:
    calm.desk.patch(
        CART_PATH,
        {"spec": {"template": {"metadata": {"annotations": {"changed": "now"}}}}},
    )
    plan = calm.plan("rollout_pause", **CART)
    calm.carry_out(plan)
    calm.reached(plan)
    assert calm.desk.get(CART_PATH)["spec"]["paused"] is True
    resumed = calm.plan("rollout_resume", **CART)
    calm.carry_out(resumed)
    calm.reached(resumed)
    assert not calm.desk.get(CART_PATH)["spec"].get("paused")


def test_bounds_of_an_autoscaler_are_changed_and_changed_back(calm: Bench) -> None:
    plan = calm.plan("hpa_bounds", namespace="shop", name="storefront", min_replicas=4)
    calm.rehearse(plan)
    calm.carry_out(plan)
    calm.reached(plan)
    eventually(lambda: len(calm.desk.ready("storefront")) == 4, "it has grown")
    calm.carry_out(plan, undo=True)
    path = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers/storefront"
    assert calm.desk.get(path)["spec"]["minReplicas"] == 3


def test_a_containers_sizes_are_changed_and_no_other(calm: Bench) -> None:
    plan = calm.plan("set_resources", **CHECKOUT, container="checkout", memory_limit="768Mi")
    calm.rehearse(plan)
    calm.carry_out(plan)
    calm.reached(plan)
    containers = calm.desk.get(CHECKOUT_PATH)["spec"]["template"]["spec"]["containers"]
    main, side = containers
    assert main["resources"]["limits"] == {"cpu": "600m", "memory": "768Mi"}
    assert side["resources"] == {"requests": {"cpu": "20m", "memory": "32Mi"}}


def test_a_node_is_cordoned_and_uncordoned(calm: Bench) -> None:
    node = calm.desk.cluster.listed("nodes")[0]["metadata"]["name"]
    plan = calm.plan("cordon", name=node)
    calm.rehearse(plan)
    calm.carry_out(plan)
    calm.reached(plan)
    path = f"/api/v1/nodes/{node}"
    assert calm.desk.get(path)["spec"]["unschedulable"] is True
    eventually(lambda: calm.desk.get(path)["spec"].get("taints"), "the taint is there")
    back = calm.plan("uncordon", name=node)
    calm.carry_out(back)
    calm.reached(back)


def test_a_drained_node_keeps_only_what_belongs_to_it(calm: Bench) -> None:
    node = calm.desk.pods("checkout")[0]["spec"]["nodeName"]
    plan = calm.plan("drain_node", name=node)
    hands = calm.hands("drain_node")
    for step in plan.drawing.steps:

        def sent(call: Any = step) -> bool:
            try:
                hands.send(calm.filled(plan, call))
            except BudgetError:
                return False
            return True

        eventually(sent, step.says)
    calm.reached(plan)


def test_a_cron_job_is_suspended(calm: Bench) -> None:
    plan = calm.plan("cronjob_suspend", namespace="shop", name="cart-cleanup", resume_after_hours=4)
    calm.rehearse(plan)
    calm.carry_out(plan)
    calm.reached(plan)
    path = "/apis/batch/v1/namespaces/shop/cronjobs/cart-cleanup"
    assert calm.desk.get(path)["spec"]["suspend"] is True


def test_a_job_is_deleted_with_its_pods(calm: Bench) -> None:
    job = calm.desk.cluster.listed("jobs.batch", "shop")[0]["metadata"]["name"]
    plan = calm.plan("delete_stuck_job", namespace="shop", name=job)
    calm.rehearse(plan)
    assert calm.desk.cluster.peek("jobs.batch", "shop", job)
    calm.carry_out(plan)
    calm.reached(plan)
    eventually(
        lambda: (
            not [
                pod
                for pod in calm.desk.cluster.listed("pods", "shop")
                if pod["metadata"]["labels"].get("job-name") == job
            ]
        ),
        "its pods are gone",
    )


def test_pods_that_ended_are_deleted_and_no_other(calm: Bench) -> None:
    def ended() -> set[str]:
        return {
            pod["metadata"]["name"]
            for pod in calm.desk.cluster.listed("pods", "shop")
            if pod["status"]["phase"] in {"Succeeded", "Failed"}
        }

    running = len(calm.desk.cluster.listed("pods", "shop")) - len(ended())
    plan = calm.plan("delete_finished_pods", namespace="shop", older_than_minutes=60)
    calm.rehearse(plan)
    assert ended()
    calm.carry_out(plan)
    calm.reached(plan)
    assert len(calm.desk.cluster.listed("pods", "shop")) - len(ended()) == running


def test_the_operators_own_rights_are_asked_for(calm: Bench) -> None:
    subject = calm.subject("rollout_restart")
    wanted = subject.parameters.model_validate(CART)
    assert all(one.allowed for one in subject.survey(wanted, calm.eyes()).permissions)
    calm.desk.cluster.deny(verb="patch", resource="deployments", who=OPERATOR)
    (permission,) = subject.survey(wanted, calm.eyes()).permissions
    assert not permission.allowed
