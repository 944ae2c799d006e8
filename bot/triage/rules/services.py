"""Services that select the wrong pods, lead to the wrong port, or have nobody behind them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from bot.domain.verdict import Category, Cause
from bot.triage.backing import hosts_of, numbers_of, pods_behind, workloads_behind
from bot.triage.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.triage.estate import Estate, Pod, Workload
    from bot.triage.wiring import Service, ServicePort

# The controllers write endpoints within seconds; longer means that nobody writes them.
SETTLED = timedelta(minutes=2)
# Names such as `checkout` and `chekout`, or `checkout` and `checkout-svc`, mean the same thing.
SAME_NAME = 85

_LISTS = ("pods", "deployments", "statefulsets", "daemonsets")


def find(estate: Estate) -> Iterator[Finding]:
    """Yield a finding for each Service that leads nowhere, or not where it is meant to.

    Nothing is concluded where lists of pods or workloads are missing or cut.
    """
    for service in estate.services:
        namespace = service.ref.namespace
        if service.selector is None or not estate.is_complete(*_LISTS, namespace=namespace):
            continue
        pods = pods_behind(estate, service)
        workloads = workloads_behind(estate, service)
        if pods:
            yield from _ports(estate, service, pods)
            yield from _mixed(estate, service, pods)
            yield from _unlisted(estate, service, pods)
        elif not workloads:
            yield _nobody(estate, service)
        elif not any(one.desired for one in workloads):
            yield _scaled_down(estate, service, workloads[0])


def _nobody(estate: Estate, service: Service) -> Finding:
    meant = _meant(estate, service)
    if meant is None:
        return _finding(
            estate, service, "service_selects_none", Cause.SERVICE_SELECTOR_WRONG, 0.5, quiet=True
        )
    keys = [key for key, _ in service.selector.labels] if service.selector else []
    own = {key: meant.labels.get(key, "") for key in keys} or dict(meant.labels)
    return _finding(
        estate,
        service,
        "service_misses",
        Cause.SERVICE_SELECTOR_WRONG,
        0.95,
        pods=estate.pods_of(meant.ref),
        workload=meant.ref.name,
        labels=",".join(
            f"{key}={value}" if value else f"{key} unset" for key, value in own.items()
        ),
    )


def _meant(estate: Estate, service: Service) -> Workload | None:
    """Return the workload a Service most likely was written for."""
    chosen = set(service.selector.labels) if service.selector else set()
    scores = []
    for one in estate.workloads:
        if one.ref.namespace != service.ref.namespace:
            continue
        alike = fuzz.ratio(one.ref.name, service.ref.name)
        begins = service.ref.name.startswith(f"{one.ref.name}-")
        shared = len(chosen & set(one.labels.items()))
        if alike >= SAME_NAME or begins or shared:
            scores.append((one.ref.name == service.ref.name, shared, alike, one.ref.name, one))
    return max(scores, key=lambda score: score[:4])[4] if scores else None


def _ports(estate: Estate, service: Service, pods: list[Pod]) -> Iterator[Finding]:
    offered = {port.number for pod in pods for port in pod.spec.ports}
    named = ", ".join(
        sorted({f"{port.name or '-'} {port.number}" for pod in pods for port in pod.spec.ports})
    )
    wrong = [port for port in service.ports if _is_wrong(port, pods, offered)]
    for port in wrong:
        is_named = not port.target.isdecimal()
        # A container need not declare its ports; that the only one leads astray is no accident.
        weight = 0.95 if is_named else 0.85 if len(wrong) == len(service.ports) else 0.7
        yield _finding(
            estate,
            service,
            "service_port_named" if is_named else "service_port",
            Cause.SERVICE_PORT_WRONG,
            weight,
            pods=pods,
            port=str(port.number),
            target=port.target,
            ports=named or "-",
        )


def _is_wrong(port: ServicePort, pods: list[Pod], offered: set[int]) -> bool:
    if not port.target.isdecimal():
        return not numbers_of(port, pods)
    return bool(offered) and not numbers_of(port, pods) & offered


def _mixed(estate: Estate, service: Service, pods: list[Pod]) -> Iterator[Finding]:
    """Yield that a Service also leads to pods which do not listen where it leads to."""
    for port in service.ports:
        deaf = [
            pod
            for pod in pods
            if pod.spec.ports
            and not numbers_of(port, [pod]) & {one.number for one in pod.spec.ports}
        ]
        strangers = {estate.workload_of(pod) for pod in deaf}
        hearing = {estate.workload_of(pod) for pod in pods} - strangers
        if strangers and hearing:
            yield _finding(
                estate,
                service,
                "service_mixes",
                Cause.SERVICE_SELECTOR_WRONG,
                0.9,
                pods=pods,
                others=", ".join(sorted(one.name for one in strangers)),
                target=port.target,
            )
            return


def _unlisted(estate: Estate, service: Service, pods: list[Pod]) -> Iterator[Finding]:
    """Yield that ready pods have not become endpoints, which is a controller's work."""
    if not estate.is_complete("endpointslices", namespace=service.ref.namespace):
        return
    ready = [
        pod for pod in pods if pod.ready and estate.at - (pod.changed_at or estate.at) > SETTLED
    ]
    known = sum(
        one.ready
        for one in estate.endpoints
        if (one.service, one.ref.namespace) == (service.ref.name, service.ref.namespace)
    )
    has_ports = any(numbers_of(port, pods) for port in service.ports) or not service.ports
    if ready and not known and has_ports:
        yield _finding(
            estate,
            service,
            "service_unlisted",
            Cause.NO_ENDPOINTS,
            0.8,
            pods=ready,
            families=("endpointslices",),
            ready=str(len(ready)),
        )


def _scaled_down(estate: Estate, service: Service, workload: Workload) -> Finding:
    """Return that nobody answers because there are no replicas, which may well be meant."""
    event = next(iter(estate.about(workload.ref, "ScalingReplicaSet")), None)
    is_recent = event is not None and event.message.rstrip().endswith("to 0")
    is_public = any(
        to.service == service.ref.name and route.ref.namespace == service.ref.namespace
        for route in (*estate.routes, *estate.gateway_routes)
        for to in route.backends
    )
    return Finding(
        object=workload.ref,
        cause=Cause.NO_ENDPOINTS,
        category=Category.CHANGE,
        phrase="service_scaled_down",
        values={"service": service.ref.name},
        evidence=estate.cite(
            "services",
            f"{workload.ref.kind}s",
            *(["events"] if is_recent else []),
            namespace=service.ref.namespace,
        ),
        weight=0.85 if is_recent else 0.6,
        since=event.last_seen if event is not None and is_recent else None,
        check=f"kubectl get {workload.ref.kind} {workload.ref.name} -n {workload.ref.namespace}",
        hosts=hosts_of(estate, workload.ref),
        quiet=not (is_recent or is_public),
    )


def _finding(
    estate: Estate,
    service: Service,
    phrase: str,
    cause: Cause,
    weight: float,
    *,
    pods: list[Pod] | None = None,
    families: tuple[str, ...] = ("pods",),
    quiet: bool = False,
    **values: str,
) -> Finding:
    namespace = service.ref.namespace
    return Finding(
        object=service.ref,
        cause=cause,
        category=Category.CONFIGURATION,
        phrase=phrase,
        values={"selector": str(service.selector), **values},
        evidence=estate.cite("services", *_LISTS[1:], *families, namespace=namespace),
        weight=weight,
        affected=max(len(pods or ()), 1),
        check=f"kubectl describe service {service.ref.name} -n {namespace}",
        pods=tuple(pod.ref for pod in pods or ()),
        hosts=hosts_of(estate, service.ref),
        quiet=quiet,
    )
