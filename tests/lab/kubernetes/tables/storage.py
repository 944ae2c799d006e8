"""Rows of volumes, claims, storage classes, configuration, quotas and limits."""

from __future__ import annotations

from typing import Any

from tests.lab.kubernetes.tables.columns import UNSET, Cells, columns, created

Object = dict[str, Any]

VOLUME_COLUMNS = columns(
    "Name",
    "Capacity",
    "Access Modes",
    "Reclaim Policy",
    "Status",
    "Claim",
    "StorageClass",
    "VolumeAttributesClass",
    "Reason",
    "Age",
    wide=("VolumeMode",),
)
CLAIM_COLUMNS = columns(
    "Name",
    "Status",
    "Volume",
    "Capacity",
    "Access Modes",
    "StorageClass",
    "VolumeAttributesClass",
    "Age",
    wide=("VolumeMode",),
)
CLASS_COLUMNS = columns(
    "Name", "Provisioner", "ReclaimPolicy", "VolumeBindingMode", "AllowVolumeExpansion", "Age"
)
CONFIG_MAP_COLUMNS = columns("Name", "Data", "Age", numbers=("Data",))
SECRET_COLUMNS = columns("Name", "Type", "Data", "Age", numbers=("Data",))
ACCOUNT_COLUMNS = columns("Name", "Secrets", "Age", numbers=("Secrets",))
QUOTA_COLUMNS = columns("Name", "Request", "Limit", "Age")
PLAIN_COLUMNS = columns("Name", "Created At")

_MODES = {
    "ReadWriteOnce": "RWO",
    "ReadOnlyMany": "ROX",
    "ReadWriteMany": "RWX",
    "ReadWriteOncePod": "RWOP",
}
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def _modes(modes: list[str]) -> str:
    return ",".join(_MODES.get(mode, mode) for mode in modes)


def volume_cells(item: Object, now: float) -> Cells:
    spec, status = item["spec"], item.get("status", {})
    claim = spec.get("claimRef")
    return [
        item["metadata"]["name"],
        spec["capacity"].get("storage", ""),
        _modes(spec.get("accessModes", [])),
        spec.get("persistentVolumeReclaimPolicy", ""),
        status.get("phase", ""),
        f"{claim['namespace']}/{claim['name']}" if claim else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or UNSET,
        status.get("reason", ""),
        created(item, now),
        spec.get("volumeMode") or UNSET,
    ]


def claim_cells(item: Object, now: float) -> Cells:
    spec, status = item["spec"], item.get("status", {})
    bound = bool(spec.get("volumeName"))
    return [
        item["metadata"]["name"],
        status.get("phase", ""),
        spec.get("volumeName", ""),
        status.get("capacity", {}).get("storage", "") if bound else "",
        _modes(status.get("accessModes", [])) if bound else "",
        spec.get("storageClassName", ""),
        spec.get("volumeAttributesClassName") or UNSET,
        created(item, now),
        spec.get("volumeMode") or UNSET,
    ]


def class_cells(item: Object, now: float) -> Cells:
    meta = item["metadata"]
    default = meta.get("annotations", {}).get(_DEFAULT_CLASS) == "true"
    return [
        f"{meta['name']} (default)" if default else meta["name"],
        item["provisioner"],
        item.get("reclaimPolicy", "Delete"),
        item.get("volumeBindingMode", "Immediate"),
        str(bool(item.get("allowVolumeExpansion"))).lower(),
        created(item, now),
    ]


def config_map_cells(item: Object, now: float) -> Cells:
    count = len(item.get("data") or {}) + len(item.get("binaryData") or {})
    return [item["metadata"]["name"], count, created(item, now)]


def secret_cells(item: Object, now: float) -> Cells:
    count = len(item.get("data") or {})
    return [item["metadata"]["name"], item.get("type", ""), count, created(item, now)]


def account_cells(item: Object, now: float) -> Cells:
    return [item["metadata"]["name"], len(item.get("secrets", ())), created(item, now)]


def quota_cells(item: Object, now: float) -> Cells:
    status = item.get("status", {})
    used = status.get("used", {})
    requests: list[str] = []
    limits: list[str] = []
    for name, hard in sorted(status.get("hard", {}).items()):
        words = f"{name}: {used.get(name, '0')}/{hard}"
        (limits if name.startswith("limits") else requests).append(words)
    return [item["metadata"]["name"], ", ".join(requests), ", ".join(limits), created(item, now)]


def plain_cells(item: Object, _now: float) -> Cells:
    """The row of a resource without a printer of its own."""
    return [item["metadata"]["name"], item["metadata"].get("creationTimestamp", "")]
