"""Ingresses that lead to a Service, or to a port of one, that does not exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.verdict import Category, Cause
from bot.triage.backing import pods_behind, service_named
from bot.triage.finding import Finding
from bot.triage.intent import resembling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate
    from bot.triage.wiring import Backend, Route, Service


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each path of an Ingress that leads nowhere."""
    for route in estate.routes:
        if not estate.is_complete("services", namespace=route.ref.namespace):
            continue
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
    return Finding(
        object=route.ref,
        cause=Cause.ROUTE_WRONG,
        category=Category.CONFIGURATION,
        phrase=phrase,
        values={
            "address": backend.address,
            "service": backend.service,
            "port": backend.port,
            **values,
        },
        evidence=estate.cite("ingresses", "services", namespace=route.ref.namespace),
        weight=0.95,
        affected=max(len(pods), 1),
        check=f"kubectl describe ingress {route.ref.name} -n {route.ref.namespace}",
        pods=tuple(pod.ref for pod in pods),
    )
