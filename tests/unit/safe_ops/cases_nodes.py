"""For each guard of operations on pods, nodes and jobs, what makes exactly that guard refuse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.unit.safe_ops.cluster_worlds import ago, budget, mark, owned, past, pod, set_ready
from tests.unit.safe_ops.node_worlds import (
    cordon_world,
    drain_world,
    evict_world,
    finished_world,
    resume_world,
    stuck_job_world,
    suspend_world,
    uncordon_world,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.safe_ops.cluster_worlds import World

WORLDS: dict[str, Callable[[], World]] = {
    "evict_pod": evict_world,
    "delete_finished_pods": finished_world,
    "cordon": cordon_world,
    "uncordon": uncordon_world,
    "drain_node": drain_world,
    "delete_stuck_job": stuck_job_world,
    "cronjob_suspend": suspend_world,
    "cronjob_resume": resume_world,
}


def _bare_and_unready(world: World) -> None:
    cart = world.the("Pod", "cart-1", "shop")
    cart["metadata"]["ownerReferences"] = []
    set_ready(cart, "False")


def _ended(world: World) -> None:
    world.the("Pod", "cart-1", "shop")["status"]["phase"] = "Failed"


def _others_unready(world: World) -> None:
    set_ready(world.the("Pod", "cart-2", "shop"), "False")
    set_ready(world.the("Pod", "cart-3", "shop"), "False")


def _budget_spent(world: World) -> None:
    world.the("PodDisruptionBudget", "cart", "shop")["status"]["disruptionsAllowed"] = 0


def _evicted_before(world: World) -> None:
    world.around["recent"] = (past("evict_pod", minutes=14),)


def _namespace_ends(world: World) -> None:
    world.the("Namespace", "shop")["metadata"]["deletionTimestamp"] = ago(minutes=1)


def _control_plane(world: World) -> None:
    labels = world.the("Node", "n1")["metadata"]["labels"]
    labels["node-role.kubernetes.io/control-plane"] = ""


def _two_down(world: World) -> None:
    set_ready(world.the("Node", "n5"), "False")
    set_ready(world.the("Node", "n6"), "Unknown")


def _another_held(world: World) -> None:
    other = world.the("Node", "n6")
    other["spec"]["unschedulable"] = True
    mark(other, "A2")


def _one_left(world: World) -> None:
    for name in ("n3", "n4", "n5", "n6"):
        world.the("Node", name)["spec"]["unschedulable"] = True


def _ready_just_now(world: World) -> None:
    ready = world.the("Node", "n1")["status"]["conditions"][-1]
    ready["lastTransitionTime"] = ago(minutes=4)


def _disk_pressure(world: World) -> None:
    world.the("Node", "n1")["status"]["conditions"][1]["status"] = "True"


def _going(world: World) -> None:
    taint = {"key": "ToBeDeletedByClusterAutoscaler", "effect": "NoSchedule"}
    world.the("Node", "n1")["spec"]["taints"] = [taint]


def _silent(world: World) -> None:
    set_ready(world.the("Node", "n1"), "Unknown")


def _too_large(world: World) -> None:
    container = world.the("Pod", "api-1", "shop")["spec"]["containers"][0]
    container["resources"]["requests"]["cpu"] = "64"


def _bare_pod(world: World) -> None:
    world.add(pod("debug"))


def _protected_pod(world: World) -> None:
    labels = world.the("Pod", "api-1", "shop")["metadata"]["labels"]
    labels["nightdesk.dev/protected"] = ""


def _job_pod(world: World) -> None:
    world.add(pod("import-x", owners=owned("Job", "import", "uid-import")))


def _files(world: World) -> None:
    spec = world.the("Pod", "api-1", "shop")["spec"]
    spec["volumes"] = [{"name": "cache", "emptyDir": {}}]
    spec["containers"][0]["volumeMounts"] = [{"name": "cache", "mountPath": "/data"}]


def _second_budget(world: World) -> None:
    world.add(budget("twice", app="cart"))


def _within_deadline(world: World) -> None:
    world.the("Job", "report-1", "shop")["spec"]["activeDeadlineSeconds"] = 86_400


def _job_suspended(world: World) -> None:
    world.the("Job", "report-1", "shop")["spec"]["suspend"] = True


def _of_workflow(world: World) -> None:
    owners = owned("Workflow", "nightly", "uid-nightly")
    world.the("Job", "report-1", "shop")["metadata"]["ownerReferences"] = owners


def _keep_job(world: World) -> None:
    world.the("Job", "report-1", "shop")["metadata"]["labels"]["nightdesk.dev/keep"] = ""


def _keep_cron_job(world: World) -> None:
    world.the("CronJob", "report", "shop")["metadata"]["annotations"]["nightdesk.dev/keep"] = "yes"


def _of_argo(world: World) -> None:
    cron: Any = world.the("CronJob", "report", "shop")
    cron["metadata"]["annotations"]["argocd.argoproj.io/tracking-id"] = "shop"


def _suspended_by_others(world: World) -> None:
    world.the("CronJob", "report", "shop")["metadata"]["annotations"].clear()


CASES: dict[tuple[str, str], Callable[[World], None]] = {
    ("evict_pod", "controlled"): _bare_and_unready,
    ("evict_pod", "pod-running"): _ended,
    ("evict_pod", "last-ready-pod"): _others_unready,
    ("evict_pod", "disruption-budget"): _budget_spent,
    ("evict_pod", "rest-between-restarts"): _evicted_before,
    ("delete_finished_pods", "namespace-stays"): _namespace_ends,
    ("cordon", "no-control-plane"): _control_plane,
    ("cordon", "unhealthy-share"): _two_down,
    ("cordon", "nodes-released"): _another_held,
    ("cordon", "schedulable-nodes-left"): _one_left,
    ("uncordon", "no-control-plane"): _control_plane,
    ("uncordon", "ready-for-a-while"): _ready_just_now,
    ("uncordon", "conditions-clear"): _disk_pressure,
    ("uncordon", "not-being-removed"): _going,
    ("drain_node", "no-control-plane"): _control_plane,
    ("drain_node", "unhealthy-share"): _two_down,
    ("drain_node", "nodes-released"): _another_held,
    ("drain_node", "schedulable-nodes-left"): _one_left,
    ("drain_node", "node-answers"): _silent,
    ("drain_node", "room-elsewhere"): _too_large,
    ("drain_node", "replaceable-pods"): _bare_pod,
    ("drain_node", "protected-pods"): _protected_pod,
    ("drain_node", "running-jobs"): _job_pod,
    ("drain_node", "local-files"): _files,
    ("drain_node", "one-budget-each"): _second_budget,
    ("drain_node", "budgets-allow"): _budget_spent,
    ("delete_stuck_job", "stuck"): _within_deadline,
    ("delete_stuck_job", "not-suspended"): _job_suspended,
    ("delete_stuck_job", "known-owner"): _of_workflow,
    ("delete_stuck_job", "not-kept"): _keep_job,
    ("cronjob_suspend", "not-kept"): _keep_cron_job,
    ("cronjob_suspend", "ownership"): _of_argo,
    ("cronjob_resume", "suspended-by-us"): _suspended_by_others,
    ("cronjob_resume", "not-kept"): _keep_cron_job,
    ("cronjob_resume", "ownership"): _of_argo,
}
