"""Services and ingresses: what they lead to, and whether anything is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import ToolError, UpstreamError
from bot.domain.fields import dig, entries, mapping, text
from bot.ports.cluster import Selection
from bot.tools.kubectl.describe.common import field, pairs
from bot.tools.kubectl.fields import kind, name_of, namespace_of

if TYPE_CHECKING:
    from datetime import datetime

    from bot.ports.cluster import ClusterReader, KubeObject

_ADDRESSES_NAMED = 8


def describe_service(service: KubeObject, reader: ClusterReader, _: datetime) -> list[str]:
    """Return type, ports, selector and endpoints of a service, without its events."""
    spec = mapping(service, "spec")
    ports = [
        f"{text(port, 'name')} {text(port, 'port')}->{text(port, 'targetPort')}"
        f"/{text(port, 'protocol', default='TCP')}".strip()
        + (f" node port {port['nodePort']}" if port.get("nodePort") else "")
        for port in entries(spec, "ports")
    ]
    balancers = [
        text(one, "hostname") or text(one, "ip")
        for one in entries(service, "status", "loadBalancer", "ingress")
    ]
    is_balanced = text(spec, "type") == "LoadBalancer"
    lines = field("type", text(spec, "type"))
    lines += field("cluster IP", text(spec, "clusterIP"))
    lines += field("external name", text(spec, "externalName"))
    lines += field("load balancer", ", ".join(balancers) or ("none yet" if is_balanced else None))
    lines += field("ports", ", ".join(ports))
    lines += field("selector", pairs(mapping(spec, "selector")) or "none")
    lines += field("session affinity", text(spec, "sessionAffinity"))
    return lines + _endpoints(service, reader)


def describe_ingress(ingress: KubeObject, _: ClusterReader, __: datetime) -> list[str]:
    """Return class, addresses, rules and TLS of an ingress, without its events."""
    spec = mapping(ingress, "spec")
    addresses = [
        text(one, "hostname") or text(one, "ip")
        for one in entries(ingress, "status", "loadBalancer", "ingress")
    ]
    lines = field("class", text(spec, "ingressClassName", default="none named"))
    lines += field("address", ", ".join(addresses) or "none yet")
    lines += field("default backend", _backend(mapping(spec, "defaultBackend")))
    for entry in entries(spec, "tls"):
        hosts = ", ".join(map(str, entry.get("hosts") or ("every host",)))
        lines.append(f"  TLS: {hosts} with secret {text(entry, 'secretName', default='none')}")
    for rule in entries(spec, "rules"):
        host = text(rule, "host", default="every host")
        lines += [
            f"  rule: {host}{text(one, 'path', default='/')} -> {_backend(mapping(one, 'backend'))}"
            for one in entries(rule, "http", "paths")
        ]
    return lines


def _endpoints(service: KubeObject, reader: ClusterReader) -> list[str]:
    selection = Selection(
        namespace=namespace_of(service), labels=f"kubernetes.io/service-name={name_of(service)}"
    )
    try:
        slices = reader.list(kind("endpointslices"), selection).items
    except (ToolError, UpstreamError) as error:
        return [f"Endpoints: could not be read: {error}"]
    ready: list[str] = []
    unready: list[str] = []
    for one in slices:
        for endpoint in entries(one, "endpoints"):
            target = text(endpoint, "targetRef", "name")
            address = ", ".join(map(str, endpoint.get("addresses") or ()))
            # No condition means ready: the API leaves it out for unknown states.
            is_ready = dig(endpoint, "conditions", "ready") is not False
            (ready if is_ready else unready).append(f"{address} {target}".strip())
    if not ready and not unready:
        return ["Endpoints: NONE - no pod has the selector's labels"]
    return [
        f"Endpoints: {len(ready)} ready, {len(unready)} not ready",
        *field("ready", _named(ready)),
        *field("not ready", _named(unready)),
    ]


def _named(addresses: list[str]) -> str:
    more = len(addresses) - _ADDRESSES_NAMED
    return "; ".join(addresses[:_ADDRESSES_NAMED]) + (f"; and {more} more" if more > 0 else "")


def _backend(backend: dict[str, object]) -> str:
    service = mapping(backend, "service")
    if not service:
        return text(backend, "resource", "name")
    port = text(service, "port", "number") or text(service, "port", "name")
    return f"{text(service, 'name')}:{port}"
