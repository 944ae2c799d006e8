"""Containers: how they run, how they ended, what they are given and where that comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.fields import dig, entries, mapping, number, text
from bot.domain.spans import since
from bot.tools.kubectl.describe.common import field, pairs, words

if TYPE_CHECKING:
    from datetime import datetime

# A container killed by a signal exits with this plus the signal's number.
_SIGNAL_BASE = 128
_SIGNALS = {6: "SIGABRT", 7: "SIGBUS", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM"}
_PROBES = (
    ("startup", "startupProbe"),
    ("liveness", "livenessProbe"),
    ("readiness", "readinessProbe"),
)


def containers(spec: dict[str, Any], status: dict[str, Any], now: datetime) -> list[str]:
    """Return the containers of a pod, or of a template, for which the status is empty."""
    lines: list[str] = []
    for label, key, status_key in (
        ("Init containers:", "initContainers", "initContainerStatuses"),
        ("Containers:", "containers", "containerStatuses"),
        ("Ephemeral containers:", "ephemeralContainers", "ephemeralContainerStatuses"),
    ):
        found = entries(spec, key)
        states = {text(one, "name"): one for one in entries(status, status_key)}
        lines += [label] if found else []
        for container in found:
            lines += _container(container, states.get(text(container, "name"), {}), now)
    return lines


def _container(container: dict[str, Any], state: dict[str, Any], now: datetime) -> list[str]:
    lines = [f"  {text(container, 'name')}  image: {text(container, 'image')}"]
    if state:
        lines += field("state", run_state(mapping(state, "state"), now), indent=4)
        lines += field("last run", run_state(mapping(state, "lastState"), now), indent=4)
        ready = "yes" if state.get("ready") else "no"
        restarts = number(state, "restartCount")
        lines.append(f"    ready: {ready}  restarts: {restarts}")
    lines += field("command", words(container.get("command")), indent=4)
    lines += field("args", words(container.get("args")), indent=4)
    lines += field("ports", _ports(container), indent=4)
    lines += field("requests", pairs(mapping(container, "resources", "requests")), indent=4)
    limits = pairs(mapping(container, "resources", "limits"))
    lines += field("limits", limits or ("none" if state else None), indent=4)
    for label, key in _PROBES:
        lines += field(label, _probe(mapping(container, key)), indent=4)
    lines += _environment(container)
    mounts = [
        f"{text(one, 'mountPath')} from {text(one, 'name')}{' (ro)' if one.get('readOnly') else ''}"
        for one in entries(container, "volumeMounts")
    ]
    return lines + field("mounts", ", ".join(mounts), indent=4)


def run_state(state: dict[str, Any], now: datetime) -> str | None:
    """Return a container state in words; None if there was no run."""
    waiting, running = mapping(state, "waiting"), mapping(state, "running")
    ended = mapping(state, "terminated")
    if waiting:
        message = text(waiting, "message")
        return f"waiting: {text(waiting, 'reason')}{f' - {message}' if message else ''}"
    if "running" in state:
        return f"running since {since(now, running.get('startedAt'))}"
    if not ended:
        return None
    code = number(ended, "exitCode")
    signal = number(ended, "signal") or (code - _SIGNAL_BASE if code > _SIGNAL_BASE else 0)
    named = f" ({_SIGNALS.get(signal, f'signal {signal}')})" if signal else ""
    message = text(ended, "message")
    return (
        f"terminated: {text(ended, 'reason', default='no reason')}, exit code {code}{named},"
        f" started {text(ended, 'startedAt', default='-')},"
        f" ended {since(now, ended.get('finishedAt'))}"
        + (f", message: {' '.join(message.split())}" if message else "")
    )


def _ports(container: dict[str, Any]) -> str:
    return ", ".join(
        f"{dig(port, 'containerPort')}/{text(port, 'protocol', default='TCP')}"
        + (f" ({text(port, 'name')})" if port.get("name") else "")
        for port in entries(container, "ports")
    )


def _probe(probe: dict[str, Any]) -> str | None:
    if not probe:
        return None
    http, tcp, grpc = mapping(probe, "httpGet"), mapping(probe, "tcpSocket"), mapping(probe, "grpc")
    if http:
        scheme = text(http, "scheme", default="HTTP").lower()
        what = f"{scheme}-get :{text(http, 'port')}{text(http, 'path', default='/')}"
    elif tcp:
        what = f"tcp :{text(tcp, 'port')}"
    elif grpc:
        what = f"grpc :{text(grpc, 'port')} {text(grpc, 'service')}".strip()
    else:
        what = f"exec {words(dig(probe, 'exec', 'command')) or '-'}"
    return (
        f"{what}, delay {number(probe, 'initialDelaySeconds')}s,"
        f" timeout {number(probe, 'timeoutSeconds', default=1)}s,"
        f" period {number(probe, 'periodSeconds', default=10)}s,"
        f" {number(probe, 'failureThreshold', default=3)} failures"
    )


def _environment(container: dict[str, Any]) -> list[str]:
    lines = []
    for source in entries(container, "envFrom"):
        for label, key in (("config map", "configMapRef"), ("secret", "secretRef")):
            reference = mapping(source, key)
            if reference:
                optional = " (optional)" if reference.get("optional") else ""
                lines.append(f"      all of {label} {text(reference, 'name')}{optional}")
    lines += [
        f"      {text(variable, 'name')} {_value(variable)}"
        for variable in entries(container, "env")
    ]
    return ["    environment:", *lines] if lines else []


def _value(variable: dict[str, Any]) -> str:
    source = mapping(variable, "valueFrom")
    for label, key in (("config map", "configMapKeyRef"), ("secret", "secretKeyRef")):
        reference = mapping(source, key)
        if reference:
            optional = " (optional)" if reference.get("optional") else ""
            return f"from {label} {text(reference, 'name')}, key {text(reference, 'key')}{optional}"
    for key in ("fieldRef", "resourceFieldRef"):
        reference = mapping(source, key)
        if reference:
            return f"from {text(reference, 'fieldPath') or text(reference, 'resource')}"
    return f"= {text(variable, 'value')}"
