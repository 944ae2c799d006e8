"""Tables out of objects: picks the printer of a resource and wraps its rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.lab.kubernetes.tables import (
    batch,
    network,
    overview,
    pods,
    scaling,
    storage,
    workloads,
)
from tests.lab.kubernetes.tables.columns import Cells, Column

if TYPE_CHECKING:
    from collections.abc import Iterable


Object = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Printer:
    """The columns of a resource, and an object's cells in their order."""

    columns: tuple[Column, ...]
    cells: Callable[[Object, float], Cells]


_PLAIN = Printer(storage.PLAIN_COLUMNS, storage.plain_cells)

PRINTERS: dict[str, Printer] = {
    "pods": Printer(pods.POD_COLUMNS, pods.pod_cells),
    "deployments.apps": Printer(workloads.DEPLOYMENT_COLUMNS, workloads.deployment_cells),
    "replicasets.apps": Printer(workloads.REPLICA_SET_COLUMNS, workloads.replica_set_cells),
    "statefulsets.apps": Printer(workloads.STATEFUL_SET_COLUMNS, workloads.stateful_set_cells),
    "daemonsets.apps": Printer(workloads.DAEMON_SET_COLUMNS, workloads.daemon_set_cells),
    "controllerrevisions.apps": Printer(workloads.REVISION_COLUMNS, workloads.revision_cells),
    "jobs.batch": Printer(batch.JOB_COLUMNS, batch.job_cells),
    "cronjobs.batch": Printer(batch.CRON_JOB_COLUMNS, batch.cron_job_cells),
    "services": Printer(network.SERVICE_COLUMNS, network.service_cells),
    "endpoints": Printer(network.ENDPOINTS_COLUMNS, network.endpoints_cells),
    "endpointslices.discovery.k8s.io": Printer(network.SLICE_COLUMNS, network.slice_cells),
    "ingresses.networking.k8s.io": Printer(network.INGRESS_COLUMNS, network.ingress_cells),
    "networkpolicies.networking.k8s.io": Printer(network.POLICY_COLUMNS, network.policy_cells),
    "nodes": Printer(overview.NODE_COLUMNS, overview.node_cells),
    "namespaces": Printer(overview.NAMESPACE_COLUMNS, overview.namespace_cells),
    "events": Printer(overview.EVENT_COLUMNS, overview.event_cells),
    "events.events.k8s.io": Printer(overview.EVENT_COLUMNS, overview.event_v1_cells),
    "horizontalpodautoscalers.autoscaling": Printer(
        scaling.AUTOSCALER_COLUMNS, scaling.autoscaler_cells
    ),
    "poddisruptionbudgets.policy": Printer(scaling.BUDGET_COLUMNS, scaling.budget_cells),
    "persistentvolumes": Printer(storage.VOLUME_COLUMNS, storage.volume_cells),
    "persistentvolumeclaims": Printer(storage.CLAIM_COLUMNS, storage.claim_cells),
    "storageclasses.storage.k8s.io": Printer(storage.CLASS_COLUMNS, storage.class_cells),
    "configmaps": Printer(storage.CONFIG_MAP_COLUMNS, storage.config_map_cells),
    "secrets": Printer(storage.SECRET_COLUMNS, storage.secret_cells),
    "serviceaccounts": Printer(storage.ACCOUNT_COLUMNS, storage.account_cells),
    "resourcequotas": Printer(storage.QUOTA_COLUMNS, storage.quota_cells),
}

_ENDED = {
    "Succeeded": "The pod has completed successfully.",
    "Failed": "The pod failed.",
}


def table(
    resource_key: str,
    items: Iterable[Object],
    *,
    now: float,
    list_metadata: Object,
    include: str = "Metadata",
    with_columns: bool = True,
) -> Object:
    """A meta.k8s.io/v1 Table; `include` is the includeObject parameter: None, Metadata, Object."""
    printer = PRINTERS.get(resource_key, _PLAIN)
    definitions = [column.definition() for column in printer.columns] if with_columns else None
    return {
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": list_metadata,
        "columnDefinitions": definitions,
        "rows": [_row(resource_key, printer, item, now, include) for item in items],
    }


def _row(resource_key: str, printer: Printer, item: Object, now: float, include: str) -> Object:
    row: Object = {"cells": printer.cells(item, now)}
    phase = item.get("status", {}).get("phase") if resource_key == "pods" else None
    if phase in _ENDED:
        condition = {"type": "Completed", "status": "True", "reason": phase}
        row["conditions"] = [condition | {"message": _ENDED[phase]}]
    if include == "Object":
        row["object"] = item
    elif include != "None":
        row["object"] = partial(item)
    return row


def partial(item: Object) -> Object:
    """An object reduced to its metadata."""
    return {
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": item["metadata"],
    }
