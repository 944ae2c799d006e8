"""The conditions a pod can be in: one function each, from the pod's plan to status and events.

What a state needs to know beyond the plan comes from the scenario's `state:` options.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.lab.estate import when
from tests.lab.estate.pod_status import (
    EventNote,
    PodOutcome,
    PodPlan,
    blocked,
    condition_of,
    qos_class,
    run_s,
    scheduled_note,
    start_notes,
    started,
    status_of,
    terminated,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def outcome(plan: PodPlan, state: str) -> PodOutcome:
    """The status and events of a pod in the named state."""
    try:
        return STATES[state](plan)
    except KeyError:
        known = ", ".join(STATES)
        raise KeyError(f"pod {plan.name}: no state {state!r}; known are {known}") from None


def _running(plan: PodPlan) -> PodOutcome:
    restarts = int(plan.options.get("restarts", 0))
    statuses = [started(plan, container) for container in plan.containers]
    if restarts:
        ended = plan.at("last_exit", "-3h")
        statuses[0] |= {
            "restartCount": restarts,
            "state": {"running": {"startedAt": when.stamp(ended + 2)}},
            "lastState": {"terminated": terminated(plan, plan.containers[0], ended)},
        }
    status = status_of(plan, "Running", statuses, ready=True)
    return PodOutcome(status=status, notes=start_notes(plan))


def _crash_loop(plan: PodPlan) -> PodOutcome:
    subject = plan.subject["name"]
    restarts = int(plan.options.get("restarts", 6))
    ended = plan.at("last_exit", "-1m40s")
    waiting = {
        "reason": "CrashLoopBackOff",
        "message": f"back-off {plan.options.get('back_off', '5m0s')} restarting failed "
        f"container={subject} pod={plan.name}_{plan.namespace}({plan.uid})",
    }
    up_again = plan.options.get("now") == "running"
    crashed = {
        "ready": up_again,
        "started": up_again,
        "restartCount": restarts,
        "state": {"running": {"startedAt": when.stamp(ended + 2)}}
        if up_again
        else {"waiting": waiting},
        "lastState": {"terminated": terminated(plan, plan.subject, ended)},
    }
    statuses = [
        started(plan, item) | (crashed if item["name"] == subject else {})
        for item in plan.containers
    ]
    back_off = EventNote(
        type="Warning",
        reason="BackOff",
        message=f"Back-off restarting failed container {subject} in pod "
        f"{plan.name}_{plan.namespace}({plan.uid})",
        first_at=plan.created_at + 12,
        last_at=min(plan.now - 9, ended + 70),
        count=restarts * 8 + 3,
        container=subject,
    )
    status = status_of(plan, "Running", statuses, ready=up_again)
    notes = start_notes(plan, runs=restarts + 1, last_start=ended - run_s(plan))
    return PodOutcome(status=status, notes=(*notes, back_off))


def _oom(plan: PodPlan) -> PodOutcome:
    options = {"exit_code": 137, "reason": "OOMKilled", "run": "4m10s"} | plan.options
    return _crash_loop(replace(plan, options=options))


def _image_pull(plan: PodPlan) -> PodOutcome:
    image = plan.subject["image"]
    name = plan.subject["name"]
    cause = (
        "rpc error: code = NotFound desc = failed to pull and unpack image "
        f'"{image}": failed to resolve reference "{image}": {image}: not found'
    )
    waiting = {
        "reason": "ImagePullBackOff",
        "message": f'Back-off pulling image "{image}": ErrImagePull: {cause}',
    }
    first, last = plan.created_at + 2, max(plan.created_at + 2, plan.now - 95)
    tries = max(1, min(6, int((plan.now - plan.created_at) // 120)))

    def failed(message: str, count: int) -> EventNote:
        return EventNote(
            type="Warning",
            reason="Failed",
            message=message,
            first_at=first,
            last_at=last,
            count=count,
            container=name,
        )

    pulling = EventNote(
        reason="Pulling",
        message=f'Pulling image "{image}"',
        first_at=first - 1,
        last_at=last,
        count=tries,
        container=name,
    )
    back_off = replace(
        pulling,
        reason="BackOff",
        message=f'Back-off pulling image "{image}"',
        last_at=max(first, plan.now - 20),
        count=tries * 4,
    )
    notes = (
        scheduled_note(plan),
        pulling,
        failed(f'Failed to pull image "{image}": {cause}', tries),
        failed("Error: ErrImagePull", tries),
        back_off,
        failed("Error: ImagePullBackOff", tries * 4),
    )
    return PodOutcome(status=blocked(plan, waiting), notes=notes)


def _config_error(plan: PodPlan) -> PodOutcome:
    message = str(plan.options["message"])
    notes = (
        *start_notes(plan, until="Pulled"),
        EventNote(
            type="Warning",
            reason="Failed",
            message=f"Error: {message}",
            first_at=plan.created_at + 3,
            last_at=plan.now - 8,
            count=max(1, int((plan.now - plan.created_at) // 13)),
            container=plan.subject["name"],
        ),
    )
    waiting = {"reason": "CreateContainerConfigError", "message": message}
    return PodOutcome(status=blocked(plan, waiting), notes=notes)


def _creating(plan: PodPlan) -> PodOutcome:
    status = blocked(plan, {"reason": "ContainerCreating"})
    return PodOutcome(status=status, notes=(scheduled_note(plan),))


def _unschedulable(plan: PodPlan) -> PodOutcome:
    count = plan.node_count
    lacking = plan.options.get("lacking", "Insufficient cpu")
    message = str(
        plan.options.get("message")
        or f"0/{count} nodes are available: {count} {lacking}. preemption: 0/{count} nodes are "
        f"available: {count} No preemption victims found for incoming pod."
    )
    condition = condition_of("PodScheduled", plan.created_at, ready=False) | {
        "reason": "Unschedulable",
        "message": message,
    }
    status = {"phase": "Pending", "conditions": [condition], "qosClass": qos_class(plan)}
    note = EventNote(
        type="Warning",
        reason="FailedScheduling",
        message=message,
        first_at=plan.created_at,
        last_at=max(plan.created_at, plan.now - 110),
        count=max(1, int((plan.now - plan.created_at) // 300)),
        component="default-scheduler",
    )
    return PodOutcome(status=status, notes=(note,), scheduled=False)


def _unready(plan: PodPlan) -> PodOutcome:
    subject = plan.subject
    probe = subject.get("readinessProbe", {}).get("httpGet", {"port": 8080, "path": "/"})
    message = plan.options.get("message") or (
        f'Get "http://{plan.ip}:{probe["port"]}{probe["path"]}": dial tcp '
        f"{plan.ip}:{probe['port']}: connect: connection refused"
    )
    statuses = [
        started(plan, item) | ({"ready": False} if item["name"] == subject["name"] else {})
        for item in plan.containers
    ]
    note = EventNote(
        type="Warning",
        reason="Unhealthy",
        message=f"Readiness probe failed: {message}",
        first_at=plan.created_at + 15,
        last_at=plan.now - 4,
        count=max(1, int((plan.now - plan.created_at) // 10)),
        container=subject["name"],
    )
    status = status_of(plan, "Running", statuses, ready=False)
    return PodOutcome(status=status, notes=(*start_notes(plan), note))


def _probe_killed(plan: PodPlan) -> PodOutcome:
    """A container that its liveness probe has had killed several times, and that runs again."""
    options = {"exit_code": 137, "reason": "Error", "now": "running"} | plan.options
    crashed = _crash_loop(replace(plan, options=options))
    subject = plan.subject
    for status in crashed.status["containerStatuses"]:
        if status["name"] == subject["name"]:
            status["ready"] = False
    for condition in crashed.status["conditions"]:
        if condition["type"] in {"Ready", "ContainersReady"}:
            condition["status"] = "False"
    probe = subject.get("livenessProbe", {}).get("httpGet", {"port": 8080, "path": "/"})
    message = plan.options.get("message") or (
        f'Get "http://{plan.ip}:{probe["port"]}{probe["path"]}": dial tcp '
        f"{plan.ip}:{probe['port']}: connect: connection refused"
    )
    restarts = int(plan.options.get("restarts", 6))
    told = [
        EventNote(
            type=type_,
            reason=reason,
            message=words,
            first_at=plan.created_at + 25,
            last_at=plan.at("last_exit", "-1m40s"),
            count=count,
            container=subject["name"],
        )
        for type_, reason, words, count in (
            ("Warning", "Unhealthy", f"Liveness probe failed: {message}", restarts * 3),
            (
                "Normal",
                "Killing",
                f"Container {subject['name']} failed liveness probe, will be restarted",
                restarts,
            ),
        )
    ]
    return replace(crashed, notes=(*crashed.notes[:-1], *told))


def _unscheduled(plan: PodPlan) -> PodOutcome:
    """A pod that no scheduler has looked at."""
    return PodOutcome(
        status={"phase": "Pending", "qosClass": qos_class(plan)}, notes=(), scheduled=False
    )


def _ended(plan: PodPlan, phase: str, exit_code: int) -> PodOutcome:
    at = min(plan.now, plan.created_at + run_s(plan) + 3)
    options = {"exit_code": exit_code} | plan.options
    ended = replace(plan, options=options)
    statuses = [
        started(plan, item)
        | {
            "ready": False,
            "started": False,
            "state": {"terminated": terminated(ended, item, at)},
        }
        for item in plan.containers
    ]
    status = status_of(plan, phase, statuses, ready=False, not_ready_because="PodCompleted")
    return PodOutcome(status=status, notes=start_notes(plan))


def _completed(plan: PodPlan) -> PodOutcome:
    return _ended(plan, "Succeeded", 0)


def _failed(plan: PodPlan) -> PodOutcome:
    return _ended(plan, "Failed", 1)


def _evicted(plan: PodPlan) -> PodOutcome:
    message = str(plan.options.get("message", "The node was low on resource: memory. "))
    status = {
        "phase": "Failed",
        "reason": "Evicted",
        "message": message,
        "startTime": when.stamp(plan.created_at + 1),
        "qosClass": qos_class(plan),
    }
    at = plan.at("evicted", "-20m")
    note = EventNote(type="Warning", reason="Evicted", message=message, first_at=at, last_at=at)
    return PodOutcome(status=status, notes=(note,))


STATES: dict[str, Callable[[PodPlan], PodOutcome]] = {
    "running": _running,
    "crash_loop": _crash_loop,
    "oom": _oom,
    "image_pull": _image_pull,
    "config_error": _config_error,
    "creating": _creating,
    "unschedulable": _unschedulable,
    "unready": _unready,
    "completed": _completed,
    "failed": _failed,
    "evicted": _evicted,
    "probe_killed": _probe_killed,
    "unscheduled": _unscheduled,
}
