"""Rows of the controllers of the apps group."""

from __future__ import annotations

from typing import Any

from tests.lab.kubernetes.tables.columns import (
    NONE,
    Cells,
    columns,
    container_cells,
    created,
    pairs,
    selector_text,
)

Object = dict[str, Any]

DEPLOYMENT_COLUMNS = columns(
    "Name",
    "Ready",
    "Up-to-date",
    "Available",
    "Age",
    wide=("Containers", "Images", "Selector"),
    numbers=("Up-to-date", "Available"),
)
REPLICA_SET_COLUMNS = columns(
    "Name",
    "Desired",
    "Current",
    "Ready",
    "Age",
    wide=("Containers", "Images", "Selector"),
    numbers=("Desired", "Current", "Ready"),
)
STATEFUL_SET_COLUMNS = columns("Name", "Ready", "Age", wide=("Containers", "Images"))
DAEMON_SET_COLUMNS = columns(
    "Name",
    "Desired",
    "Current",
    "Ready",
    "Up-to-date",
    "Available",
    "Node Selector",
    "Age",
    wide=("Containers", "Images", "Selector"),
    numbers=("Desired", "Current", "Ready", "Up-to-date", "Available"),
)
REVISION_COLUMNS = columns("Name", "Controller", "Revision", "Age", numbers=("Revision",))


def deployment_cells(item: Object, now: float) -> Cells:
    spec, status = item["spec"], item.get("status", {})
    return [
        item["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{spec['replicas']}",
        status.get("updatedReplicas", 0),
        status.get("availableReplicas", 0),
        created(item, now),
        *container_cells(spec["template"]),
        selector_text(spec["selector"]),
    ]


def replica_set_cells(item: Object, now: float) -> Cells:
    spec, status = item["spec"], item.get("status", {})
    return [
        item["metadata"]["name"],
        spec["replicas"],
        status.get("replicas", 0),
        status.get("readyReplicas", 0),
        created(item, now),
        *container_cells(spec["template"]),
        selector_text(spec["selector"]),
    ]


def stateful_set_cells(item: Object, now: float) -> Cells:
    spec, status = item["spec"], item.get("status", {})
    return [
        item["metadata"]["name"],
        f"{status.get('readyReplicas', 0)}/{spec['replicas']}",
        created(item, now),
        *container_cells(spec["template"]),
    ]


def daemon_set_cells(item: Object, now: float) -> Cells:
    spec, status = item["spec"], item.get("status", {})
    return [
        item["metadata"]["name"],
        status.get("desiredNumberScheduled", 0),
        status.get("currentNumberScheduled", 0),
        status.get("numberReady", 0),
        status.get("updatedNumberScheduled", 0),
        status.get("numberAvailable", 0),
        pairs(spec["template"]["spec"].get("nodeSelector")),
        created(item, now),
        *container_cells(spec["template"]),
        selector_text(spec["selector"]),
    ]


def revision_cells(item: Object, now: float) -> Cells:
    owners = item["metadata"].get("ownerReferences", [])
    owner = NONE
    if owners:
        group = owners[0]["apiVersion"].partition("/")[0]
        owner = f"{owners[0]['kind'].lower()}.{group}/{owners[0]['name']}"
    return [item["metadata"]["name"], owner, item["revision"], created(item, now)]
