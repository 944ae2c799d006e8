"""Routes that lead to a Service or port that does not exist, or that their gateway refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.backing import pods_behind, service_named
from bot.triage.finding import Finding
from bot.triage.intent import resembling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate
    from bot.triage.wiring import Backend, Refusal, Route, Service

# Kind of a route → how its kind is written, and the list it is found in.
_KINDS = {"ingress": ("Ingress", "ingresses"), "httproute": ("HTTPRoute", "httproutes")}


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each path of a route that leads nowhere, and what gateways refuse."""
    for route in (*estate.routes, *estate.gateway_routes):
        lost = list(_lost(estate, route))
        yield from lost
        told = set()
        for refusal in route.refusals:
            # References that cannot be resolved are told by the backend that is not there.
            is_told = refusal.condition in told or (refusal.condition == "ResolvedRefs" and lost)
            told.add(refusal.condition)
            if not is_told:
                yield _refused(estate, route, refusal)


def _lost(estate: Estate, route: Route) -> Iterator[Finding]:
    if not estate.is_complete("services", namespace=route.ref.namespace):
        return
    for backend in route.backends:
        service = service_named(estate, backend.service, route.ref.namespace)
        if service is None:
            yield _absent(estate, route, backend)
        elif not _has_port(service, backend.port):
            yield _finding(
                estate,
                route,
                backend,
                "route_port",
                service,
                ports=", ".join(f"{port.name or '-'} {port.number}" for port in service.ports),
            )


def _absent(estate: Estate, route: Route, backend: Backend) -> Finding:
    namespace = route.ref.namespace
    names = [one.ref.name for one in estate.services if one.ref.namespace == namespace]
    closest = resembling(backend.service, names)
    meant = service_named(estate, closest, namespace) if closest else None
    if meant is None:
        return _finding(estate, route, backend, "route_absent", None)
    return _finding(estate, route, backend, "route_mistaken", meant, closest=meant.ref.name)


def _has_port(service: Service, wanted: str) -> bool:
    # An ExternalName needs no ports, and an Ingress may leave its backend's port open.
    is_open = not wanted or (service.kind == "ExternalName" and not service.ports)
    return is_open or any(wanted in {port.name, str(port.number)} for port in service.ports)


def _finding(
    estate: Estate,
    route: Route,
    backend: Backend,
    phrase: str,
    service: Service | None,
    **values: str,
) -> Finding:
    pods = pods_behind(estate, service) if service is not None else []
    kind, family = _KINDS[route.ref.kind]
    return Finding(
        object=route.ref,
        cause=Cause.ROUTE_WRONG,
        category=Category.CONFIGURATION,
        phrase=phrase,
        values={
            "kind": kind,
            "address": backend.address,
            "service": backend.service,
            "port": backend.port,
            **values,
        },
        evidence=estate.cite(family, "services", namespace=route.ref.namespace),
        weight=0.95,
        affected=max(len(pods), 1),
        check=_check(route),
        pods=tuple(pod.ref for pod in pods),
    )


def _refused(estate: Estate, route: Route, refusal: Refusal) -> Finding:
    kind, family = _KINDS[route.ref.kind]
    return Finding(
        object=route.ref,
        cause=Cause.ROUTE_WRONG,
        category=Category.CONFIGURATION,
        phrase="route_refused",
        values={
            "kind": kind,
            "gateway": refusal.gateway,
            "condition": refusal.condition,
            "reason": refusal.reason,
            "message": refusal.message,
        },
        evidence=estate.cite(family, namespace=route.ref.namespace),
        weight=0.9,
        since=refusal.since,
        check=_check(route),
    )


def _check(route: Route) -> str:
    return f"kubectl describe {route.ref.kind} {route.ref.name} -n {route.ref.namespace}"
