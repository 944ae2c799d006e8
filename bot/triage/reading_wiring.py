"""Services, endpoints, routes and network policies as JSON → the wiring's values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.fields import dig, entries, mapping, number, text
from bot.domain.spans import moment
from bot.triage.object_meta import created, ref_of, strings
from bot.triage.wiring import (
    Backend,
    Endpoints,
    Peer,
    Policy,
    PolicyRule,
    Refusal,
    Requirement,
    Route,
    Selector,
    Service,
    ServicePort,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.ports.cluster import KubeObject

_SERVICE_LABEL = "kubernetes.io/service-name"
# Conditions of a route at one Gateway that keep traffic from arriving while they are False.
# https://gateway-api.sigs.k8s.io/reference/spec/#routeparentstatus
_NEEDED = frozenset({"Accepted", "ResolvedRefs"})


def read_service(cluster: str, item: KubeObject) -> Service:
    """Return one Service."""
    labels = strings(item, "spec", "selector")
    kind = text(item, "spec", "type", default="ClusterIP")
    is_chosen = bool(labels) and kind != "ExternalName"
    return Service(
        ref=ref_of(cluster, "service", item),
        kind=kind,
        selector=Selector(labels=tuple(sorted(labels.items()))) if is_chosen else None,
        ports=tuple(
            ServicePort(
                name=text(entry, "name"),
                number=number(entry, "port"),
                target=text(entry, "targetPort", default=text(entry, "port")),
            )
            for entry in entries(item, "spec", "ports")
        ),
        created_at=created(item),
    )


def read_endpoints(cluster: str, item: KubeObject) -> Endpoints:
    """Return one EndpointSlice; an endpoint that does not say is ready, as the API defines it."""
    listed = entries(item, "endpoints")
    ready = sum(dig(one, "conditions", "ready") is not False for one in listed)
    return Endpoints(
        ref=ref_of(cluster, "endpointslice", item),
        service=text(item, "metadata", "labels", _SERVICE_LABEL),
        ready=ready,
        unready=len(listed) - ready,
    )


def read_route(cluster: str, item: KubeObject) -> Route:
    """Return one Ingress; its default backend's address is `*`."""
    backends = [("*", mapping(item, "spec", "defaultBackend"))]
    for rule in entries(item, "spec", "rules"):
        host = text(rule, "host", default="*")
        backends += [
            (host + text(path, "path"), mapping(path, "backend"))
            for path in entries(rule, "http", "paths")
        ]
    return Route(
        ref=ref_of(cluster, "ingress", item),
        backends=tuple(
            Backend(address=address, service=name, port=_port(mapping(backend, "service", "port")))
            for address, backend in backends
            if (name := text(backend, "service", "name"))
        ),
        created_at=created(item),
    )


def read_gateway_route(cluster: str, item: KubeObject) -> Route:
    """Return one HTTPRoute; a backend's address is its rule's first host and path.

    Backends of another namespace are left to the controller's word: whether they may be led to is
    said there, and the Services of that namespace need not be the asker's to see.
    """
    ref = ref_of(cluster, "httproute", item)
    hosts = dig(item, "spec", "hostnames")
    host = str(hosts[0]) if isinstance(hosts, list) and hosts else "*"
    return Route(
        ref=ref,
        backends=tuple(
            Backend(
                address=host + _first_path(rule),
                service=text(backend, "name"),
                port=text(backend, "port"),
            )
            for rule in entries(item, "spec", "rules")
            for backend in entries(rule, "backendRefs")
            if text(backend, "kind", default="Service") == "Service"
            and not text(backend, "group")
            and text(backend, "namespace", default=ref.namespace) == ref.namespace
        ),
        created_at=created(item),
        refusals=tuple(_refusals(item)),
    )


def _first_path(rule: dict[str, Any]) -> str:
    matches = entries(rule, "matches")
    return text(matches[0], "path", "value", default="/") if matches else "/"


def _refusals(item: KubeObject) -> Iterator[Refusal]:
    generation = number(item, "metadata", "generation")
    for parent in entries(item, "status", "parents"):
        for told in entries(parent, "conditions"):
            # What was said of an older form of the route may be mended by now.
            is_old = number(told, "observedGeneration", default=generation) < generation
            if text(told, "type") in _NEEDED and text(told, "status") == "False" and not is_old:
                yield Refusal(
                    gateway=text(parent, "parentRef", "name"),
                    condition=text(told, "type"),
                    reason=text(told, "reason"),
                    message=text(told, "message"),
                    since=moment(dig(told, "lastTransitionTime")),
                )


def read_policy(cluster: str, item: KubeObject) -> Policy:
    """Return one NetworkPolicy; without `policyTypes` it governs what the API says it does."""
    spec = mapping(item, "spec")
    listed = dig(spec, "policyTypes")
    types = {str(one) for one in listed} if isinstance(listed, list) else {"Ingress"}
    if not isinstance(listed, list) and entries(spec, "egress"):
        types.add("Egress")
    return Policy(
        ref=ref_of(cluster, "networkpolicy", item),
        selector=read_selector(mapping(spec, "podSelector")),
        ingress=_rules(spec, "ingress", "from") if "Ingress" in types else None,
        egress=_rules(spec, "egress", "to") if "Egress" in types else None,
        created_at=created(item),
    )


def read_selector(selector: dict[str, Any]) -> Selector:
    """Return a label selector."""
    return Selector(
        labels=tuple(sorted(strings(selector, "matchLabels").items())),
        requirements=tuple(
            Requirement(
                key=text(entry, "key"),
                operator=text(entry, "operator"),
                values=_texts(dig(entry, "values")),
            )
            for entry in entries(selector, "matchExpressions")
        ),
    )


def _rules(spec: dict[str, Any], way: str, side: str) -> tuple[PolicyRule, ...]:
    return tuple(
        PolicyRule(
            peers=tuple(_peer(entry) for entry in entries(rule, side)),
            ports=tuple(
                (text(port, "port"), number(port, "endPort"))
                for port in entries(rule, "ports")
                if text(port, "port")
            ),
        )
        for rule in entries(spec, way)
    )


def _peer(entry: dict[str, Any]) -> Peer:
    pods, namespaces = dig(entry, "podSelector"), dig(entry, "namespaceSelector")
    return Peer(
        pods=read_selector(pods) if isinstance(pods, dict) else None,
        namespaces=read_selector(namespaces) if isinstance(namespaces, dict) else None,
        block=text(entry, "ipBlock", "cidr"),
    )


def _port(port: dict[str, Any]) -> str:
    return text(port, "name") or text(port, "number")


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(str(one) for one in value) if isinstance(value, list) else ()
