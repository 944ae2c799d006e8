"""What stands in front of a scenario's workloads: Services, their endpoints, Ingresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.lab.estate import naming, when
from tests.lab.estate.pod_status import is_ready

if TYPE_CHECKING:
    from tests.lab.estate.builder import ClusterBuilder

Object = dict[str, Any]


def add_service(builder: ClusterBuilder, namespace: str, name: str, given: Object) -> None:
    """Write the Service of a workload's pods, its EndpointSlice and its Endpoints."""
    wanted = given["service"]
    wanted = wanted if isinstance(wanted, dict) else {"port": wanted}
    created = when.stamp(builder.at(given.get("created", "-30d")))
    target = wanted.get("target_port") or given.get("port") or wanted["port"]
    selector = wanted.get("selector", {"app": name})
    address = "None" if wanted.get("headless") else builder.service_ip()
    port = {"name": "http", "port": wanted["port"], "protocol": "TCP", "targetPort": target}
    stored = builder.cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"app": name},
                "creationTimestamp": created,
            },
            "spec": {
                "type": wanted.get("type", "ClusterIP"),
                "clusterIP": address,
                "clusterIPs": [address],
                "selector": selector,
                "ports": [port],
                "sessionAffinity": "None",
                "ipFamilies": ["IPv4"],
                "ipFamilyPolicy": "SingleStack",
                "internalTrafficPolicy": "Cluster",
            },
            "status": {"loadBalancer": {}},
        }
    )
    list_backends(builder, stored)


def list_backends(builder: ClusterBuilder, service: Object) -> None:
    """Write the EndpointSlice and the Endpoints of a Service with the pods there are now."""
    selector = service["spec"]["selector"]
    target = service["spec"]["ports"][0]["targetPort"]
    backends = [
        pod
        for pod in builder.cluster.listed("pods", service["metadata"]["namespace"])
        if selector.items() <= pod["metadata"]["labels"].items()
        and "podIP" in pod["status"]
        and "deletionTimestamp" not in pod["metadata"]
    ]
    number = _number(target, backends)
    # A port by a name that no pod has leads nowhere, so there is nobody to enter.
    listed = backends if number else []
    _add_slice(builder, service, number, listed)
    _add_endpoints(builder, service, number, listed)


def _number(target: int | str, pods: list[Object]) -> int:
    """The pods' port a Service's target means; 0 when no pod has a port of that name."""
    if isinstance(target, int):
        return target
    ports = [
        port
        for pod in pods
        for container in pod["spec"]["containers"]
        for port in container.get("ports", ())
    ]
    return next((int(port["containerPort"]) for port in ports if port["name"] == target), 0)


def _target(pod: Object) -> Object:
    meta = pod["metadata"]
    names = {key: meta[key] for key in ("name", "namespace", "uid")}
    return {"kind": "Pod"} | names


def _add_slice(builder: ClusterBuilder, service: Object, port: int, pods: list[Object]) -> None:
    meta = service["metadata"]
    endpoints = []
    for pod in pods:
        ready = is_ready(pod["status"])
        endpoints.append(
            {
                "addresses": [pod["status"]["podIP"]],
                "conditions": {"ready": ready, "serving": ready, "terminating": False},
                "nodeName": pod["spec"].get("nodeName", ""),
                "targetRef": _target(pod),
            }
        )
    builder.cluster.apply(
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": f"{meta['name']}-{naming.suffix(meta['uid'], 'slice')}",
                "namespace": meta["namespace"],
                "labels": {"app": meta["name"], "kubernetes.io/service-name": meta["name"]},
                "creationTimestamp": meta["creationTimestamp"],
                "ownerReferences": [builder.owner(service)],
            },
            "addressType": "IPv4",
            "endpoints": endpoints,
            "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
        }
    )


def _add_endpoints(builder: ClusterBuilder, service: Object, port: int, pods: list[Object]) -> None:
    meta = service["metadata"]
    groups: dict[bool, list[Object]] = {True: [], False: []}
    for pod in pods:
        groups[is_ready(pod["status"])].append(
            {
                "ip": pod["status"]["podIP"],
                "nodeName": pod["spec"].get("nodeName", ""),
                "targetRef": _target(pod),
            }
        )
    subset: Object = {"ports": [{"name": "http", "port": port, "protocol": "TCP"}]}
    if groups[True]:
        subset["addresses"] = groups[True]
    if groups[False]:
        subset["notReadyAddresses"] = groups[False]
    builder.cluster.apply(
        {
            "apiVersion": "v1",
            "kind": "Endpoints",
            "metadata": {
                "name": meta["name"],
                "namespace": meta["namespace"],
                "labels": {"app": meta["name"]},
                "creationTimestamp": meta["creationTimestamp"],
            },
            "subsets": [subset] if pods else [],
        }
    )


def add_ingress(builder: ClusterBuilder, namespace: str, name: str, given: Object) -> None:
    """Write the Ingress that leads a host name to the workload's Service."""
    service = given["service"]
    wanted = given["ingress"]
    wanted = wanted if isinstance(wanted, dict) else {"host": wanted}
    host = wanted["host"]
    port = wanted.get("port") or (service["port"] if isinstance(service, dict) else service)
    backend = {"service": {"name": wanted.get("service", name), "port": {"number": port}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    builder.cluster.apply(
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {
                "name": name,
                "namespace": namespace,
                "labels": {"app": name},
                "creationTimestamp": when.stamp(builder.at(given.get("created", "-30d"))),
            },
            "spec": {
                "ingressClassName": "nginx",
                "rules": [{"host": host, "http": {"paths": [path]}}],
                "tls": [{"hosts": [host], "secretName": f"{name}-tls"}],
            },
            "status": {"loadBalancer": {"ingress": [{"ip": "203.0.113.24"}]}},
        }
    )
