from __future__ import annotations

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.actions import CallOutcome
from safe_ops.model.plans import Tier
from safe_ops.operations.operation import Progress
from tests.unit.safe_ops.cluster_worlds import (
    World,
    ago,
    controller,
    of_deployment,
    owned,
    past,
    pod,
    set_ready,
)
from tests.unit.safe_ops.node_worlds import evict_world

EVICTION = "/api/v1/namespaces/shop/pods/cart-1/eviction"


def test_one_pod_is_evicted_by_its_uid() -> None:
    (step,) = evict_world().drawing().steps

    assert (step.call.action, step.call.path) == ("POST", EVICTION)
    assert step.call.body == {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "cart-1", "namespace": "shop"},
        "deleteOptions": {"preconditions": {"uid": "uid-cart-1"}},
    }
    assert step.gone_is_fine


def test_nothing_in_an_eviction_is_bound_late() -> None:
    world = evict_world()
    plan = world.plan()

    assert world.subject.bind(plan, plan.drawing.steps[0].call, world.eyes()) == {}


def test_the_pods_service_is_that_of_its_deployment() -> None:
    target = evict_world().drawing().target

    assert target.key == "eu/Pod/shop/cart-1"
    assert target.service_key == "eu/shop/cart"


def test_a_deployment_without_labels_is_its_own_service() -> None:
    world = evict_world()
    del world.the("Deployment", "cart", "shop")["metadata"]["labels"]

    assert world.drawing().target.service_key == "eu/Deployment/shop/cart"


def test_a_pod_that_is_not_there_is_refused() -> None:
    world = evict_world()
    world.wanted["name"] = "cart-9"

    with pytest.raises(RefusedError, match="no pod shop/cart-9") as refusal:
        world.case()

    assert refusal.value.code == "gone"


def test_with_two_ready_pods_it_is_of_the_lowest_tier() -> None:
    world = evict_world()
    set_ready(world.the("Pod", "cart-3", "shop"), "False")

    assert world.drawing().tier is Tier.T1


def test_with_one_ready_pod_it_is_of_the_second_tier() -> None:
    world = evict_world()
    set_ready(world.the("Pod", "cart-1", "shop"), "False")
    set_ready(world.the("Pod", "cart-3", "shop"), "False")

    assert world.drawing().tier is Tier.T2
    assert world.refusals() == []


def _daemon_world() -> World:
    world = evict_world()
    world.add(
        controller("DaemonSet", "proxy", app="proxy", replicas=0),
        *(
            pod(
                f"proxy-{on}",
                node=on,
                owners=owned("DaemonSet", "proxy", "uid-proxy"),
                labels={"app": "proxy"},
            )
            for on in ("n1", "n2", "n3")
        ),
    )
    world.wanted["name"] = "proxy-n1"
    return world


def test_no_other_pod_stands_in_for_one_of_a_daemon_set() -> None:
    world = _daemon_world()

    assert world.drawing().tier is Tier.T2
    assert world.refusals() == []


def test_the_card_says_which_share_and_which_budget_it_touches() -> None:
    assert evict_world().drawing().blast_radius == (
        "1 of 3 pods of Deployment shop/cart (33 %), 3 of them ready",
        "disruption budget cart allows 1 (3 healthy, 2 needed)",
    )


def test_the_card_says_that_no_budget_counts_the_pod() -> None:
    world = evict_world()
    world.remove("PodDisruptionBudget", "cart", "shop")

    assert world.drawing().blast_radius[1] == "no disruption budget counts shop/cart-1"
    assert world.refusals() == []


@pytest.mark.parametrize("kind", ["Job", "Rollout"])
def test_a_controller_that_is_not_known_to_replace_pods_is_not_enough(kind: str) -> None:
    world = evict_world()
    cart = world.the("Pod", "cart-1", "shop")
    cart["metadata"]["ownerReferences"] = owned(kind, "cart", "uid-x")

    assert "controlled" in world.refusals()
    assert world.drawing().blast_radius[0] == f"1 of 0 pods of {kind} shop/cart, 0 of them ready"


def test_a_controller_that_was_made_anew_does_not_count() -> None:
    world = evict_world()
    world.the("ReplicaSet", "cart-7d", "shop")["metadata"]["uid"] = "another"

    assert "controlled" in world.refusals()


def test_a_controller_that_is_gone_does_not_count() -> None:
    world = evict_world()
    world.remove("ReplicaSet", "cart-7d", "shop")

    assert "controlled" in world.refusals()


def test_a_replica_set_of_an_unknown_kind_of_controller_replaces_its_pods() -> None:
    world = evict_world()
    owners = owned("Rollout", "cart", "uid-r")
    world.the("ReplicaSet", "cart-7d", "shop")["metadata"]["ownerReferences"] = owners

    assert world.refusals() == []
    assert world.drawing().target.service_key == "eu/Rollout/shop/cart"


def test_a_pod_that_is_shutting_down_is_not_evicted() -> None:
    world = evict_world()
    world.the("Pod", "cart-1", "shop")["metadata"]["deletionTimestamp"] = ago(minutes=1)

    assert world.refusals() == ["pod-running"]


def test_the_last_ready_pod_stays_even_where_others_are_starting() -> None:
    world = evict_world()
    for name in ("cart-2", "cart-3"):
        set_ready(world.the("Pod", name, "shop"), "False")

    assert world.refusals() == ["last-ready-pod"]


def test_a_pod_of_two_budgets_is_refused() -> None:
    world = evict_world()
    twin = world.the("PodDisruptionBudget", "other", "shop")
    twin["spec"]["selector"] = {"matchLabels": {"app": "cart"}}
    twin["status"]["disruptionsAllowed"] = 1

    assert world.refusals() == ["disruption-budget"]


def test_a_budget_whose_status_is_of_an_older_specification_allows_nothing() -> None:
    world = evict_world()
    world.the("PodDisruptionBudget", "cart", "shop")["metadata"]["generation"] = 2

    assert world.refusals() == ["disruption-budget"]


@pytest.mark.parametrize(
    ("operation", "minutes", "service", "refused"),
    [
        ("evict_pod", 14.9, "eu/shop/cart", True),
        ("rollout_restart", 1, "eu/shop/cart", True),
        ("evict_pod", 15, "eu/shop/cart", False),
        ("scale_up", 1, "eu/shop/cart", False),
        ("evict_pod", 1, "eu/shop/api", False),
    ],
)
def test_a_service_rests_a_quarter_of_an_hour_between_restarts(
    operation: str, minutes: float, service: str, *, refused: bool
) -> None:
    world = evict_world()
    world.around["recent"] = (past(operation, minutes=minutes, service=service),)

    assert world.refusals() == (["rest-between-restarts"] if refused else [])


def test_the_deadline_is_as_long_as_the_slowest_start() -> None:
    world = evict_world()
    assert world.drawing().verification.deadline_s == 300 + 30

    spec = world.the("Pod", "cart-1", "shop")["spec"]
    probe = {"initialDelaySeconds": 20, "failureThreshold": 60}
    spec["containers"].append({"name": "slow", "startupProbe": probe})
    spec["terminationGracePeriodSeconds"] = 45

    assert world.drawing().verification.deadline_s == 20 + 60 * 10 + 45


def test_an_eviction_cannot_be_undone_and_says_so() -> None:
    drawing = evict_world().drawing()

    assert drawing.undo == ()
    assert "does not come back" in drawing.cannot_be_undone


def test_it_is_missed_while_the_pod_stands_as_before() -> None:
    world = evict_world()

    assert world.subject.look(world.plan(), world.eyes()).progress is Progress.MISSED


def test_it_waits_while_the_pod_shuts_down() -> None:
    world = evict_world()
    plan = world.plan()
    world.the("Pod", "cart-1", "shop")["metadata"]["deletionTimestamp"] = ago(seconds=1)

    look = world.subject.look(plan, world.eyes())

    assert (look.progress, look.says) == (Progress.WAITING, "cart-1 is shutting down")


def test_it_waits_for_the_replacement_to_be_ready() -> None:
    world = evict_world()
    plan = world.plan()
    world.remove("Pod", "cart-1", "shop")
    assert world.subject.look(plan, world.eyes()).says == (
        "cart-1 is gone; no pod was made in its place yet"
    )

    labels = {"app": "cart"}
    world.add(pod("cart-4", owners=of_deployment("cart"), labels=labels, ready=False))
    look = world.subject.look(plan, world.eyes())
    assert (look.progress, look.says) == (
        Progress.WAITING,
        "cart-1 is gone; cart-4 is not ready yet",
    )

    set_ready(world.the("Pod", "cart-4", "shop"), "True")
    look = world.subject.look(plan, world.eyes())
    assert (look.progress, look.says) == (
        Progress.REACHED,
        "cart-1 is gone; cart-4 is ready in its place",
    )


def test_a_pod_made_anew_under_the_same_name_is_the_replacement() -> None:
    world = evict_world()
    plan = world.plan()
    world.the("Pod", "cart-1", "shop")["metadata"]["uid"] = "another"

    assert world.subject.look(plan, world.eyes()).progress is Progress.REACHED


def test_whether_a_lost_eviction_took_effect_is_read_from_the_pod() -> None:
    world = evict_world()
    plan = world.plan()
    call = plan.drawing.steps[0].call
    operation = world.subject
    assert operation.applied(plan, call, world.eyes()) is CallOutcome.NOT_APPLIED

    cart = world.the("Pod", "cart-1", "shop")
    cart["metadata"]["deletionTimestamp"] = ago(seconds=1)
    assert operation.applied(plan, call, world.eyes()) is CallOutcome.APPLIED

    world.remove("Pod", "cart-1", "shop")
    assert operation.applied(plan, call, world.eyes()) is CallOutcome.APPLIED

    world.add(pod("cart-1") | {"metadata": cart["metadata"] | {"uid": "another"}})
    assert operation.applied(plan, call, world.eyes()) is CallOutcome.APPLIED


def test_a_pod_without_a_node_is_named_so() -> None:
    world = evict_world()
    del world.the("Pod", "cart-1", "shop")["spec"]["nodeName"]

    assert world.drawing().changes[0].before == "cart-1 on no node"
