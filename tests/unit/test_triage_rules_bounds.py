"""What bounds and carries workloads: claims, nodes, autoscalers, budgets, schedules, components."""

from __future__ import annotations

from typing import Any

import pytest

from bot.domain.verdict import Cause
from bot.triage.rules import (
    autoscaling,
    claims,
    control_plane,
    disruption,
    probes,
    schedules,
    scheduling,
    startup,
)
from tests.unit.triage_estates import (
    ago,
    container,
    deployment,
    estate,
    event,
    node,
    pod,
    ref,
    replica_set,
)
from tests.unit.triage_surroundings import (
    autoscaler,
    budget,
    claim,
    cron_job,
    labelled,
    listening,
    storage_class,
    volume,
)

WAITING = pod(phase="Pending", unschedulable="unbound PersistentVolumeClaims", claim="data")
BY_HAND = storage_class("local", provisioner="kubernetes.io/no-provisioner")


@pytest.mark.parametrize(
    ("items", "phrase"),
    [
        ((claim(storage_class="fast"), storage_class()), "claim_class"),
        ((claim(storage_class=""), storage_class()), "claim_no_default"),
        ((claim(phase="Lost"), storage_class()), "claim_lost"),
        ((claim(storage_class="local"), BY_HAND), "claim_no_volume"),
        ((claim(storage_class="local", size="20Gi"), BY_HAND, volume()), "claim_size"),
        ((claim(storage_class="local"), BY_HAND, volume(mode="ReadOnlyMany")), "claim_mode"),
    ],
)
def test_a_claim_that_cannot_be_bound_says_why(items: tuple[Any, ...], phrase: str) -> None:
    (found,) = claims.find(estate(WAITING, *items))
    assert (found.phrase, found.cause) == (phrase, Cause.STORAGE)
    assert found.object == ref("persistentvolumeclaim", "data")
    assert not found.quiet


@pytest.mark.parametrize(
    "items",
    [
        (claim(), storage_class()),
        (claim(storage_class=""), storage_class(default=True)),
        (claim(storage_class="local"), BY_HAND, volume(mode="ReadWriteOnce")),
        (claim(phase="Bound"),),
    ],
)
def test_a_claim_that_can_be_bound_is_no_fault(items: tuple[Any, ...]) -> None:
    assert list(claims.find(estate(WAITING, *items))) == []


def test_a_claim_nobody_mounts_is_told_only_to_who_asks() -> None:
    (found,) = claims.find(estate(claim(storage_class="fast"), storage_class()))
    assert found.quiet


def test_a_claim_that_does_not_exist_is_told_of_the_workload() -> None:
    (found,) = claims.find(estate(WAITING, replica_set()))
    assert (found.object, found.phrase) == (ref("deployment", "app"), "claim_absent")


def demanding(message: str, **spec: Any) -> Any:
    waiting = pod(phase="Pending", unschedulable=message)
    return {**waiting, "spec": {**waiting["spec"], **spec}}


def standing(**spec: Any) -> Any:
    """A node with room for 4 cores."""
    room = {"status": {**node()["status"], "allocatable": {"cpu": "4", "memory": "16Gi"}}}
    return {**node(), **room, "spec": spec}


def asking(cpu: str) -> dict[str, Any]:
    return {"containers": [{"name": "app", "resources": {"requests": {"cpu": cpu}}}]}


TAINT = {"key": "dedicated", "value": "batch", "effect": "NoSchedule"}


@pytest.mark.parametrize(
    ("waiting", "phrase", "cause"),
    [
        (
            demanding("0/1: 1 Insufficient cpu.", **asking("6")),
            "too_big",
            Cause.UNSCHEDULABLE_CAPACITY,
        ),
        (
            demanding("0/1: 1 node(s) didn't match", nodeSelector={"disk": "nvme"}),
            "no_label",
            Cause.UNSCHEDULABLE_CONSTRAINT,
        ),
        (
            demanding("0/1: 1 node(s) had untolerated taint {dedicated: batch}"),
            "no_toleration",
            Cause.UNSCHEDULABLE_CONSTRAINT,
        ),
    ],
)
def test_a_demand_no_node_meets_is_named(waiting: Any, phrase: str, cause: Cause) -> None:
    (found,) = scheduling.find(estate(waiting, standing(taints=[TAINT])))
    assert (found.phrase, found.cause) == (phrase, cause)
    assert "E8" in found.evidence


def test_a_taint_that_is_tolerated_keeps_nobody_away() -> None:
    tolerated = [{"key": "dedicated", "operator": "Exists"}]
    waiting = demanding("0/1: 1 Insufficient cpu.", **asking("3"), tolerations=tolerated)
    (found,) = scheduling.find(estate(waiting, standing(taints=[TAINT])))
    assert found.phrase == "no_room"


@pytest.mark.parametrize(
    ("message", "phrase"),
    [
        ("0/2: 2 node(s) didn't match pod topology spread constraints.", "no_spread"),
        ("0/2: 2 node(s) didn't match pod anti-affinity rules.", "no_company"),
        ("0/2: 2 node(s) were unschedulable.", "all_cordoned"),
        ("0/2: 2 node(s) didn't have free ports for the requested pod ports.", "no_port"),
    ],
)
def test_a_constraint_is_told_by_the_schedulers_words(message: str, phrase: str) -> None:
    (found,) = scheduling.find(estate(demanding(message)))
    assert (found.phrase, found.cause) == (phrase, Cause.UNSCHEDULABLE_CONSTRAINT)


def test_an_autoscaler_at_its_maximum_under_load_is_told() -> None:
    (found,) = autoscaling.find(estate(autoscaler(now=95)))
    assert (found.phrase, found.cause) == ("autoscaler_at_max", Cause.AUTOSCALER_AT_MAX)
    assert (found.values["current"], found.values["wanted"]) == ("95%", "70%")


@pytest.mark.parametrize("now", [40, 70, 76, None])
def test_an_autoscaler_at_its_maximum_without_need_is_no_fault(now: int | None) -> None:
    assert list(autoscaling.find(estate(autoscaler(now=now)))) == []


@pytest.mark.parametrize(
    ("kind", "reason", "phrase"),
    [
        ("ScalingActive", "FailedGetResourceMetric", "autoscaler_blind"),
        ("AbleToScale", "FailedGetScale", "autoscaler_no_target"),
    ],
)
def test_an_autoscaler_that_sees_nothing_is_told(kind: str, reason: str, phrase: str) -> None:
    told = {"type": kind, "status": "False", "reason": reason, "message": "no metrics"}
    (found,) = autoscaling.find(estate(autoscaler(condition=told)))
    assert (found.phrase, found.cause) == (phrase, Cause.AUTOSCALER_BLIND)
    assert found.values["message"] == "no metrics"


def test_an_autoscaler_of_what_is_scaled_to_nothing_is_at_rest() -> None:
    resting = {"type": "ScalingActive", "status": "False", "reason": "ScalingDisabled"}
    assert list(autoscaling.find(estate(autoscaler(condition=resting)))) == []


MEMBER = labelled(pod("app-1", container(ready=True), ready=True), app="app")


def test_a_budget_is_loud_only_where_a_drain_waits() -> None:
    (quiet,) = disruption.find(estate(MEMBER, node(), budget()))
    assert (quiet.phrase, quiet.quiet) == ("budget_never", True)
    (loud,) = disruption.find(estate(MEMBER, standing(unschedulable=True), budget()))
    assert (loud.phrase, loud.quiet) == ("budget_blocks", False)
    assert loud.cause is Cause.DISRUPTION_BLOCKED


@pytest.mark.parametrize("own", [budget(allowed=1), budget(healthy=1), budget(expected=0)])
def test_a_budget_that_waits_for_pods_to_come_back_is_no_fault(own: Any) -> None:
    assert list(disruption.find(estate(MEMBER, node(), own))) == []


@pytest.mark.parametrize(
    ("reason", "phrase"),
    [
        ("UnparseableSchedule", "schedule_unreadable"),
        ("TooManyMissedTimes", "schedule_missed"),
        ("JobAlreadyActive", "schedule_busy"),
        ("FailedCreate", "schedule_refused"),
    ],
)
def test_a_schedule_whose_last_attempt_failed_is_told(reason: str, phrase: str) -> None:
    (found,) = schedules.find(estate(cron_job(), event("CronJob/nightly", reason, "why")))
    assert (found.phrase, found.object) == (phrase, ref("cronjob", "nightly"))


def test_a_missed_time_is_over_once_a_later_run_was_started() -> None:
    missed = event("CronJob/nightly", "MissSchedule", last=ago(minutes=40))
    started = event("CronJob/nightly", "SuccessfulCreate", last=ago(minutes=5), warning=False)
    assert list(schedules.find(estate(cron_job(), missed, started))) == []
    (found,) = schedules.find(estate(cron_job(suspended=True), missed))
    assert (found.phrase, found.quiet) == ("schedule_suspended", True)


def test_pods_that_no_scheduler_has_looked_at_are_told_after_a_while() -> None:
    left = pod(phase="Pending", node="", created=ago(minutes=5))
    (found,) = control_plane.find(estate(left))
    assert (found.phrase, found.cause) == ("scheduler_idle", Cause.CONTROL_PLANE)
    fresh = pod(phase="Pending", node="", created=ago(seconds=30))
    assert list(control_plane.find(estate(fresh))) == []
    own = {**left, "spec": {**left["spec"], "schedulerName": "mine"}}
    assert next(iter(control_plane.find(estate(own)))).phrase == "scheduler_unknown"


def test_a_change_no_controller_has_looked_at_is_told() -> None:
    changed = deployment()
    changed["metadata"]["generation"] = 7
    changed["status"]["observedGeneration"] = 6
    (found,) = control_plane.find(estate(changed))
    assert (found.phrase, found.cause) == ("controllers_idle", Cause.CONTROL_PLANE)
    changed["status"]["observedGeneration"] = 7
    assert list(control_plane.find(estate(changed))) == []


def test_a_part_of_the_control_plane_that_is_down_is_told() -> None:
    down = pod("kube-scheduler-node-1", container(waiting="CrashLoopBackOff"), owner="")
    down["metadata"]["namespace"] = "kube-system"
    (found,) = control_plane.find(estate(down))
    assert (found.phrase, found.values["reason"]) == ("component_down", "CrashLoopBackOff")


def probed(kind: str, message: str, *, killed: bool = False, **probe: Any) -> list[Any]:
    """What is found of a pod that listens on 8080 and whose probe fails with that message."""
    status = container(restarts=4 if killed else 0, exit_code=137 if killed else None)
    if killed:
        status["lastState"]["terminated"] |= {
            "startedAt": ago(minutes=2, seconds=35),
            "finishedAt": ago(minutes=2),
        }
    asks = {"httpGet": {"port": 8080, "path": "/ready", **probe}, "initialDelaySeconds": 5}
    more: dict[str, Any] = {f"{kind.lower()}Probe": asks}
    ill = listening(pod("app-1", status), 8080, **more)
    told = [event("Pod/app-1", "Unhealthy", f"{kind} probe failed: {message}")]
    if killed:
        told.append(event("Pod/app-1", "Killing", "Container app failed liveness probe, x"))
    return list(probes.find(estate(ill, replica_set(), *told)))


@pytest.mark.parametrize(
    ("found", "phrase", "cause"),
    [
        (
            probed("Readiness", "dial tcp 10.0.0.1:9090: connection refused", port=9090),
            "probe_port",
            Cause.PROBE_WRONG,
        ),
        (
            probed("Readiness", "HTTP probe failed with statuscode: 404"),
            "probe_path",
            Cause.PROBE_WRONG,
        ),
        (probed("Liveness", "x", killed=True), "probe_early", Cause.PROBE_WRONG),
        (probed("Readiness", "connection refused"), "probe_refused", Cause.PROBE_WRONG),
        (probed("Readiness", "statuscode: 503"), "probe_failing", Cause.UNKNOWN),
    ],
)
def test_a_failing_probe_is_compared_with_its_template(
    found: list[Any], phrase: str, cause: Cause
) -> None:
    (only,) = found
    assert (only.phrase, only.cause) == (phrase, cause)


def test_a_key_that_is_only_misspelt_is_told_with_the_right_one() -> None:
    message = "couldn't find key FRAUD_URL in ConfigMap shop/settings"
    ill = pod("app-1", container(waiting="CreateContainerConfigError", message=message))
    settings = {
        "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": "shop"},
        "data": {"FRAUD_URI": "canary"},
    }
    (found,) = startup.find(estate(ill, settings))
    assert (found.phrase, found.values["closest"]) == ("key_mistaken", "FRAUD_URI")
    settings["data"] = {"LOG_LEVEL": "canary"}
    (other,) = startup.find(estate(ill, settings))
    assert other.phrase == "config_missing"


def test_a_program_for_another_processor_is_told() -> None:
    message = 'exec: "/app": exec format error'
    (found,) = startup.find(
        estate(pod("app-1", container(waiting="RunContainerError", message=message)))
    )
    assert (found.phrase, found.cause) == ("wrong_architecture", Cause.BAD_COMMAND)
