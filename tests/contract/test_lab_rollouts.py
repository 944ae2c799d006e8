"""What the lab's controllers make of a change: rollouts, sizes, drains, as a cluster's would."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.contract.lab_clusters import KUBECTL, NO_KUBECTL
from tests.contract.operator_desk import JSON_PATCH, OperatorDesk, condition
from tests.lab.clock import LabClock
from tests.lab.estate.pod_status import is_ready
from tests.lab.kubernetes.server import KubernetesLab
from tests.lab.tls import issue, tls_in_front
from tests.lab.waiting import eventually
from tests.lab.world import World

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Object = dict[str, Any]

APPS = "/apis/apps/v1/namespaces/shop"
CART = f"{APPS}/deployments/cart"
CHECKOUT = f"{APPS}/deployments/checkout"
REVISION = "deployment.kubernetes.io/revision"
RESTARTED = "kubectl.kubernetes.io/restartedAt"
RESTART = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: "2026-11-21T08:25:00Z"}}}}}
SCALERS = "/apis/autoscaling/v2/namespaces/shop/horizontalpodautoscalers"


def desk_of(scenario: str) -> Iterator[OperatorDesk]:
    with KubernetesLab(World.load(scenario).cluster("prod-eu")) as lab:
        yield OperatorDesk(lab)


@pytest.fixture
def calm() -> Iterator[OperatorDesk]:
    yield from desk_of("calm")


@pytest.fixture
def crashing() -> Iterator[OperatorDesk]:
    yield from desk_of("crash_loop")


@pytest.fixture
def kubectl(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[str], subprocess.CompletedProcess[str]]]:
    """The real kubectl, as operator of the test's desk; it sends tokens over TLS only."""
    if not KUBECTL.is_file():
        pytest.skip(NO_KUBECTL)
    wanted = "crashing" if "crashing" in request.fixturenames else "calm"
    lab = request.getfixturevalue(wanted).lab
    certificate = issue(tmp_path)
    with tls_in_front(certificate.context(), lab.url) as url:
        cluster = {"server": url, "certificate-authority": str(certificate.cert)}
        config = {
            "current-context": "lab",
            "clusters": [{"name": "lab", "cluster": cluster}],
            "users": [{"name": "operator", "user": {"token": lab.operator_token}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab", "user": "operator"}}],
        }
        path = tmp_path / "config"
        path.write_text(yaml.safe_dump(config), encoding="utf-8")

        def run(command: str) -> subprocess.CompletedProcess[str]:
            return subprocess.run(  # noqa: S603  # the wheel's own program, with words of the tests
                [str(KUBECTL), *command.split()],
                env={"HOME": str(tmp_path), "KUBECONFIG": str(path), "PATH": ""},
                capture_output=True,
                text=True,
                check=False,
                timeout=20,
            )

        yield run


def sets_of(desk: OperatorDesk, app: str) -> dict[int, Object]:
    """The ReplicaSets of an app by revision."""
    return {
        int(one["metadata"]["annotations"][REVISION]): one
        for one in desk.cluster.listed("replicasets.apps", "shop")
        if one["metadata"]["labels"].get("app") == app
    }


def undo(desk: OperatorDesk, path: str, app: str, *, to: int) -> None:
    """Roll back as kubectl does: the template of an earlier ReplicaSet, without its hash."""
    template = sets_of(desk, app)[to]["spec"]["template"]
    labels = {k: v for k, v in template["metadata"]["labels"].items() if k != "pod-template-hash"}
    value = template | {"metadata": {"labels": labels}}
    said = desk.patch(
        path, [{"op": "replace", "path": "/spec/template", "value": value}], kind=JSON_PATCH
    )
    assert said.code == 200, said.message


def crashed(desk: OperatorDesk, *, revision: int) -> list[Object]:
    """The crashing pods of a revision of cart."""
    made = sets_of(desk, "cart").get(revision)
    if made is None:
        return []
    marker = made["metadata"]["labels"]["pod-template-hash"]
    return [
        pod
        for pod in desk.pods("cart")
        if pod["metadata"]["labels"]["pod-template-hash"] == marker
        and pod["status"]["containerStatuses"][0]["state"].get("waiting", {}).get("reason")
        == "CrashLoopBackOff"
    ]


def restarts(pod: Object) -> int:
    return max(int(one["restartCount"]) for one in pod["status"]["containerStatuses"])


def test_a_restart_replaces_every_pod_and_never_leaves_too_few(calm: OperatorDesk) -> None:
    before = {pod["metadata"]["uid"] for pod in calm.pods("cart")}
    least = 4
    calm.patch(CART, RESTART)

    def done() -> bool:
        nonlocal least
        least = min(least, len(calm.ready("cart")))
        new = {pod["metadata"]["uid"] for pod in calm.ready("cart")}
        return len(new) == 4 and not new & before

    eventually(done, "all pods are new")
    assert least >= 3
    found = calm.rolled_out(CART)
    assert found["metadata"]["annotations"][REVISION] == "28"
    assert condition(found, "Progressing")["reason"] == "NewReplicaSetAvailable"
    assert {pod["metadata"]["annotations"][RESTARTED] for pod in calm.pods("cart")}


def test_an_undo_uses_the_old_replica_set_again_under_a_new_revision(
    crashing: OperatorDesk,
) -> None:
    healthy = sets_of(crashing, "cart")[27]["metadata"]
    undo(crashing, CART, "cart", to=27)
    found = crashing.rolled_out(CART)
    assert found["metadata"]["annotations"][REVISION] == "29"
    after = sets_of(crashing, "cart")
    assert sorted(after) == [25, 26, 28, 29]
    assert after[29]["metadata"]["uid"] == healthy["uid"]
    assert after[28]["status"]["replicas"] == 0
    assert all(restarts(pod) == 0 and is_ready(pod["status"]) for pod in crashing.pods("cart"))
    assert condition(found, "Available")["status"] == "True"


def test_a_template_that_crashed_crashes_again(crashing: OperatorDesk) -> None:
    undo(crashing, CART, "cart", to=27)
    crashing.rolled_out(CART)
    undo(crashing, CART, "cart", to=28)

    eventually(lambda: len(crashed(crashing, revision=30)) == 2, "the new pods crash")
    assert len(crashing.ready("cart")) == 3
    found = crashing.get(CART)
    assert found["status"]["updatedReplicas"] == 2
    pod = crashed(crashing, revision=30)[0]["metadata"]["name"]
    log = crashing.cluster.log("shop", pod, "cart", previous=True)
    assert any("cannot reach database" in line.text for line in log)


def test_a_restart_of_a_crashing_deployment_does_not_mend_it(crashing: OperatorDesk) -> None:
    crashing.patch(CART, RESTART)
    eventually(lambda: len(crashed(crashing, revision=29)) == 2, "the new pods crash too")
    assert len(crashing.ready("cart")) == 3


def test_a_rollout_that_does_not_get_on_runs_out_of_time() -> None:
    clock = LabClock()
    world = World.load("crash_loop", clock=clock)
    with KubernetesLab(world.cluster("prod-eu")) as lab:
        desk = OperatorDesk(lab)
        desk.patch(CART, RESTART)
        eventually(lambda: len(crashed(desk, revision=29)) == 2, "the new pods crash")
        assert condition(desk.get(CART), "Progressing")["reason"] == "ReplicaSetUpdated"
        clock.advance(700)
        eventually(
            lambda: (
                condition(desk.get(CART), "Progressing")["reason"] == "ProgressDeadlineExceeded"
            ),
            "the deadline has passed",
        )


def test_more_memory_mends_what_ran_out_of_it() -> None:
    with KubernetesLab(World.load("oom").cluster("prod-eu")) as lab:
        desk = OperatorDesk(lab)
        ill = next(
            one
            for one in lab.cluster.listed("deployments.apps")
            if one["status"].get("readyReplicas", 0) < one["spec"]["replicas"]
            or any(restarts(pod) > 3 for pod in desk.pods(one["metadata"]["name"]))
        )
        meta = ill["metadata"]
        path = f"/apis/apps/v1/namespaces/{meta['namespace']}/deployments/{meta['name']}"
        main = ill["spec"]["template"]["spec"]["containers"][0]["name"]
        sizes = {"name": main, "resources": {"limits": {"memory": "4Gi"}}}
        desk.patch(path, {"spec": {"template": {"spec": {"containers": [sizes]}}}})
        desk.rolled_out(path)
        assert all(restarts(pod) == 0 for pod in desk.ready(meta["name"]))


def test_a_paused_deployment_rolls_nothing_out_until_it_is_resumed(calm: OperatorDesk) -> None:
    calm.patch(CHECKOUT, {"spec": {"paused": True}})
    before = {pod["metadata"]["uid"] for pod in calm.pods("checkout")}
    eventually(
        lambda: condition(calm.get(CHECKOUT), "Progressing")["reason"] == "DeploymentPaused",
        "the pause is seen",
    )
    said = calm.patch(CHECKOUT, RESTART)
    eventually(
        lambda: (
            calm.get(CHECKOUT)["status"]["observedGeneration"]
            == said.body["metadata"]["generation"]
        ),
        "the change is seen",
    )
    assert {pod["metadata"]["uid"] for pod in calm.pods("checkout")} == before
    calm.patch(CHECKOUT, {"spec": {"paused": False}})
    eventually(
        lambda: not before & {pod["metadata"]["uid"] for pod in calm.pods("checkout")},
        "the pods are new",
    )


def test_a_smaller_size_lets_the_newest_pods_go(calm: OperatorDesk) -> None:
    before = {pod["metadata"]["uid"] for pod in calm.pods("cart")}
    calm.patch(f"{CART}/scale", {"spec": {"replicas": 2}})
    calm.rolled_out(CART)
    assert {pod["metadata"]["uid"] for pod in calm.pods("cart")} < before
    budget = calm.get("/apis/policy/v1/namespaces/shop/poddisruptionbudgets/cart")["status"]
    assert (budget["expectedPods"], budget["currentHealthy"], budget["disruptionsAllowed"]) == (
        2,
        2,
        0,
    )


def test_services_lead_to_the_pods_there_are(calm: OperatorDesk) -> None:
    calm.patch(CART, RESTART)

    def listed() -> set[str]:
        slices = calm.cluster.listed("endpointslices.discovery.k8s.io", "shop")
        return {
            endpoint["targetRef"]["uid"]
            for one in slices
            if one["metadata"]["labels"]["kubernetes.io/service-name"] == "cart"
            for endpoint in one["endpoints"]
        }

    def follows() -> bool:
        new = {pod["metadata"]["uid"] for pod in calm.ready("cart")}
        names = {pod["metadata"]["labels"]["pod-template-hash"] for pod in calm.ready("cart")}
        return len(names) == 1 and len(new) == 4 and listed() == new

    calm.rolled_out(CART)
    eventually(follows, "the endpoints are the new pods")


def test_an_autoscaler_holds_its_target_between_its_bounds(calm: OperatorDesk) -> None:
    calm.patch(f"{SCALERS}/storefront", {"spec": {"minReplicas": 5}})
    eventually(lambda: len(calm.ready("storefront")) == 5, "there are five")
    status = calm.get(f"{SCALERS}/storefront")["status"]
    assert (status["currentReplicas"], status["desiredReplicas"]) == (5, 5)
    assert condition({"status": status}, "ScalingLimited")["reason"] == "TooFewReplicas"


def test_a_higher_bound_lets_an_autoscaler_grow() -> None:
    with KubernetesLab(World.load("autoscaler_max").cluster("prod-eu")) as lab:
        desk = OperatorDesk(lab)
        scaler = next(
            one
            for one in lab.cluster.listed("horizontalpodautoscalers.autoscaling")
            if one["status"]["desiredReplicas"] == one["spec"]["maxReplicas"]
        )
        meta, most = scaler["metadata"], scaler["spec"]["maxReplicas"]
        path = f"/apis/autoscaling/v2/namespaces/{meta['namespace']}/horizontalpodautoscalers"
        desk.patch(f"{path}/{meta['name']}", {"spec": {"maxReplicas": most * 2}})
        eventually(
            lambda: len(desk.pods(meta["name"], namespace=meta["namespace"])) > most, "it grows"
        )


def test_a_cron_job_is_suspended_and_resumed(calm: OperatorDesk) -> None:
    path = "/apis/batch/v1/namespaces/shop/cronjobs/cart-cleanup"
    generation = calm.get(path)["metadata"]["generation"]
    assert calm.patch(path, {"spec": {"suspend": True}}).body["spec"]["suspend"] is True
    assert calm.get(path)["metadata"]["generation"] == generation + 1


def test_pods_of_a_cordoned_estate_wait_for_a_node(calm: OperatorDesk) -> None:
    nodes = [node["metadata"]["name"] for node in calm.cluster.listed("nodes")]
    for node in nodes:
        calm.patch(f"/api/v1/nodes/{node}", {"spec": {"unschedulable": True}})
    calm.patch(f"{CHECKOUT}/scale", {"spec": {"replicas": 3}})

    def waiting() -> list[Object]:
        return [pod for pod in calm.pods("checkout") if pod["status"]["phase"] == "Pending"]

    (pod,) = eventually(waiting, "a pod waits")
    assert "were unschedulable" in condition(pod, "PodScheduled")["message"]
    calm.patch(f"/api/v1/nodes/{nodes[2]}", {"spec": {"unschedulable": None}})
    eventually(lambda: len(calm.ready("checkout")) == 3, "it found one")
    assert nodes[2] in {pod["spec"]["nodeName"] for pod in calm.ready("checkout")}


# The same through kubectl, whose requests and expectations are the reference.


def test_kubectl_undoes_a_rollout_and_sees_it_through(
    kubectl: Callable[[str], subprocess.CompletedProcess[str]], crashing: OperatorDesk
) -> None:
    assert "rolled back" in kubectl("rollout undo deploy/cart -n shop").stdout
    done = kubectl("rollout status deploy/cart -n shop --timeout=10s")
    assert "successfully rolled out" in done.stdout, done.stderr
    history = kubectl("rollout history deploy/cart -n shop").stdout
    assert "29        release 2.14.0" in history
    rows = kubectl("get pods -n shop -l app=cart --no-headers").stdout.splitlines()
    assert [row.split()[1:3] for row in rows] == [["1/1", "Running"]] * 4
    events = kubectl("events -n shop --for deploy/cart").stdout
    assert "Scaled up replica set" in events
    assert crashing.lab.writes()[0].field_manager == "kubectl"


@pytest.mark.parametrize("what", ["deploy/cart", "sts/cart-db"])
def test_kubectl_restarts_and_sees_it_through(
    kubectl: Callable[[str], subprocess.CompletedProcess[str]], calm: OperatorDesk, what: str
) -> None:
    app = what.rpartition("/")[2]
    before = {pod["metadata"]["uid"] for pod in calm.pods(app)}
    assert "restarted" in kubectl(f"rollout restart {what} -n shop").stdout
    done = kubectl(f"rollout status {what} -n shop --timeout=10s")
    assert done.returncode == 0, done.stderr
    eventually(lambda: len(calm.ready(app)) == len(before), "all are ready")
    assert not before & {pod["metadata"]["uid"] for pod in calm.ready(app)}


def test_kubectl_restarts_a_daemon_set_a_node_at_a_time(
    kubectl: Callable[[str], subprocess.CompletedProcess[str]], calm: OperatorDesk
) -> None:
    nodes = len(calm.cluster.listed("nodes"))
    assert "restarted" in kubectl("rollout restart ds/log-shipper -n platform").stdout
    done = kubectl("rollout status ds/log-shipper -n platform --timeout=15s")
    assert "successfully rolled out" in done.stdout, done.stderr
    assert len(calm.pods("log-shipper", namespace="platform")) == nodes


def test_kubectl_scales_when_the_size_is_what_it_expects(
    kubectl: Callable[[str], subprocess.CompletedProcess[str]], calm: OperatorDesk
) -> None:
    wrong = kubectl("scale deploy/checkout -n shop --replicas=5 --current-replicas=3")
    assert "Expected replicas to be 3, was 2" in wrong.stderr
    kubectl("scale deploy/checkout -n shop --replicas=5 --current-replicas=2")
    calm.rolled_out(CHECKOUT)
    assert [asked.method for asked in calm.lab.writes()] == ["PUT"]


def test_kubectl_drains_a_node_and_the_budget_is_kept(
    kubectl: Callable[[str], subprocess.CompletedProcess[str]], calm: OperatorDesk
) -> None:
    node = calm.pods("checkout")[0]["spec"]["nodeName"]
    done = kubectl(f"drain {node} --ignore-daemonsets --delete-emptydir-data --timeout=15s")
    assert "drained" in done.stdout, done.stderr

    def left() -> set[str]:
        return {
            pod["metadata"]["ownerReferences"][0]["kind"]
            for pod in calm.cluster.listed("pods")
            if pod["spec"].get("nodeName") == node
        }

    assert left() == {"DaemonSet"}
    assert "SchedulingDisabled" in kubectl(f"get node {node}").stdout
    eventually(lambda: len(calm.ready("cart")) == 4, "cart is whole elsewhere")
    assert "uncordoned" in kubectl(f"uncordon {node}").stdout
    eventually(
        lambda: "taints" not in calm.get(f"/api/v1/nodes/{node}")["spec"], "the taint is gone"
    )
