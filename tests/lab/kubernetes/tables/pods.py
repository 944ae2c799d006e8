"""The row of a pod: its STATUS column condenses the whole status, as kubectl's users expect."""

from __future__ import annotations

from typing import Any

from tests.lab.estate import when
from tests.lab.kubernetes.tables.columns import NONE, Cells, age, columns, created

Object = dict[str, Any]

POD_COLUMNS = columns(
    "Name",
    "Ready",
    "Status",
    "Restarts",
    "Age",
    wide=("IP", "Node", "Nominated Node", "Readiness Gates"),
)


def pod_cells(pod: Object, now: float) -> Cells:
    spec, status = pod["spec"], pod.get("status", {})
    statuses = status.get("containerStatuses", [])
    ready = sum(bool(item.get("ready") and "running" in item["state"]) for item in statuses)
    return [
        pod["metadata"]["name"],
        f"{ready}/{len(spec['containers'])}",
        pod_status(pod),
        _restarts(statuses, now),
        created(pod, now),
        status.get("podIP") or NONE,
        spec.get("nodeName") or NONE,
        status.get("nominatedNodeName") or NONE,
        NONE,
    ]


def pod_status(pod: Object) -> str:
    """The one word of the STATUS column."""
    status = pod.get("status", {})
    reason: str = status.get("reason") or status.get("phase", "Unknown")
    for condition in status.get("conditions", ()):
        if condition["type"] == "PodScheduled" and condition.get("reason") == "SchedulingGated":
            reason = "SchedulingGated"
    reason = _init_reason(pod) or _container_reason(status, reason)
    if pod["metadata"].get("deletionTimestamp"):
        return "Unknown" if status.get("reason") == "NodeLost" else "Terminating"
    return reason


def _container_reason(status: Object, reason: str) -> str:
    running = False
    for item in reversed(status.get("containerStatuses", [])):
        state = item["state"]
        if state.get("waiting", {}).get("reason"):
            reason = state["waiting"]["reason"]
        elif "terminated" in state:
            reason = _ended_reason(state["terminated"])
        elif item.get("ready") and "running" in state:
            running = True
    if reason == "Completed" and running:
        is_ready = any(
            c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", ())
        )
        return "Running" if is_ready else "NotReady"
    return reason


def _init_reason(pod: Object) -> str:
    statuses = pod.get("status", {}).get("initContainerStatuses", [])
    total = len(pod["spec"].get("initContainers", []))
    for number, item in enumerate(statuses):
        state = item["state"]
        if "terminated" in state:
            if state["terminated"]["exitCode"] == 0:
                continue
            return f"Init:{_ended_reason(state['terminated'])}"
        waiting = state.get("waiting", {}).get("reason", "")
        if waiting and waiting != "PodInitializing":
            return f"Init:{waiting}"
        return f"Init:{number}/{total}"
    return ""


def _ended_reason(terminated: Object) -> str:
    if terminated.get("reason"):
        reason: str = terminated["reason"]
        return reason
    if terminated.get("signal"):
        return f"Signal:{terminated['signal']}"
    return f"ExitCode:{terminated['exitCode']}"


def _restarts(statuses: list[Object], now: float) -> str:
    count = sum(item.get("restartCount", 0) for item in statuses)
    ended = [
        item["lastState"]["terminated"]["finishedAt"]
        for item in statuses
        if item.get("lastState", {}).get("terminated", {}).get("finishedAt")
    ]
    if not count or not ended:
        return str(count)
    return f"{count} ({age(max(ended, key=when.read_stamp), now)} ago)"
