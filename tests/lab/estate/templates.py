"""Compact container descriptions of a scenario, written out as pod templates.

`image, port, env, cpu: request/limit, memory: request/limit, probe, command, args, sidecars`
and so on become the spec an API server would return, with its defaults filled in.
"""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

TEMPLATE_KEYS = frozenset(
    {
        "args",
        "command",
        "container",
        "cpu",
        "env",
        "env_from_config",
        "env_from_secret",
        "image",
        "memory",
        "node_selector",
        "port",
        "probe",
        "service_account",
        "sidecars",
        "tolerations",
    }
)


def pod_spec(name: str, given: Object, *, restart: str = "Always") -> Object:
    """The pod spec of a workload called `name`."""
    containers = [container(given.get("container", name), given)]
    containers += [container(side["name"], side) for side in given.get("sidecars", [])]
    spec: Object = {
        "containers": containers,
        "restartPolicy": restart,
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": given.get("service_account", "default"),
        "securityContext": {},
        "schedulerName": "default-scheduler",
    }
    if "node_selector" in given:
        spec["nodeSelector"] = dict(given["node_selector"])
    if "tolerations" in given:
        spec["tolerations"] = list(given["tolerations"])
    return spec


def container(name: str, given: Object) -> Object:
    """One container with the fields the API server defaults."""
    made: Object = {
        "name": name,
        "image": given["image"],
        "imagePullPolicy": "IfNotPresent",
        "resources": _resources(given),
        "terminationMessagePath": "/dev/termination-log",
        "terminationMessagePolicy": "File",
    }
    if "command" in given:
        made["command"] = list(given["command"])
    if "args" in given:
        made["args"] = list(given["args"])
    if "port" in given:
        made["ports"] = [{"name": "http", "containerPort": given["port"], "protocol": "TCP"}]
    environment = _environment(given)
    if environment:
        made["env"] = environment
    if "probe" in given:
        made["readinessProbe"] = _probe(given["probe"], failures=3)
        made["livenessProbe"] = _probe(given["probe"], failures=6)
    return made


def _environment(given: Object) -> list[Object]:
    plain = [{"name": name, "value": str(value)} for name, value in given.get("env", {}).items()]
    secret = [
        _from(name, "secretKeyRef", at) for name, at in given.get("env_from_secret", {}).items()
    ]
    config = [
        _from(name, "configMapKeyRef", at) for name, at in given.get("env_from_config", {}).items()
    ]
    return plain + secret + config


def _from(name: str, source: str, at: str) -> Object:
    owner, key = at.split("/")
    return {"name": name, "valueFrom": {source: {"name": owner, "key": key}}}


def _probe(given: Object, *, failures: int) -> Object:
    return {
        "httpGet": {"path": given.get("path", "/"), "port": given["port"], "scheme": "HTTP"},
        "initialDelaySeconds": given.get("delay", 5),
        "timeoutSeconds": 1,
        "periodSeconds": 10,
        "successThreshold": 1,
        "failureThreshold": given.get("failures", failures),
    }


def _resources(given: Object) -> Object:
    sizes: Object = {}
    for resource in ("cpu", "memory"):
        if resource not in given:
            continue
        request, _, limit = str(given[resource]).partition("/")
        if limit:
            sizes.setdefault("limits", {})[resource] = limit
        if request:
            sizes.setdefault("requests", {})[resource] = request
    return sizes
