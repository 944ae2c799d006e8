"""A well-behaved world for each operation on pods, nodes and jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from safe_ops.model.surveys import Object


from tests.unit.safe_ops.cluster_worlds import (
    World,
    ago,
    budget,
    by_path,
    carts,
    controller,
    deployment,
    mark,
    node,
    of_deployment,
    owned,
    pod,
)


def evict_world() -> World:
    return World(
        operation="evict_pod",
        wanted={"namespace": "shop", "name": "cart-1"},
        objects=by_path(
            *deployment("cart", replicas=3),
            *carts("n1", "n2", "n3"),
            budget("cart", app="cart"),
            budget("other", app="other", allowed=0),
        ),
    )


def finished(name: str, *, minutes: float, phase: str = "Succeeded") -> Object:
    found = pod(name, phase=phase, ready=False)
    found["status"]["containerStatuses"] = [
        {"name": "app", "state": {"terminated": {"finishedAt": ago(minutes=minutes)}}}
    ]
    return found


def finished_world() -> World:
    namespace = {"kind": "Namespace", "metadata": {"name": "shop", "uid": "uid-shop"}}
    return World(
        operation="delete_finished_pods",
        wanted={"namespace": "shop", "older_than_minutes": 60},
        objects=by_path(
            namespace,
            finished("old-1", minutes=300),
            finished("old-2", minutes=200, phase="Failed"),
            finished("young", minutes=59),
            pod("cart-1"),
        ),
    )


def cordon_world() -> World:
    return World(
        operation="cordon",
        wanted={"name": "n1"},
        objects=by_path(*(node(f"n{at}") for at in range(1, 7)), *carts("n1", "n2")),
    )


def uncordon_world() -> World:
    world = cordon_world()
    world.operation = "uncordon"
    world.the("Node", "n1")["spec"]["unschedulable"] = True
    mark(world.the("Node", "n1"), "A3")
    return world


def drain_world() -> World:
    """Two carts under a budget, an api without one, a database with a volume; and what stays."""
    static = pod("etcd-n1", namespace="kube-system", owners=owned("Node", "n1", "uid-n1"))
    static["metadata"]["annotations"]["kubernetes.io/config.mirror"] = "hash"
    claim = {"name": "data", "persistentVolumeClaim": {"claimName": "data-db-0"}}
    zone = {"key": "topology.kubernetes.io/zone", "operator": "In", "values": ["a"]}
    terms = {"nodeSelectorTerms": [{"matchExpressions": [zone]}]}
    return World(
        operation="drain_node",
        wanted={"name": "n1"},
        objects=by_path(
            *(node(f"n{at}") for at in range(1, 7)),
            *deployment("cart", replicas=3),
            *deployment("api", replicas=2),
            controller("StatefulSet", "db", app="db", replicas=3),
            *carts("n1", "n1", "n2"),
            pod("api-1", owners=of_deployment("api"), labels={"app": "api"}),
            pod("api-2", node="n2", owners=of_deployment("api"), labels={"app": "api"}),
            pod(
                "db-0",
                owners=owned("StatefulSet", "db", "uid-db"),
                labels={"app": "db"},
                volumes=[claim],
            ),
            pod("proxy-x", namespace="kube-system", owners=owned("DaemonSet", "proxy", "uid-p")),
            static,
            pod("report-1", phase="Succeeded", ready=False),
            budget("cart", app="cart"),
            {
                "kind": "PersistentVolumeClaim",
                "metadata": {"name": "data-db-0", "namespace": "shop"},
                "spec": {"volumeName": "pv-1"},
            },
            {
                "kind": "PersistentVolume",
                "metadata": {"name": "pv-1"},
                "spec": {"nodeAffinity": {"required": terms}},
            },
        ),
    )


def cron_job(*, suspended: bool = False) -> Object:
    return {
        "kind": "CronJob",
        "metadata": {
            "name": "report",
            "namespace": "shop",
            "uid": "uid-report",
            "generation": 3,
            "resourceVersion": "11",
            "annotations": {},
        },
        "spec": {
            "schedule": "*/5 * * * *",
            "suspend": suspended,
            "concurrencyPolicy": "Forbid",
        },
        "status": {"active": [{"name": "report-1"}]},
    }


def stuck_job_world() -> World:
    variables = [{"name": "TOKEN", "value": "hunter2"}, {"name": "FROM", "valueFrom": {}}]
    job = {
        "kind": "Job",
        "metadata": {
            "name": "report-1",
            "namespace": "shop",
            "uid": "uid-report-1",
            "generation": 1,
            "resourceVersion": "9",
            "labels": {},
            "ownerReferences": owned("CronJob", "report", "uid-report"),
        },
        "spec": {
            "activeDeadlineSeconds": 600,
            "template": {"spec": {"containers": [{"name": "app", "env": variables}]}},
        },
        "status": {"startTime": ago(hours=2), "active": 1},
    }
    return World(
        operation="delete_stuck_job",
        wanted={"namespace": "shop", "name": "report-1"},
        objects=by_path(
            job,
            cron_job(),
            pod("report-1-x", owners=owned("Job", "report-1", "uid-report-1")),
            pod("cart-1"),
        ),
    )


def suspend_world() -> World:
    return World(
        operation="cronjob_suspend",
        wanted={"namespace": "shop", "name": "report", "resume_after_hours": 4},
        objects=by_path(cron_job()),
    )


def resume_world() -> World:
    cron = cron_job(suspended=True)
    mark(cron, "A5")
    return World(
        operation="cronjob_resume",
        wanted={"namespace": "shop", "name": "report"},
        objects=by_path(cron),
    )
