from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from safe_ops.errors import RefusedError
from safe_ops.model.plans import Tier
from safe_ops.operations.evicting import evicted_uid
from tests.unit.safe_ops.cluster_worlds import World, controller, mark, owned, pod, set_ready
from tests.unit.safe_ops.node_worlds import drain_world

if TYPE_CHECKING:
    from safe_ops.model.plans import Plan, Step
    from safe_ops.model.surveys import Object
    from safe_ops.operations.operation import Progress


def _drained(world: World) -> None:
    """Leave the cluster as a drain that went well leaves it."""
    node = world.the("Node", "n1")
    node["spec"]["unschedulable"] = True
    mark(node, "A7")
    for name in ("cart-1", "cart-2", "api-1", "db-0"):
        world.remove("Pod", name, "shop")


def _eviction(plan: Plan, name: str) -> Step:
    return next(step for step in plan.drawing.steps if step.says == f"evict pod shop/{name}")


def _look(world: World, plan: Plan) -> tuple[Progress, str]:
    look = world.subject.look(plan, world.eyes())
    return look.progress, look.says


def test_the_node_is_cordoned_before_anything_is_evicted() -> None:
    first, *others = drain_world().drawing().steps

    assert (first.says, first.group) == ("cordon node n1", "")
    assert all(step.call.path.endswith("/eviction") and step.group for step in others)


def test_every_pod_of_a_workload_is_evicted_by_its_uid() -> None:
    steps = drain_world().drawing().steps[1:]

    assert [(step.says, evicted_uid(step.call)) for step in steps] == [
        ("evict pod shop/api-1", "uid-api-1"),
        ("evict pod shop/cart-1", "uid-cart-1"),
        ("evict pod shop/cart-2", "uid-cart-2"),
        ("evict pod shop/db-0", "uid-db-0"),
    ]
    assert all(step.gone_is_fine for step in steps)


def test_evictions_of_one_budget_or_one_workload_follow_one_another() -> None:
    groups = {step.says.split("/")[1]: step.group for step in drain_world().drawing().steps[1:]}

    assert groups == {
        "api-1": "Deployment shop/api",
        "cart-1": "PodDisruptionBudget shop/cart",
        "cart-2": "PodDisruptionBudget shop/cart",
        "db-0": "StatefulSet shop/db",
    }


def test_what_stays_is_named() -> None:
    assert drain_world().drawing().notes == (
        "kube-system/proxy-x: of daemon sets, stay",
        "kube-system/etcd-n1: the kubelet's own, stay",
        "shop/report-1: ended or ending, are left alone",
        "1 volumes have to be attached elsewhere",
    )


def test_the_card_says_how_much_of_each_workload_it_takes() -> None:
    world = drain_world()
    assert world.drawing().blast_radius == (
        "4 pods of 3 workloads are evicted",
        "Deployment shop/api: 1 of 2 pods",
        "Deployment shop/cart: 2 of 3 pods",
        "StatefulSet shop/db: 1 of 3 pods",
        "disruption budget cart allows 1 (3 healthy, 2 needed)",
    )

    world.the("StatefulSet", "db", "shop")["spec"]["replicas"] = 1
    assert world.drawing().blast_radius[3] == (
        "StatefulSet shop/db: 1 of 1 pods; it is down until another is ready"
    )


def test_a_drain_is_of_the_third_tier_and_goes_back_to_schedulable() -> None:
    drawing = drain_world().drawing()

    assert drawing.tier is Tier.T3
    assert [step.says for step in drawing.undo] == ["uncordon node n1, as it was"]


def test_a_node_that_was_cordoned_before_is_marked_ours_and_stays_cordoned_after_an_undo() -> None:
    world = drain_world()
    world.the("Node", "n1")["spec"]["unschedulable"] = True
    drawing = world.drawing()

    assert world.refusals() == []
    assert drawing.steps[0].says == "cordon node n1"
    assert drawing.undo[0].call.body == {
        "metadata": {"resourceVersion": "$rv", "annotations": {"nightdesk.dev/action": None}},
        "spec": {"unschedulable": True},
    }


def test_permission_is_asked_for_each_namespace() -> None:
    world = drain_world()
    world.add(
        controller("StatefulSet", "queue", namespace="jobs", app="queue", replicas=2),
        pod("queue-0", namespace="jobs", owners=owned("StatefulSet", "queue", "uid-queue")),
    )

    assert [one.says for one in world.case().survey.permissions] == [
        "patch nodes n1",
        "create pods/eviction in jobs",
        "create pods/eviction in shop",
    ]


def test_a_node_that_is_not_there_is_refused() -> None:
    world = drain_world()
    world.wanted["name"] = "n9"

    with pytest.raises(RefusedError, match="no node n9"):
        world.case()


def test_an_empty_node_is_only_cordoned() -> None:
    world = drain_world()
    world.wanted["name"] = "n3"

    assert [step.says for step in world.drawing().steps] == ["cordon node n3"]
    assert world.refusals() == []


def test_pods_of_the_daemon_set_and_mirrors_may_keep_files_there() -> None:
    world = drain_world()
    for name in ("proxy-x", "etcd-n1"):
        world.the("Pod", name, "kube-system")["spec"]["volumes"] = [{"name": "x", "emptyDir": {}}]

    assert world.refusals() == []


@pytest.mark.parametrize(
    ("paths", "volume", "refused"),
    [
        (["/run"], {"emptyDir": {}}, False),
        (["/var/run/", "/run/cache"], {"emptyDir": {"medium": "Memory"}}, False),
        (["/runs"], {"emptyDir": {}}, True),
        (["/run", "/data"], {"emptyDir": {}}, True),
        (["/run"], {"ephemeral": {}}, True),
        (["/data"], {"configMap": {}}, False),
    ],
)
def test_only_scratch_may_be_lost(paths: list[str], volume: Object, *, refused: bool) -> None:
    world = drain_world()
    spec = world.the("Pod", "api-1", "shop")["spec"]
    spec["volumes"] = [{"name": "v"} | volume]
    mounts = [{"name": "v", "mountPath": path} for path in paths]
    spec["containers"][0]["volumeMounts"] = [*mounts, {"name": "other", "mountPath": "/etc/app"}]

    assert world.refusals() == (["local-files"] if refused else [])


def test_an_init_containers_files_count_too() -> None:
    world = drain_world()
    spec = world.the("Pod", "api-1", "shop")["spec"]
    spec["volumes"] = [{"name": "v", "emptyDir": {}}]
    spec["initContainers"] = [
        {"name": "copy", "volumeMounts": [{"name": "v", "mountPath": "/data"}]}
    ]

    assert world.refusals() == ["local-files"]


def test_our_own_pods_are_not_evicted() -> None:
    world = drain_world()
    world.add(
        controller("StatefulSet", "operator", namespace="nightdesk", app="operator", replicas=1),
        pod(
            "operator-0",
            namespace="nightdesk",
            owners=owned("StatefulSet", "operator", "uid-operator"),
        ),
    )

    assert world.refusals() == ["protected-pods"]


def test_a_pod_whose_controller_is_gone_is_not_evicted() -> None:
    world = drain_world()
    world.remove("StatefulSet", "db", "shop")

    assert world.refusals() == ["replaceable-pods"]


def test_of_many_pods_in_the_way_five_are_named() -> None:
    world = drain_world()
    world.add(*(pod(f"debug-{at}") for at in range(1, 8)))
    case = world.case()
    guard = next(one for one in world.subject.guards if one.name == "replaceable-pods")

    says = guard.decide(case).says

    assert says.startswith("shop/debug-1, shop/debug-2, shop/debug-3, shop/debug-4, shop/debug-5 ")
    assert "and 2 more:" in says


def test_of_many_nodes_that_are_down_five_are_named() -> None:
    world = drain_world()
    for at in range(1, 7):
        set_ready(world.the("Node", f"n{at}"), "False")
    guard = next(one for one in world.subject.guards if one.name == "unhealthy-share")

    says = guard.decide(world.case()).says

    assert "6 of 6 nodes are not ready (n1, n2, n3, n4, n5 and 1 more)" in says


def test_a_node_without_budgets_says_so() -> None:
    world = drain_world()
    world.remove("PodDisruptionBudget", "cart", "shop")
    guard = next(one for one in world.subject.guards if one.name == "budgets-allow")

    assert guard.decide(world.case()).says == "no budgets"


def test_a_node_with_more_pods_than_can_be_told_of_is_not_drained() -> None:
    world = drain_world()
    world.add(*[pod(f"many-{number}") for number in range(501)])
    with pytest.raises(RefusedError, match="n1 has 505 pods, and at most 500 are drained at once"):
        world.drawing()
