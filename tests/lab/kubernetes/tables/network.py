"""Rows of Services, endpoints, Ingresses and NetworkPolicies."""

from __future__ import annotations

from typing import Any

from tests.lab.kubernetes.tables.columns import (
    NONE,
    UNSET,
    Cells,
    columns,
    created,
    joined,
    pairs,
    selector_text,
)

Object = dict[str, Any]

SERVICE_COLUMNS = columns(
    "Name", "Type", "Cluster-IP", "External-IP", "Port(s)", "Age", wide=("Selector",)
)
SLICE_COLUMNS = columns("Name", "AddressType", "Ports", "Endpoints", "Age")
ENDPOINTS_COLUMNS = columns("Name", "Endpoints", "Age")
INGRESS_COLUMNS = columns("Name", "Class", "Hosts", "Address", "Ports", "Age")
POLICY_COLUMNS = columns("Name", "Pod-Selector", "Age")


def service_cells(item: Object, now: float) -> Cells:
    spec = item["spec"]
    ports = [
        f"{port['port']}:{port['nodePort']}/{port['protocol']}"
        if port.get("nodePort")
        else f"{port['port']}/{port['protocol']}"
        for port in spec.get("ports", ())
    ]
    return [
        item["metadata"]["name"],
        spec["type"],
        spec.get("clusterIP") or NONE,
        _external_ip(item),
        ",".join(ports) or NONE,
        created(item, now),
        pairs(spec.get("selector")),
    ]


def _external_ip(item: Object) -> str:
    spec = item["spec"]
    external = list(spec.get("externalIPs", ()))
    if spec["type"] == "ExternalName":
        return str(spec.get("externalName", NONE))
    if spec["type"] == "LoadBalancer":
        given = item.get("status", {}).get("loadBalancer", {}).get("ingress", [])
        external += [entry.get("ip") or entry.get("hostname", "") for entry in given]
        return ",".join(external) or "<pending>"
    return ",".join(external) or NONE


def slice_cells(item: Object, now: float) -> Cells:
    addresses = [address for point in item.get("endpoints") or () for address in point["addresses"]]
    ports = [str(port.get("port") or "*") for port in item.get("ports") or ()]
    return [
        item["metadata"]["name"],
        item["addressType"],
        joined(ports) if ports else UNSET,
        joined(addresses) if addresses else UNSET,
        created(item, now),
    ]


def endpoints_cells(item: Object, now: float) -> Cells:
    targets = [
        f"{address['ip']}:{port['port']}"
        for subset in item.get("subsets") or ()
        for port in subset.get("ports", ())
        for address in subset.get("addresses", ())
    ]
    return [item["metadata"]["name"], joined(targets), created(item, now)]


def ingress_cells(item: Object, now: float) -> Cells:
    spec = item["spec"]
    hosts = [rule["host"] for rule in spec.get("rules", ()) if rule.get("host")]
    given = item.get("status", {}).get("loadBalancer", {}).get("ingress", [])
    return [
        item["metadata"]["name"],
        spec.get("ingressClassName") or NONE,
        joined(hosts) if hosts else "*",
        ",".join(entry.get("ip") or entry.get("hostname", "") for entry in given),
        "80, 443" if spec.get("tls") else "80",
        created(item, now),
    ]


def policy_cells(item: Object, now: float) -> Cells:
    selector = selector_text(item["spec"].get("podSelector"))
    return [item["metadata"]["name"], selector, created(item, now)]
