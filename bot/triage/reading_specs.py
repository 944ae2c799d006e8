"""Pod templates as JSON → what they ask for; values of variables and arguments are passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.fields import entries, mapping, number, text
from bot.triage.object_meta import strings
from bot.triage.specs import ContainerSpec, PodSpec, Port, Probe, Toleration

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROBES = {
    "readinessProbe": "Readiness",
    "livenessProbe": "Liveness",
    "startupProbe": "Startup",
}


def read_spec(spec: Mapping[str, Any]) -> PodSpec:
    """Return what a pod's `spec` asks for."""
    return PodSpec(
        containers=tuple(_container(entry) for entry in entries(spec, "containers")),
        node_selector=tuple(sorted(strings(spec, "nodeSelector").items())),
        tolerations=tuple(
            Toleration(
                key=text(entry, "key"),
                exists=text(entry, "operator") == "Exists",
                value=text(entry, "value"),
                effect=text(entry, "effect"),
            )
            for entry in entries(spec, "tolerations")
        ),
        service_account=text(spec, "serviceAccountName"),
        scheduler=text(spec, "schedulerName"),
    )


def _container(entry: dict[str, Any]) -> ContainerSpec:
    return ContainerSpec(
        name=text(entry, "name"),
        ports=tuple(
            Port(name=text(port, "name"), number=number(port, "containerPort"))
            for port in entries(entry, "ports")
        ),
        probes=tuple(
            _probe(kind, mapping(entry, field))
            for field, kind in _PROBES.items()
            if entry.get(field)
        ),
        requests=strings(entry, "resources", "requests"),
    )


def _probe(kind: str, probe: dict[str, Any]) -> Probe:
    asks = mapping(probe, "httpGet") or mapping(probe, "tcpSocket") or mapping(probe, "grpc")
    return Probe(
        kind=kind,
        port=text(asks, "port"),
        path=text(asks, "path"),
        delay_s=number(probe, "initialDelaySeconds"),
        period_s=number(probe, "periodSeconds", default=10),
        timeout_s=number(probe, "timeoutSeconds", default=1),
        failures=number(probe, "failureThreshold", default=3),
    )
