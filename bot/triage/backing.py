"""Who stands behind a Service or a route, and under which names a workload is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.triage.estate import Estate, Pod, Workload
    from bot.triage.objects import ObjectRef
    from bot.triage.wiring import Service, ServicePort


def service_named(estate: Estate, name: str, namespace: str) -> Service | None:
    """Return the Service of that name."""
    return next(
        (one for one in estate.services if (one.ref.name, one.ref.namespace) == (name, namespace)),
        None,
    )


def pods_behind(estate: Estate, service: Service) -> list[Pod]:
    """Return the pods a Service selects, without those whose state is history."""
    return [
        pod
        for pod in estate.pods
        if pod.ref.namespace == service.ref.namespace
        and service.leads_to(pod.labels)
        and not estate.is_over(pod)
    ]


def workloads_behind(estate: Estate, service: Service) -> list[Workload]:
    """Return the workloads whose pods a Service selects, or would select if there were any."""
    return [
        one
        for one in estate.workloads
        if one.ref.namespace == service.ref.namespace and service.leads_to(one.labels)
    ]


def services_of(estate: Estate, pods: Iterable[Pod]) -> list[Service]:
    """Return the Services that lead to one of the pods."""
    asked = list(pods)
    return [
        one
        for one in estate.services
        if any(one.leads_to(pod.labels) for pod in asked if pod.ref.namespace == one.ref.namespace)
    ]


def hosts_of(estate: Estate, ref: ObjectRef) -> tuple[str, ...]:
    """Return the names, such as `cart.shop`, by which others reach a workload or a Service."""
    if ref.kind == "service":
        return (f"{ref.name}.{ref.namespace}",)
    workload = estate.workload(ref)
    labels = [workload.labels] if workload else [pod.labels for pod in estate.pods_of(ref)]
    return tuple(
        f"{one.ref.name}.{one.ref.namespace}"
        for one in estate.services
        if one.ref.namespace == ref.namespace and any(one.leads_to(own) for own in labels)
    )


def under(estate: Estate, ref: ObjectRef) -> set[ObjectRef]:
    """Return what stands behind a Service or a route; nothing for any other object."""
    found: set[ObjectRef] = set()
    services = [one for one in estate.services if one.ref == ref]
    for route in (*estate.routes, *estate.gateway_routes):
        if route.ref == ref:
            named = [service_named(estate, to.service, ref.namespace) for to in route.backends]
            services += [one for one in named if one is not None]
    for service in services:
        found.add(service.ref)
        found |= {one.ref for one in workloads_behind(estate, service)}
        found |= {estate.workload_of(pod) for pod in pods_behind(estate, service)}
    return found


def numbers_of(port: ServicePort, pods: Iterable[Pod]) -> set[int]:
    """Return the pods' port a Service's port leads to; empty when no pod has a port of the name."""
    if port.target.isdecimal():
        return {int(port.target[:5])}
    return {own.number for pod in pods for own in pod.spec.ports if own.name == port.target}
