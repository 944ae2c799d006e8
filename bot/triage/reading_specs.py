"""Pod templates as JSON → what they ask for; values of variables and arguments are passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.fields import dig, entries, mapping, number, text
from bot.triage.object_meta import strings
from bot.triage.specs import ContainerSpec, PodSpec, Port, Probe, Toleration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_REFERENCES = {
    "configMapRef": "configmap",
    "configMapKeyRef": "configmap",
    "secretRef": "secret",
    "secretKeyRef": "secret",
}
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
        scheduler=text(spec, "schedulerName"),
        configuration=tuple(sorted({pair for pair in _references(spec) if pair[1]})),
    )


def _references(spec: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield kind and name of the configuration a pod refers to, wherever it does."""
    for volume in entries(spec, "volumes"):
        for source in (volume, *entries(volume, "projected", "sources")):
            yield "configmap", text(source, "configMap", "name")
            yield "secret", text(source, "secret", "secretName")
            yield "secret", text(source, "secret", "name")
    for container in (*entries(spec, "initContainers"), *entries(spec, "containers")):
        refs = [*entries(container, "envFrom")]
        refs += [mapping(one, "valueFrom") for one in entries(container, "env")]
        for ref in refs:
            for key, kind in _REFERENCES.items():
                yield kind, text(dig(ref, key), "name")
    for one in entries(spec, "imagePullSecrets"):
        yield "secret", text(one, "name")


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
