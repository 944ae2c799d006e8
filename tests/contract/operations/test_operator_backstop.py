"""The admission policies let every plan of the catalogue through, and stop what none would do."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.operations.admission import OPERATIONS, Asked, Backstop, asked_by

if TYPE_CHECKING:
    from collections.abc import Callable

Object = dict[str, Any]


@pytest.fixture(scope="module")
def backstop() -> Backstop:
    return Backstop()


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_call_of_a_plan_and_of_its_undo_passes(backstop: Backstop, operation: str) -> None:
    for asked in asked_by(operation):
        assert backstop.refusals(asked) == []


def of(operation: str) -> Asked:
    """The first call of a plan, for an attack to start from."""
    return next(iter(asked_by(operation)))


def changed(operation: str, change: Callable[[Object], object]) -> Asked:
    """The call with something more done to the object."""
    asked = of(operation)
    assert asked.new is not None
    new = copy.deepcopy(asked.new)
    change(new)
    return replace(asked, new=new)


def was(operation: str, change: Callable[[Object], object]) -> Asked:
    """The call on an object that was another before and stays so."""
    asked = of(operation)
    old, new = copy.deepcopy(asked.old), copy.deepcopy(asked.new)
    for one in (old, new):
        if one is not None:
            change(one)
    return replace(asked, old=old, new=new)


def put(*path: str, value: Any) -> Callable[[Object], object]:
    def change(item: Object) -> None:
        for step in path[:-1]:
            item = item.setdefault(step, {})
        item[path[-1]] = value

    return change


def pod_spec(name: str, *, value: Any) -> Callable[[Object], object]:
    return put("spec", "template", "spec", name, value=value)


def privileged(item: Object) -> None:
    first = item["spec"]["template"]["spec"]["containers"][0]
    first["securityContext"] = {"privileged": True}


NODE_PATH = [{"name": "root", "hostPath": {"path": "/"}}]
ATTACKS: dict[str, tuple[Callable[[], Asked], str]] = {
    "a secret": (
        lambda: Asked(
            group="",
            resource="secrets",
            verb="update",
            namespace="shop",
            old={"metadata": {}},
            new={"metadata": {}},
        ),
        "no operation of Nightdesk makes this call",
    ),
    "exec": (
        lambda: replace(of("evict_pod"), sub="exec"),
        "no operation of Nightdesk makes this call",
    ),
    "a deletion": (
        lambda: replace(of("rollout_restart"), verb="delete", new=None),
        "no operation of Nightdesk makes this call",
    ),
    "the system's namespace": (
        lambda: replace(of("rollout_restart"), namespace="kube-system"),
        "Nightdesk does not act in the namespaces of the cluster and in its own",
    ),
    "its own namespace": (
        lambda: replace(of("scale_up"), namespace="nightdesk"),
        "Nightdesk does not act in the namespaces of the cluster and in its own",
    ),
    "protected": (
        lambda: was("cordon", put("metadata", "labels", "nightdesk.dev/protected", value="yes")),
        "it is marked with nightdesk.dev/protected",
    ),
    "labels": (
        lambda: changed("rollout_pause", put("metadata", "labels", "team", value="mine")),
        "labels stay as they are",
    ),
    "owners": (
        lambda: changed("rollout_pause", put("metadata", "ownerReferences", value=[{"uid": "u"}])),
        "owners stay as they are",
    ),
    "finalizers": (
        lambda: changed("cronjob_suspend", put("metadata", "finalizers", value=["x"])),
        "finalizers stay as they are",
    ),
    "to nothing": (
        lambda: changed("scale_down", put("spec", "replicas", value=0)),
        "a workload is not scaled to nothing",
    ),
    "to nothing, left out": (
        lambda: changed("scale_down", lambda item: item["spec"].pop("replicas")),
        "a workload is not scaled to nothing",
    ),
    "a thousand": (
        lambda: changed("scale_up", put("spec", "replicas", value=1000)),
        "a workload is not scaled so far at once",
    ),
    "replicas beside the template": (
        lambda: changed("rollout_restart", put("spec", "replicas", value=0)),
        "replicas are set through scale",
    ),
    "strategy": (
        lambda: changed("rollout_undo", put("spec", "strategy", value={"type": "Recreate"})),
        "the strategy stays as it is",
    ),
    "update strategy": (
        lambda: changed("rollout_undo", put("spec", "updateStrategy", value={"type": "OnDelete"})),
        "the update strategy stays as it is",
    ),
    "service account": (
        lambda: changed("rollout_undo", pod_spec("serviceAccountName", value="admin")),
        "the service account of the pods stays as it is",
    ),
    "host network": (
        lambda: changed("rollout_undo", pod_spec("hostNetwork", value=True)),
        "pods get no namespace of their node",
    ),
    "host processes": (
        lambda: changed("rollout_undo", pod_spec("hostPID", value=True)),
        "pods get no namespace of their node",
    ),
    "host memory": (
        lambda: changed("rollout_undo", pod_spec("hostIPC", value=True)),
        "pods get no namespace of their node",
    ),
    "host path": (
        lambda: changed("rollout_undo", pod_spec("volumes", value=NODE_PATH)),
        "pods get no directory of their node",
    ),
    "privileged": (
        lambda: changed("set_resources", privileged),
        "no container becomes privileged",
    ),
    "control plane": (
        lambda: was(
            "cordon",
            put("metadata", "labels", "node-role.kubernetes.io/control-plane", value=""),
        ),
        "nodes of the control plane are left alone",
    ),
    "taints": (
        lambda: changed(
            "cordon", put("spec", "taints", value=[{"key": "k", "effect": "NoExecute"}])
        ),
        "taints stay as they are",
    ),
    "what is scaled": (
        lambda: changed("hpa_bounds", put("spec", "scaleTargetRef", "name", value="till")),
        "what is scaled stays as it is",
    ),
    "metrics": (
        lambda: changed("hpa_bounds", put("spec", "metrics", value=[{"type": "External"}])),
        "the metrics stay as they are",
    ),
    "behaviour": (
        lambda: changed("hpa_bounds", put("spec", "behavior", value={"scaleDown": {}})),
        "the behaviour stays as it is",
    ),
    "bounds": (
        lambda: changed("hpa_bounds", put("spec", "maxReplicas", value=5000)),
        "a bound lies between 1 and 1000",
    ),
    "no least bound": (
        lambda: changed("hpa_bounds", put("spec", "minReplicas", value=0)),
        "a bound lies between 1 and 1000",
    ),
    "schedule": (
        lambda: changed("cronjob_suspend", put("spec", "schedule", value="* * * * *")),
        "only `suspend` changes",
    ),
    "job": (
        lambda: changed("cronjob_resume", put("spec", "jobTemplate", value={"spec": {}})),
        "only `suspend` changes",
    ),
    "a running pod": (
        lambda: was("delete_finished_pods", put("status", "phase", value="Running")),
        "only pods that have ended are deleted; others are evicted",
    ),
    "kept": (
        lambda: was("delete_stuck_job", put("metadata", "labels", "nightdesk.dev/keep", value="")),
        "it is marked with nightdesk.dev/keep",
    ),
    "kept by annotation": (
        lambda: was(
            "delete_stuck_job", put("metadata", "annotations", "nightdesk.dev/keep", value="")
        ),
        "it is marked with nightdesk.dev/keep",
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_no_operation_would_do_is_refused_with_its_reason(
    backstop: Backstop, attack: str
) -> None:
    make, message = ATTACKS[attack]
    assert message in backstop.refusals(make())


def test_every_validation_has_an_attack_it_stops(backstop: Backstop) -> None:
    messages = {
        one["message"] for policy in backstop.policies for one in policy["spec"]["validations"]
    }
    assert {message for _make, message in ATTACKS.values()} == messages


def test_others_are_not_held_to_what_the_operator_may(backstop: Backstop) -> None:
    for make, _message in ATTACKS.values():
        assert backstop.refusals(replace(make(), user="system:serviceaccount:kube-system:x")) == []


def test_what_was_so_before_may_stay_so(backstop: Backstop) -> None:
    """A restart of a workload that already has its node's network is no escalation."""
    for change in (
        pod_spec("hostNetwork", value=True),
        pod_spec("volumes", value=NODE_PATH),
        privileged,
        put("metadata", "labels", "nightdesk.dev/protected", value="false"),
    ):
        assert backstop.refusals(was("rollout_restart", change)) == []


def test_a_drain_may_evict_the_clusters_own_pods(backstop: Backstop) -> None:
    assert backstop.refusals(replace(of("evict_pod"), namespace="kube-system")) == []


def test_scaling_back_to_nothing_what_was_started_from_nothing_is_an_undo(
    backstop: Backstop,
) -> None:
    asked = of("scale_down")
    first = replace(
        asked, old={"spec": {"replicas": 1}, "metadata": {}}, new={"spec": {}, "metadata": {}}
    )
    assert backstop.refusals(first) == []
