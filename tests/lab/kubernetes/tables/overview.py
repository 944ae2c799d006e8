"""Rows of nodes, namespaces and events: what one looks at to see how a cluster is."""

from __future__ import annotations

from typing import Any

from tests.lab.kubernetes.tables.columns import (
    NONE,
    UNKNOWN,
    Cells,
    age,
    columns,
    created,
)

Object = dict[str, Any]

NODE_COLUMNS = columns(
    "Name",
    "Status",
    "Roles",
    "Age",
    "Version",
    wide=("Internal-IP", "External-IP", "OS-Image", "Kernel-Version", "Container-Runtime"),
)
NAMESPACE_COLUMNS = columns("Name", "Status", "Age")
EVENT_COLUMNS = (
    *columns("Last Seen", "Type", "Reason", "Object", wide=("Subobject", "Source")),
    *columns("Message"),
    *columns(wide=("First Seen", "Count")),
    *columns(wide=("Name",)),
)

_ROLE = "node-role.kubernetes.io/"


def node_cells(item: Object, now: float) -> Cells:
    status = item["status"]
    facts = status["nodeInfo"]
    roles = sorted(
        key.removeprefix(_ROLE)
        for key in item["metadata"].get("labels", {})
        if key.startswith(_ROLE)
    )
    addresses = {entry["type"]: entry["address"] for entry in status.get("addresses", ())}
    return [
        item["metadata"]["name"],
        _node_status(item),
        ",".join(roles) or NONE,
        created(item, now),
        facts["kubeletVersion"],
        addresses.get("InternalIP", NONE),
        addresses.get("ExternalIP", NONE),
        facts.get("osImage") or UNKNOWN,
        facts.get("kernelVersion") or UNKNOWN,
        facts.get("containerRuntimeVersion") or UNKNOWN,
    ]


def _node_status(item: Object) -> str:
    ready = next((c for c in item["status"]["conditions"] if c["type"] == "Ready"), None)
    words = ["Unknown" if ready is None else "Ready" if ready["status"] == "True" else "NotReady"]
    if item["spec"].get("unschedulable"):
        words.append("SchedulingDisabled")
    return ",".join(words)


def namespace_cells(item: Object, now: float) -> Cells:
    return [item["metadata"]["name"], item["status"]["phase"], created(item, now)]


def event_cells(item: Object, now: float) -> Cells:
    involved = item["involvedObject"]
    first = item.get("firstTimestamp") or item.get("eventTime")
    last = item.get("lastTimestamp") or first
    count = item.get("count") or 1
    source = item.get("source", {})
    return [
        age(last, now),
        item.get("type", ""),
        item.get("reason", ""),
        f"{involved['kind'].lower()}/{involved['name']}",
        involved.get("fieldPath", ""),
        ", ".join(filter(None, (source.get("component", ""), source.get("host", "")))),
        str(item.get("message", "")).strip(),
        age(first, now),
        count,
        item["metadata"]["name"],
    ]


def event_v1_cells(item: Object, now: float) -> Cells:
    """The same row for the events.k8s.io shape."""
    regarding = item["regarding"]
    core = {
        "metadata": item["metadata"],
        "involvedObject": regarding,
        "firstTimestamp": item.get("deprecatedFirstTimestamp"),
        "lastTimestamp": item.get("deprecatedLastTimestamp"),
        "eventTime": item.get("eventTime"),
        "count": item.get("deprecatedCount"),
        "source": item.get("deprecatedSource", {}),
        "type": item.get("type"),
        "reason": item.get("reason"),
        "message": item.get("note"),
    }
    return event_cells(core, now)
