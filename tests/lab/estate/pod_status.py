"""A pod about to be written, and the pieces its status and events are made of.

Shared by every state in `pod_states`; the words are the kubelet's and the scheduler's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.lab.estate import naming, when

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventNote:
    """An event to be told of the pod; times are epoch seconds."""

    reason: str
    message: str
    first_at: float
    last_at: float
    count: int = 1
    type: str = "Normal"
    component: str = "kubelet"
    container: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PodPlan:
    """A pod about to be written: spec, place, time of creation, options of its state."""

    namespace: str
    name: str
    uid: str
    spec: Object
    created_at: float
    now: float
    node: str
    node_ip: str
    ip: str
    node_count: int
    options: Object = field(default_factory=dict)

    @property
    def containers(self) -> list[Object]:
        containers: list[Object] = self.spec["containers"]
        return containers

    @property
    def subject(self) -> Object:
        """The container the state is about: `container:` or the first."""
        wanted = self.options.get("container", self.containers[0]["name"])
        return next(item for item in self.containers if item["name"] == wanted)

    def at(self, option: str, default: str) -> float:
        """Epoch seconds of a relative time among the options."""
        return self.now + when.offset_s(str(self.options.get(option, default)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PodOutcome:
    """A pod's status, whether it stands on a node, and what events tell of it."""

    status: Object
    notes: tuple[EventNote, ...]
    scheduled: bool = True


def is_ready(status: Object) -> bool:
    """Whether the pod counts as ready for Deployments, Services and budgets."""
    conditions = status.get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def started(plan: PodPlan, container: Object) -> Object:
    name, image = container["name"], container["image"]
    repository = image.rsplit(":", 1)[0]
    return {
        "name": name,
        "image": image,
        "imageID": f"{repository}@sha256:{naming.digest(image)}",
        "containerID": f"containerd://{naming.digest(plan.uid, name)}",
        "ready": True,
        "started": True,
        "restartCount": 0,
        "state": {"running": {"startedAt": when.stamp(plan.created_at + 3)}},
        "lastState": {},
    }


def run_s(plan: PodPlan) -> float:
    return when.offset_s(str(plan.options.get("run", "4s")))


def terminated(plan: PodPlan, container: Object, ended: float) -> Object:
    code = int(plan.options.get("exit_code", 1))
    reason = plan.options.get("reason") or ("Completed" if code == 0 else "Error")
    return {
        "containerID": f"containerd://{naming.digest(plan.uid, container['name'], 'before')}",
        "exitCode": code,
        "reason": reason,
        "startedAt": when.stamp(ended - run_s(plan)),
        "finishedAt": when.stamp(ended),
    }


def condition_of(type_: str, at: float, *, ready: bool) -> Object:
    return {
        "type": type_,
        "status": "True" if ready else "False",
        "lastProbeTime": None,
        "lastTransitionTime": when.stamp(at),
    }


def status_of(
    plan: PodPlan,
    phase: str,
    statuses: list[Object],
    *,
    ready: bool,
    not_ready_because: str = "ContainersNotReady",
) -> Object:
    since = plan.created_at + 9 if ready else plan.created_at + 2
    conditions = [
        condition_of("PodReadyToStartContainers", plan.created_at + 2, ready=True),
        condition_of("Initialized", plan.created_at, ready=True),
        condition_of("Ready", since, ready=ready),
        condition_of("ContainersReady", since, ready=ready),
        condition_of("PodScheduled", plan.created_at, ready=True),
    ]
    if not ready:
        lacking = " ".join(item["name"] for item in statuses if not item["ready"])
        for condition in conditions[2:4]:
            condition["reason"] = not_ready_because
            if not_ready_because == "ContainersNotReady":
                condition["message"] = f"containers with unready status: [{lacking}]"
    return {
        "phase": phase,
        "conditions": conditions,
        "hostIP": plan.node_ip,
        "hostIPs": [{"ip": plan.node_ip}],
        "podIP": plan.ip,
        "podIPs": [{"ip": plan.ip}],
        "startTime": when.stamp(plan.created_at + 1),
        "containerStatuses": statuses,
        "qosClass": qos_class(plan),
    }


def blocked(plan: PodPlan, waiting: Object) -> Object:
    """The status of a pod whose subject never started; containers beside it did."""
    never = {
        "ready": False,
        "started": False,
        "imageID": "",
        "containerID": "",
        "state": {"waiting": waiting},
    }
    subject = plan.subject["name"]
    statuses = [
        started(plan, item) | (never if item["name"] == subject else {}) for item in plan.containers
    ]
    return status_of(plan, "Pending", statuses, ready=False)


def qos_class(plan: PodPlan) -> str:
    sizes = [item.get("resources", {}) for item in plan.containers]
    if all(not size for size in sizes):
        return "BestEffort"
    equal = all(size.get("limits") and size["limits"] == size.get("requests") for size in sizes)
    return "Guaranteed" if equal else "Burstable"


def scheduled_note(plan: PodPlan) -> EventNote:
    return EventNote(
        reason="Scheduled",
        message=f"Successfully assigned {plan.namespace}/{plan.name} to {plan.node}",
        first_at=plan.created_at,
        last_at=plan.created_at,
        component="default-scheduler",
    )


def start_notes(
    plan: PodPlan, *, runs: int = 1, last_start: float = 0.0, until: str = ""
) -> tuple[EventNote, ...]:
    container = plan.subject["name"]
    image = plan.subject["image"]
    said = {
        "Pulled": f'Container image "{image}" already present on machine',
        "Created": f"Created container: {container}",
        "Started": f"Started container {container}",
    }
    notes = [scheduled_note(plan)]
    for delay, (reason, message) in enumerate(said.items(), start=1):
        first = plan.created_at + delay
        notes.append(
            EventNote(
                reason=reason,
                message=message,
                first_at=first,
                last_at=max(first, last_start),
                count=runs,
                container=container,
            )
        )
        if reason == until:
            break
    return tuple(notes)
